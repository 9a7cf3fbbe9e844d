"""Infractions at work on real servers, with a Discord behind the gateway that a test can script."""

from __future__ import annotations

import asyncio
import itertools
import os
import socket
import sys
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
from msgspec.structs import replace

from services.infractions import app
from services.infractions.model import Kind, Order, Person
from services.infractions.settings import Settings
from shared import bus as buses
from shared.bus import Bus
from shared.contracts.actions import Button, Message
from shared.contracts.config import ConfigDocument, InfractionsPlugin, PermissionEntry, Plugins
from shared.contracts.discord import (
    ADMINISTRATOR,
    BAN_MEMBERS,
    GuildSnapshot,
    Member,
    Role,
    User,
)
from shared.contracts.domain import ApiKey, ConfigChanged, GuildKeysChanged
from shared.contracts.ids import GuildId, RoleId, UserId
from shared.contracts.invocations import GuildRef, Invocation, OptionValue, Resolved
from shared.contracts.topology import FLOTILLA_EVENTS
from shared.http import Actor, sign
from shared.settings import load
from tests.support.answering_gateway import AnsweringGateway, Town, answering_gateway
from tests.support.invoking import by_interaction, by_text
from tests.support.waiting import eventually

ROOT = Path(__file__).parents[2]
SECRET = "a key that only the tests of this project know"
OPERATOR = UserId(299999999999999999)
SHORT = 20
"""Digits of what can be an id."""

_ids = itertools.count(600_000_000_000_000_000)

Json = Any  # as open as it is
"""What an HTTP API answers."""


def new_id() -> int:
    """Return an id that nothing else has."""
    return next(_ids)


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def environment(database_url: str, amqp_url: str) -> dict[str, str]:
    """Return what the service reads from its environment."""
    return {
        "DATABASE_URL": database_url,
        "AMQP_URL": amqp_url,
        "HTTP_PORT": str(free_port()),
        "TOKEN_SECRET": SECRET,
        "OPERATORS": str(OPERATOR),
        "LOG_LEVEL": "warning",
    }


@asynccontextmanager
async def in_process(environ: Mapping[str, str]) -> AsyncGenerator[str]:
    """Run infractions in this process, and give the address of its API."""
    stop = asyncio.Event()
    running = asyncio.create_task(app.serve(load(Settings, environ), stop))
    url = f"http://127.0.0.1:{environ['HTTP_PORT']}"
    try:
        await until_ready(url, running)
        yield url
    finally:
        stop.set()
        async with asyncio.timeout(15):
            await asyncio.wait((running,))
    running.result()


async def until_ready(url: str, running: asyncio.Task[None] | None = None) -> None:
    """Wait until a service answers that everything is there."""
    async with httpx.AsyncClient(base_url=url) as http:

        async def ready() -> bool:
            if running is not None and running.done():
                running.result()
            try:
                return (await http.get("/readyz")).status_code == 200
            except httpx.TransportError as error:
                raise AssertionError(f"no answer yet: {error}") from None

        await eventually(ready, within=20)


class Process:
    """Infractions as a process of its own, which can be killed and started again."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.url = f"http://127.0.0.1:{environ['HTTP_PORT']}"
        self._process: asyncio.subprocess.Process | None = None

    @property
    def running(self) -> bool:
        """Whether it was started and not killed."""
        return self._process is not None

    async def start(self) -> None:
        """Start it and wait until it works."""
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "services.infractions",
            cwd=ROOT,
            env={**os.environ, **self.environ},
        )
        await until_ready(self.url)

    async def kill(self) -> None:
        """Kill it at once, wherever it is."""
        if self._process is not None:
            self._process.kill()
            await self._process.wait()
            self._process = None


@dataclass
class Rig:
    """The service's surroundings, and how a test sees what it does."""

    environ: Mapping[str, str]
    gateway: AnsweringGateway
    bus: Bus
    http: httpx.AsyncClient
    db: asyncpg.Pool[asyncpg.Record]

    def found(self) -> Scene:
        """Found a guild of the test's own."""
        return Scene(self)


