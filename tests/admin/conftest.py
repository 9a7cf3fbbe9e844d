"""Admin as a whole, on a real database and broker, with a gateway that knows its guilds."""

import dataclasses
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

import httpx
import pytest
import pytest_asyncio
from msgspec.structs import replace
from prometheus_client import CollectorRegistry

from services.admin.api import create_api
from services.admin.app import open_deps, start
from services.admin.deps import Deps
from services.admin.settings import Settings
from shared import bus as buses
from shared.bus import Bus
from shared.contracts.actions import Action, Message
from shared.contracts.discord import ADMINISTRATOR, BAN_MEMBERS, GuildSnapshot, Member, Role
from shared.contracts.ids import GuildId, RoleId, UserId
from shared.contracts.invocations import GuildRef, Invocation
from shared.http import Actor, sign
from shared.http.tokens import Role as WebRole
from shared.settings import Secret
from tests.support.backends import Backends, database, vhost
from tests.support.gateway import GatewayEnd, gateway_end
from tests.support.invoking import GUILD, MODERATOR_ID, OWNER_ID, RAIDER_ID

SECRET = "a key that only the tests of this project know"
ADMIN_ID = UserId(200000000000000004)
OPERATOR_ID = UserId(200000000000000009)
BOT_ID = UserId(200000000000000010)

MODERATORS = RoleId(500000000000000001)
ADMINS = RoleId(500000000000000002)
BOTS = RoleId(500000000000000003)

SNAPSHOT = GuildSnapshot(
    id=GUILD,
    name="Harbour",
    owner_id=OWNER_ID,
    roles=(
        Role(id=MODERATORS, name="Moderators", position=1, permissions=BAN_MEMBERS),
        Role(id=ADMINS, name="Admins", position=2, permissions=ADMINISTRATOR),
        Role(id=BOTS, name="Flotilla", position=3),
    ),
    bot_id=BOT_ID,
    bot_roles=(BOTS,),
)


@dataclass
class Admin:
    """Admin at work, and a guild that only this test knows."""

    deps: Deps
    http: httpx.AsyncClient
    gateway: GatewayEnd
    bus: Bus
    guild_id: GuildId

    def url(self, path: str) -> str:
        """Return the path of something of the guild."""
        return f"/guilds/{self.guild_id}{path}"

    def as_(self, user_id: UserId, role: WebRole) -> dict[str, str]:
        """Return the headers by which the dashboard asks for somebody."""
        guild = 0 if role == "operator" else self.guild_id
        actor = Actor(user_id=user_id, guild_id=guild, role=role, name=f"user {user_id}")
        return {"Authorization": f"Bearer {sign(SECRET, actor, 'admin')}"}

    async def save(self, yaml: str, user_id: UserId = OWNER_ID) -> httpx.Response:
        """Save a configuration over the API, whatever held before."""
        return await self.http.put(
            self.url("/config"),
            json={"yaml": yaml},
            headers={**self.as_(user_id, "admin"), "If-Match": "*"},
        )

    async def run(self, by: Invocation, key: str = "") -> Action:
        """Run a command in the guild and return what answers it."""
        return await self.gateway.run(replace(by, guild=self._guild()), key)

    async def message(self, by: Invocation) -> Message:
        """Run a command in the guild and return the message that answers it."""
        return await self.gateway.message(replace(by, guild=self._guild()))

    async def said(self, by: Invocation) -> str:
        """Run a command in the guild and return the text that answers it."""
        return (await self.message(by)).content

    def _guild(self) -> GuildRef:
        return GuildRef(id=self.guild_id, owner_id=OWNER_ID)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(backends: Backends) -> AsyncIterator[Admin]:
    """Give admin, running; for the tests of a module, as each has a guild of its own."""
    async with AsyncExitStack() as stack:
        database_url = await stack.enter_async_context(database(backends.database_url))
        amqp_url = await stack.enter_async_context(
            vhost(backends.amqp_url, backends.amqp_management_url)
        )
        settings = Settings(
            database_url=Secret(database_url),
            amqp_url=Secret(amqp_url),
            token_secret=Secret(SECRET),
            http_port=0,
            operators=(OPERATOR_ID,),
            public_url="https://flotilla.example",
        )
        registry = CollectorRegistry()
        bus = await stack.enter_async_context(buses.connect(amqp_url, name="gateway"))
        gateway = await stack.enter_async_context(gateway_end(bus))
        gateway.members[OWNER_ID] = Member()
        gateway.members[ADMIN_ID] = Member(roles=(ADMINS,))
        gateway.members[MODERATOR_ID] = Member(roles=(MODERATORS,))
        gateway.members[RAIDER_ID] = Member()
        deps = await open_deps(stack, settings, registry)
        await start(stack, deps, registry)
        transport = httpx.ASGITransport(create_api(deps, registry))
        http = httpx.AsyncClient(transport=transport, base_url="http://admin")
        yield Admin(deps, await stack.enter_async_context(http), gateway, bus, GuildId(0))


@pytest.fixture
def admin(running: Admin) -> Iterator[Admin]:
    """Give admin with a new guild."""
    guild_id = GuildId(1 + max(running.gateway.guilds, default=GUILD))
    everyone = Role(id=RoleId(guild_id), name="@everyone")
    roles = (everyone, *SNAPSHOT.roles)
    running.gateway.guilds[guild_id] = replace(SNAPSHOT, id=guild_id, roles=roles)
    yield dataclasses.replace(running, guild_id=guild_id)
    running.gateway.refusals.clear()
    running.gateway.requests.clear()
