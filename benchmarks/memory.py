"""How much memory a gateway process needs for 2 000 guilds of 500 members.

The sandbox keeps the bot connected and sends it one recorded GUILD_CREATE after the other, each
with ids of its own; the process is weighed when all of them are passed on and stored, and again
after a restart, when it has read them from Postgres.
"""

import asyncio
import json
import re
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import asyncpg
import psutil

from benchmarks.report import CannotMeasureError, Result, alone
from sandbox.app import Serving, serve
from sandbox.models import Application, Guild, Overwrite
from sandbox.world import World, render
from tools.discord import Discord
from tools.stack import Stack

GUILDS: Final = 2_000
MEMBERS: Final = 500
ROLES: Final = 25
CHANNELS: Final = 35
OVERWRITES: Final = 2
"""Exceptions from permissions in each channel."""
SHOWN: Final = 50
"""Members whom Discord puts into the GUILD_CREATE of a guild of that size."""
MOST: Final = 250.0
"""Megabytes within which the process has to stay."""
PATIENCE: Final = 120.0
HANDFUL: Final = 20
ID: Final = re.compile(rb'"(\d{17,20})"')
APART: Final = 1 << 32
"""How far the ids of two guilds are apart."""


async def run() -> list[Result]:
    """Fill a gateway with guilds, and weigh it."""
    world = World()
    application = world.create_application("Flotilla")
    application.privileged_intents = True
    template = _template(world, application)
    async with _scales(world, application) as scales:
        empty = scales.weigh()
        await scales.fill(template, str(application.id).encode())
        full, most = scales.weigh(), scales.peak()
        await scales.restart()
        again, most_again = scales.weigh(), scales.peak()
    print(f"{len(template)} bytes a GUILD_CREATE, {(full - empty) * 1024 / GUILDS:.1f} KiB a guild")
    weights = {
        "without guilds": empty,
        f"{GUILDS} guilds of {MEMBERS} members": full,
        "the most while they came": most,
        "after a restart": again,
        "the most during the restart": most_again,
    }
    if max(full, again) > MOST:
        raise CannotMeasureError(f"more than {MOST:.0f} MB: {weights}")
    return [alone("memory", case, ours=[weight], unit="MB") for case, weight in weights.items()]


@dataclass
class Scales:
    """A gateway process, and what it is filled from."""

    serving: Serving
    stack: Stack

    @property
    def _pid(self) -> int:
        return self.stack.pids["gateway"]

    def weigh(self) -> float:
        """Return the memory that the process holds, in megabytes."""
        return psutil.Process(self._pid).memory_info().rss / 2**20

    def peak(self) -> float:
        """Return the most that it has held, in megabytes."""
        status = Path(f"/proc/{self._pid}/status").read_text("ascii")
        found = re.search(r"VmHWM:\s+(\d+) kB", status)
        return int(found[1]) / 1024 if found else 0.0

    async def fill(self, template: bytes, bot_id: bytes) -> None:
        """Send every guild, and return when all are stored."""
        session = self.serving.hub.sessions()[0]
        for number in range(1, GUILDS + 1):
            self.serving.hub.send_raw(session, "GUILD_CREATE", _copy(template, number, bot_id))
            if number % HANDFUL == 0:
                await asyncio.sleep(0.01)
        await _until(self._stored)

    async def restart(self) -> None:
        """Let another process take over."""
        await self.stack.stop("gateway")
        await self.stack.start("gateway")

    async def _stored(self) -> bool:
        connection = await asyncpg.connect(self.stack.manifest.database_url)
        try:
            return await connection.fetchval("SELECT count(*) >= $1 FROM gateway.guilds", GUILDS)
        finally:
            await connection.close()


def _copy(template: bytes, number: int, bot_id: bytes) -> bytes:
    """Return the guild with other ids; the bot stays who it is."""

    def another(found: re.Match[bytes]) -> bytes:
        known = found[1]
        return found[0] if known == bot_id else b'"%d"' % (int(known) + number * APART)

    return ID.sub(another, template)


def _template(world: World, application: Application) -> bytes:
    """Return the GUILD_CREATE of a guild of middling size."""
    guild = _found(world)
    world.add_member(guild, world.users[application.id], permissions=8)
    shown = render.guild_create(world, guild, application.id, large_threshold=MEMBERS)
    world.remove_member(guild, world.users[application.id])
    return json.dumps(shown | {"member_count": MEMBERS}, separators=(",", ":")).encode()


def _found(world: World) -> Guild:
    owner = world.create_user("owner")
    names = [f"channel-{number}" for number in range(CHANNELS)]
    guild = world.create_guild("A harbour town", owner, channels=names)
    roles = [world.create_role(guild, f"Rank {number}", permissions=8) for number in range(ROLES)]
    for channel in (world.channels[one] for one in guild.channel_ids):
        for role in roles[:OVERWRITES]:
            channel.overwrites[role.id] = Overwrite(role.id, 0, 1 << 10, 1 << 11)
    for number in range(SHOWN):
        world.add_member(guild, world.create_user(f"sailor{number}"), roles=roles[:3])
    return guild


async def _until(condition: Callable[[], Awaitable[bool]]) -> None:
    limit = time.monotonic() + PATIENCE
    while not await condition():
        if time.monotonic() > limit:
            raise CannotMeasureError(f"not done within {PATIENCE:g} s")
        await asyncio.sleep(0.2)


@asynccontextmanager
async def _scales(world: World, application: Application) -> AsyncGenerator[Scales]:
    """Run the sandbox and one gateway with its servers."""
    with tempfile.TemporaryDirectory(prefix="flotilla-bench-") as folder:
        async with serve(world) as serving:
            token = world.token_of(application)
            discord = Discord(f"{serving.url}/api/v10", "", token, "", "")
            async with Stack(
                Path(folder), discord=discord, services=("gateway",), thrown_away=True
            ) as stack:
                yield Scales(serving, stack)