class Scene:
    """A guild with an owner, moderators and members, and what they do."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.gateway = rig.gateway
        self.id = GuildId(new_id())
        self.owner = UserId(new_id())
        self.bot = UserId(new_id())
        self.roles = {
            name: RoleId(new_id()) for name in ("low", "moderators", "seniors", "bots", "high")
        }
        self.town = Town(snapshot=self._snapshot())
        rig.gateway.towns[self.id] = self.town
        self.moderator = self.joins("moderator", "moderators")
        self.raider = self.joins("raider")
        self._revision = 0
        self._keys: tuple[ApiKey, ...] = ()

    def _snapshot(self) -> GuildSnapshot:
        powers = {"moderators": BAN_MEMBERS, "seniors": BAN_MEMBERS, "high": ADMINISTRATOR}
        return GuildSnapshot(
            id=self.id,
            name="Harbour",
            owner_id=self.owner,
            roles=(
                Role(id=RoleId(self.id), name="@everyone"),
                *(
                    Role(id=role, name=name, position=at, permissions=powers.get(name, 0))
                    for at, (name, role) in enumerate(self.roles.items(), start=1)
                ),
            ),
            bot_id=self.bot,
            bot_roles=(self.roles["bots"],),
        )

    # --- people ---------------------------------------------------------------------------------

    def joins(self, name: str, *roles: str) -> UserId:
        """Let somebody join."""
        user = self.exists(name)
        held = tuple(self.roles[role] for role in roles)
        self.town.members[user] = Member(user=self.gateway.users[user], roles=held)
        return user

    def exists(self, name: str) -> UserId:
        """Register somebody who is in no guild."""
        user = UserId(new_id())
        self.gateway.users[user] = User(id=user, username=name)
        return user

    def leaves(self, user: UserId) -> None:
        """Let somebody leave."""
        del self.town.members[user]

    # --- commands -------------------------------------------------------------------------------

    def text(self, line: str, by: UserId | None = None) -> Invocation:
        """Return what somebody types, such as `tempban <@1> 7d spam`; the moderator if unsaid."""
        command, _, rest = line.partition(" ")
        return self._of_here(by_text(command, rest), by)

    def slash(self, command: str, by: UserId | None = None, **options: OptionValue) -> Invocation:
        """Return a slash command with its options, as Discord sends it."""
        user = options.get("user", "")
        known = int(user) if str(user).isdigit() and len(str(user)) < SHORT else 0
        members = {known: self.town.members[UserId(known)]} if known in self.town.members else {}
        users = {known: self.gateway.users[UserId(known)]} if known in self.gateway.users else {}
        resolved = Resolved(users=users, members=members)
        return self._of_here(by_interaction(command, options=options, resolved=resolved), by)

    def press(self, button: Button, by: UserId | None = None) -> Invocation:
        """Return the press of a button."""
        assert button.custom_id is not None
        assert not button.disabled
        return self._of_here(by_interaction(source="component", custom_id=button.custom_id), by)

    def _of_here(self, made: Invocation, by: UserId | None) -> Invocation:
        user = by or self.moderator
        member = self.town.members.get(user, Member())
        permissions = sum(
            role.permissions for role in self.town.snapshot.roles if role.id in member.roles
        )
        return replace(
            made,
            user=self.gateway.users.get(user, User(id=user, username="owner")),
            guild=GuildRef(id=self.id, name="Harbour", owner_id=self.owner),
            member=replace(member, permissions=permissions),
        )

    async def types(self, line: str, by: UserId | None = None) -> str:
        """Type a command and return the text that answers it."""
        return (await self.types_for(line, by)).content

    async def types_for(self, line: str, by: UserId | None = None) -> Message:
        """Type a command and return the message that answers it."""
        return await self.gateway.run(self.text(line, by))

    async def runs(self, command: str, by: UserId | None = None, **options: OptionValue) -> Message:
        """Run a slash command and return the message that answers it."""
        return await self.gateway.run(self.slash(command, by, **options))

    async def presses(self, button: Button, by: UserId | None = None) -> Message:
        """Press a button and return the message that it leads to."""
        return await self.gateway.run(self.press(button, by))

    # --- the configuration ----------------------------------------------------------------------

    async def configures(
        self,
        *,
        permissions: Mapping[int, int] | None = None,
        notify_user: bool = False,
        require_reason: bool = False,
    ) -> None:
        """Change the configuration, and wait until the service knows it."""
        self._revision += 1
        plugin = InfractionsPlugin(notify_user=notify_user, require_reason=require_reason)
        entries = {who: PermissionEntry(level=at) for who, at in (permissions or {}).items()}
        document = ConfigDocument(permissions=entries, plugins=Plugins(infractions=plugin))
        await self._announce(
            ConfigChanged(guild_id=self.id, revision=self._revision, document=document)
        )
        await self.keys(*self._keys)

    async def keys(self, *keys: ApiKey) -> None:
        """Give the guild these API keys, and wait until the service has this and all before it."""
        self._revision += 1
        self._keys = keys
        await self._announce(GuildKeysChanged(guild_id=self.id, revision=self._revision, keys=keys))

        async def kept() -> bool:
            sql = "SELECT revision FROM guild_keys WHERE guild_id = $1"
            return await self.rig.db.fetchval(sql, self.id) == self._revision

        await eventually(kept)

    async def _announce(self, event: ConfigChanged | GuildKeysChanged) -> None:
        await self.rig.bus.publish(
            FLOTILLA_EVENTS,
            event.KEY,
            event,
            message_id=f"{event.KEY}:{self.id}:{self._revision}",
            guild_id=self.id,
            type=event.KEY,
        )

    # --- what is so -----------------------------------------------------------------------------

    def banned(self, user: UserId | None = None) -> bool:
        """Say whether Discord has somebody banned; the raider if unsaid."""
        return (user or self.raider) in self.town.banned

    def done(self) -> list[str]:
        """Return what was done on Discord, in order."""
        return [str(action.__struct_config__.tag) for action in self.town.done]

    async def get(
        self, path: str = "", *, token: str | None = None, query: Mapping[str, object] | None = None
    ) -> httpx.Response:
        """Ask the HTTP API about the infractions of this guild, as an operator if unsaid."""
        headers = {"Authorization": f"Bearer {token or operator_token()}"}
        url = f"/guilds/{self.id}/infractions{path}"
        params = {name: str(value) for name, value in (query or {}).items()}
        return await self.rig.http.get(url, headers=headers, params=params)

    async def infraction(self, number: int) -> Json:
        """Return an infraction with its history."""
        response = await self.get(f"/{number}")
        assert response.status_code == 200, response.text
        return response.json()

    async def infractions(self, **query: object) -> list[Json]:
        """Return infractions, newest first."""
        response = await self.get(query=query)
        assert response.status_code == 200, response.text
        return response.json()["items"]

    async def state(self, number: int) -> str:
        """Return how far an infraction has come."""
        return (await self.infraction(number))["state"]

    async def changes(self, number: int) -> list[str]:
        """Return what an infraction's history says happened, in order."""
        return [step["change"] for step in (await self.infraction(number))["history"]]

    def order(
        self,
        kind: Kind,
        *,
        by: UserId | None = None,
        on: UserId | None = None,
        duration: timedelta | None = None,
    ) -> Order:
        """Return what a command orders; by the moderator on the raider if unsaid."""
        moderator, user = by or self.moderator, on or self.raider
        return Order(
            guild_id=self.id,
            kind=kind,
            user=Person(user, self.gateway.users[user].name),
            moderator=Person(moderator, self.gateway.users[moderator].name),
            reason="at the same time",
            source="slash",
            source_key=str(new_id()),
            duration=duration,
        )

    async def until(self, number: int, state: str, within: float = 10) -> Json:
        """Wait until an infraction is in a state, and return it."""

        async def arrived() -> Json:
            found = await self.infraction(number)
            assert found["state"] == state, found
            return found

        return await eventually(arrived, within)

    async def timers(self, kind: str) -> Sequence[asyncpg.Record]:
        """Return the jobs of a kind that wait for this guild."""
        return await self.rig.db.fetch(
            "SELECT * FROM timer WHERE kind = $1 AND payload->'guild_id' = $2", kind, self.id
        )

    async def hurry(self, kind: str, number: int) -> None:
        """Make the job about an infraction due now."""
        await self.rig.db.execute(
            """
            UPDATE timer SET due = now()
             WHERE kind = $1 AND payload->'guild_id' = $2 AND payload->'number' = $3
            """,
            kind,
            self.id,
            number,
        )
        await self.rig.db.execute("SELECT pg_notify('infractions_timer', '')")

    async def time_is_up(self, number: int) -> None:
        """Let the time of a temporary measure pass."""
        await self.rig.db.execute(
            "UPDATE infractions SET expires_at = now() WHERE guild_id = $1 AND number = $2",
            self.id,
            number,
        )
        await self.hurry("lift_infraction", number)


