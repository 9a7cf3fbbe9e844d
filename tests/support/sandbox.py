"""A Discord for tests: guilds, people and bots, over HTTP only.

`SandboxClient` drives any running sandbox; `Sandbox` starts one inside the test, with its world at
hand. The fixture `sandbox` gives an empty one.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from msgspec import Struct

from sandbox.app import Serving, serve
from sandbox.world import World
from tests.support.answers import Answer, InteractionFailed, Message
from tests.support.calls import Calls, Json, RestError
from tests.support.people import Guild, Person, Place, SandboxLookupError, channel_of, guild_of
from tests.support.slash import SlashError

__all__ = [
    "BOT_PERMISSIONS",
    "Answer",
    "Bot",
    "Guild",
    "InteractionFailed",
    "Message",
    "Person",
    "Place",
    "RestError",
    "Sandbox",
    "SandboxClient",
    "SandboxLookupError",
    "SlashError",
    "running",
    "sandbox",
]

BOT_PERMISSIONS = (
    1099780130838  # kick, ban, time out, roles, messages, audit log and what these need
)


class Bot(Struct):
    """An application with its bot."""

    id: int
    token: str
    client_secret: str


class SandboxClient(Calls):
    """A running sandbox, driven over HTTP."""

    # People, guilds, bots

    async def create_user(self, name: str, global_name: str | None = None) -> Person:
        """Register somebody."""
        made = await self.control("POST", "/users", {"username": name, "global_name": global_name})
        return Person(self, int(made["id"]), name, made["token"])

    async def person(self, name: str | int) -> Person:
        """Return somebody who exists, by id, username or name in the seed."""
        for one in (await self.control("GET", "/users"))["users"]:
            if str(name) in (one["id"], one["username"], one["named"]):
                return Person(self, int(one["id"]), one["username"], one["token"])
        raise SandboxLookupError(f"There is nobody called {name}.")

    async def found(
        self, name: str, owner: Person, channels: Sequence[str] = ("general",)
    ) -> Guild:
        """Found a guild."""
        body = {"name": name, "owner": str(owner.id), "channels": list(channels)}
        return _guild(await self.control("POST", "/guilds", body))

    async def guild(self, guild: Guild | int | str) -> Guild:
        """Return a guild as it is now, by id or name."""
        wanted = str(guild.id if isinstance(guild, Guild) else guild)
        for one in (await self.control("GET", "/guilds"))["guilds"]:
            if wanted in (one["id"], one["name"]):
                return _guild(one)
        raise SandboxLookupError(f"There is no guild {wanted}.")

    async def join(
        self, guild: Guild | int, who: Person | str, roles: Iterable[str | int] = ()
    ) -> Person:
        """Let somebody join a guild, registering them first when only a name is given."""
        person = await self.create_user(who) if isinstance(who, str) else who
        body = {"user_id": str(person.id), "roles": [str(role) for role in roles]}
        await self.control("POST", f"/guilds/{guild_of(guild)}/members", body)
        return person

    async def leave(self, guild: Guild | int, person: Person) -> None:
        """Let somebody leave a guild."""
        await self.control("DELETE", f"/guilds/{guild_of(guild)}/members/{person.id}")

    async def create_bot(self, name: str = "Flotilla", **options: object) -> Bot:
        """Register an application; options as POST /sandbox/applications takes them."""
        made = await self.control("POST", "/applications", {"name": name, **options})
        return Bot(int(made["id"]), made["token"], made["client_secret"])

    async def invite(
        self, guild: Guild | int, bot: Bot, permissions: int = BOT_PERMISSIONS
    ) -> None:
        """Let a bot into a guild, with a role of its own that has these permissions."""
        body = {"user_id": str(bot.id), "permissions": permissions}
        await self.control("POST", f"/guilds/{guild_of(guild)}/members", body)

    async def seed(self) -> Json:
        """Return what the demo's seed made."""
        return await self.control("GET", "/seed")

    # What is so

    async def banned(self, guild: Guild | int, who: Person | int) -> bool:
        """Say whether somebody is banned."""
        return _user_id(who) in {
            int(ban["user"]["id"]) for ban in await self._part(guild, "banned")
        }

    async def is_member(self, guild: Guild | int, who: Person | int) -> bool:
        """Say whether somebody is a member."""
        return _user_id(who) in {
            int(one["user"]["id"]) for one in await self._part(guild, "members")
        }

    async def member(self, guild: Guild | int, who: Person | int) -> Json:
        """Return a membership as Discord renders it."""
        for one in await self._part(guild, "members"):
            if int(one["user"]["id"]) == _user_id(who):
                return one
        raise SandboxLookupError(f"{who} is no member.")

    async def _part(self, guild: Guild | int, name: str) -> list[Json]:
        found = await self.control("GET", f"/guilds/{guild_of(guild)}")
        return found[name]

    # What happens

    async def traffic(
        self, guild: Guild | int, messages: int, *, rate: float = 0, channel: Place | None = None
    ) -> list[int]:
        """Let members post messages, and return the ids when all are posted."""
        body = {
            "messages": messages,
            "rate": rate,
            "channel_id": str(channel_of(channel)) if channel else None,
        }
        posted = await self.control("POST", f"/guilds/{guild_of(guild)}/traffic", body)
        return [int(one) for one in posted["ids"]]

    async def fault(self, **fault: object) -> Json:
        """Set a fault; see POST /sandbox/faults."""
        return await self.control("POST", "/faults", fault)

    async def heal(self) -> None:
        """Take all faults away."""
        await self.control("DELETE", "/faults")

    async def requests(self, **filters: object) -> list[Json]:
        """Return requests that were received; filters as GET /sandbox/requests takes them."""
        return (await self.control("GET", "/requests", None, **{"limit": 1000, **filters}))[
            "requests"
        ]

    async def gateway(self) -> Json:
        """Return sessions, identifies, resumes and ended connections."""
        return await self.control("GET", "/gateway")

    async def advance(self, seconds: float) -> None:
        """Let time pass in the sandbox."""
        await self.control("POST", "/clock", {"advance": seconds})


def _guild(raw: Json) -> Guild:
    channels = {name: int(one) for name, one in raw["channel_ids"].items()}
    return Guild(
        int(raw["id"]),
        raw["name"],
        channels,
        {name: int(one) for name, one in raw["role_ids"].items()},
    )


def _user_id(who: Person | int) -> int:
    return who.id if isinstance(who, Person) else who


class Sandbox(SandboxClient):
    """A sandbox inside the test, with its world at hand."""

    def __init__(self, serving: Serving) -> None:
        super().__init__(serving.url)
        self.serving = serving
        self.world = serving.world
        self.hub = serving.hub


@asynccontextmanager
async def running(world: World | None = None) -> AsyncGenerator[Sandbox]:
    """Run a sandbox on a free port."""
    async with AsyncExitStack() as stack:
        serving = await stack.enter_async_context(serve(world or World()))
        sandbox = Sandbox(serving)
        stack.push_async_callback(sandbox.close)
        yield sandbox


@pytest.fixture
async def sandbox() -> AsyncGenerator[Sandbox]:
    """Give an empty sandbox."""
    async with running() as started:
        yield started
