"""What one command costs, from the client that sends it to the client that sees the answer.

Flotilla with all its services, and a plain hikari bot in one process, sit in the same guild of the
sandbox and are asked in turn, so that whatever else the machine does befalls both.
"""

import asyncio
import os
import sys
import tempfile
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from benchmarks.report import CannotMeasureError, Result, compare
from benchmarks.typist import Typist, typist
from tools.stack import Stack

RUNS = 200
WARM_UP = 20
PAUSE = 0.03
"""Seconds between two commands: without, they would wait for Discord's 50 calls a second."""
PEER = "plain hikari bot, one process"
ALL_PERMISSIONS = 8

Ask = Callable[[], Awaitable[float]]


async def run() -> list[Result]:
    """Measure slash and text commands, with and without a record to write."""
    with tempfile.TemporaryDirectory(prefix="flotilla-bench-") as folder:
        async with Stack(Path(folder), thrown_away=True) as stack, _guests(stack) as guests:
            return [await _case(name, *asks) for name, asks in guests.cases().items()]


async def _case(name: str, ours: Ask, peer: Ask) -> Result:
    """Ask both in turn, after a few that don't count."""
    mine: list[float] = []
    theirs: list[float] = []
    for _ in range(WARM_UP + RUNS):
        mine.append(await ours())
        theirs.append(await peer())
        await asyncio.sleep(PAUSE)
    return compare(
        "command",
        name,
        ours=mine[WARM_UP:],
        peer=theirs[WARM_UP:],
        peer_name=PEER,
        unit="ms",
    )


class Guests:
    """Both bots in one guild, and a moderator who asks them."""

    def __init__(self, stack: Stack, peer_id: str, moderator: Typist) -> None:
        self._guild = stack.manifest.guild_id
        self._channel = stack.manifest.channel_id
        self._target = stack.manifest.users["raider"].id
        self._peer = peer_id
        self._moderator = moderator
        self._commands: dict[tuple[bool, str], dict[str, Any]] = {}  # JSON of Discord's
        self._ours = ""

    def cases(self) -> dict[str, tuple[Ask, Ask]]:
        """Return how to ask each bot, by case."""
        warning = f"<@{self._target}> flooding the harbour"
        return {
            "/ping": (self._slash("ping", peer=False), self._slash("ping", peer=True)),
            "!ping": (self._text("!ping", self._ours), self._text("?ping", self._peer)),
            "/warn": (self._slash("warn", peer=False), self._slash("warn", peer=True)),
            "!warn": (
                self._text(f"!warn {warning}", self._ours),
                self._text(f"?warn {warning}", self._peer),
            ),
        }

    async def find_commands(self) -> None:
        """Read the command index until both bots have registered what is measured."""
        for _ in range(100):
            index = await self._moderator.get(f"/guilds/{self._guild}/application-command-index")
            for command in index["application_commands"]:
                mine = command["application_id"] != self._peer
                self._commands[mine, command["name"]] = command
            wanted = {(mine, name) for mine in (True, False) for name in ("ping", "warn")}
            if wanted <= self._commands.keys():
                self._ours = str(self._commands[True, "ping"]["application_id"])
                return
            await asyncio.sleep(0.1)
        raise CannotMeasureError("the bots' commands were not registered within 10 s")

    def _slash(self, name: str, *, peer: bool) -> Ask:
        command = self._commands[not peer, name]
        values = {"user": (6, self._target), "reason": (3, "flooding the harbour")}
        options = [
            {"name": option["name"], "type": values[option["name"]][0],
             "value": values[option["name"]][1]}
            for option in command.get("options", ())
        ]  # fmt: skip
        data = {
            "id": command["id"],
            "version": command["version"],
            "name": name,
            "type": 1,
            "options": options,
        }
        body = {
            "type": 2,
            "application_id": command["application_id"],
            "guild_id": self._guild,
            "channel_id": self._channel,
            "session_id": "bench",
            "data": data,
        }
        return lambda: self._moderator.slash({**body, "nonce": uuid4().hex[:20]})

    def _text(self, content: str, bot_id: str) -> Ask:
        return lambda: self._moderator.text(self._channel, content, bot_id)


@asynccontextmanager
async def _guests(stack: Stack) -> AsyncGenerator[Guests]:
    """Bring the peer into the guild, log a moderator in, and wait for everybody's commands."""
    token = stack.manifest.users["moderator"].token
    async with typist(stack.manifest.sandbox, token) as moderator:
        await moderator.control("PATCH", "settings", {"rate_limits": False})
        made = await moderator.control("POST", "applications", {"name": "Peer", "privileged": True})
        guild = stack.manifest.guild_id
        joining = {"user_id": made["id"], "permissions": ALL_PERMISSIONS}
        await moderator.control("POST", f"guilds/{guild}/members", joining)
        async with _peer(stack, made["token"]):
            guests = Guests(stack, made["id"], moderator)
            await guests.find_commands()
            yield guests


@asynccontextmanager
async def _peer(stack: Stack, token: str) -> AsyncGenerator[None]:
    env = {
        **os.environ,
        "DISCORD_TOKEN": token,
        "DISCORD_API_URL": f"{stack.manifest.sandbox}/api/v10",
        "DATABASE_URL": stack.manifest.database_url,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.peer_bot", env=env, stdout=PIPE, stderr=DEVNULL
    )
    assert process.stdout is not None
    try:
        line = await asyncio.wait_for(process.stdout.readline(), 30)
        if line.strip() != b"ready":
            raise CannotMeasureError("the peer did not start")
        yield
    finally:
        process.terminate()
        await process.wait()