def operator_token() -> str:
    """Return a token of the installation's operator."""
    actor = Actor(user_id=OPERATOR, guild_id=0, role="operator", name="operator")
    return sign(SECRET, actor, "infractions")


def buttons(message: Message) -> dict[str, Button]:
    """Return the buttons of a message by what is written on them."""
    found = [each for row in message.components for each in row.components]
    return {each.label: each for each in found if isinstance(each, Button)}


def shown(message: Message) -> str:
    """Return all that can be read in a message."""
    parts = [message.content]
    for embed in message.embeds:
        parts += [embed.title or "", embed.description or ""]
        parts += [f"{each.name}: {each.value}" for each in embed.fields]
    return "\n".join(part for part in parts if part)


def at(text: str) -> datetime:
    """Return a moment from JSON."""
    return datetime.fromisoformat(text)


@asynccontextmanager
async def rig(environ: Mapping[str, str]) -> AsyncGenerator[Rig]:
    """Give the surroundings of a service that runs, or will run, in an environment."""
    async with AsyncExitStack() as stack:
        bus = await stack.enter_async_context(buses.connect(environ["AMQP_URL"], name="test"))
        gateway = await stack.enter_async_context(answering_gateway(bus))
        url = f"http://127.0.0.1:{environ['HTTP_PORT']}"
        http = await stack.enter_async_context(httpx.AsyncClient(base_url=url, timeout=10))
        db = await stack.enter_async_context(
            asyncpg.create_pool(
                environ["DATABASE_URL"],
                min_size=1,
                max_size=3,
                init=_read_json,
                server_settings={"search_path": "infractions"},
            )
        )
        yield Rig(environ, gateway, bus, http, db)


async def _read_json(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    """Pass json on as a Python value, ids as numbers."""
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        encoder=str,
        decoder=str,
    )
