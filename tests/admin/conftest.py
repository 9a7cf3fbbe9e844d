"""Admin as a whole, on a real database and broker, with a gateway that knows one guild."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

import httpx
import pytest
from prometheus_client import CollectorRegistry

from services.admin.api import create_api
from services.admin.app import open_deps, start
from services.admin.deps import Deps
from services.admin.settings import Settings
from shared import bus as buses
from shared.bus import Bus
from shared.contracts.discord import ADMINISTRATOR, BAN_MEMBERS, GuildSnapshot, Member, Role
from shared.contracts.ids import RoleId, UserId
from shared.http import Actor, sign
from shared.http.tokens import Role as WebRole
from shared.settings import Secret
from tests.support.gateway import GatewayEnd, gateway_end
from tests.support.invoking import GUILD, MODERATOR_ID, OWNER_ID, RAIDER_ID

SECRET = "a key that only the tests of this project know"
ADMIN_ID = UserId(200000000000000004)
OPERATOR_ID = UserId(200000000000000009)
BOT_ID = UserId(200000000000000010)

EVERYONE_ROLE = RoleId(GUILD)
MODERATORS = RoleId(500000000000000001)
ADMINS = RoleId(500000000000000002)
BOTS = RoleId(500000000000000003)

SNAPSHOT = GuildSnapshot(
    id=GUILD,
    name="Harbour",
    owner_id=OWNER_ID,
    roles=(
        Role(id=EVERYONE_ROLE, name="@everyone"),
        Role(id=MODERATORS, name="Moderators", position=1, permissions=BAN_MEMBERS),
        Role(id=ADMINS, name="Admins", position=2, permissions=ADMINISTRATOR),
        Role(id=BOTS, name="Flotilla", position=3),
    ),
    bot_id=BOT_ID,
    bot_roles=(BOTS,),
)


@dataclass
class Admin:
    """Admin at work."""

    deps: Deps
    http: httpx.AsyncClient
    gateway: GatewayEnd
    bus: Bus

    def as_(self, user_id: UserId, role: WebRole) -> dict[str, str]:
        """Return the headers by which the dashboard asks for somebody."""
        guild = 0 if role == "operator" else GUILD
        actor = Actor(user_id=user_id, guild_id=guild, role=role, name=f"user {user_id}")
        return {"Authorization": f"Bearer {sign(SECRET, actor, 'admin')}"}

    async def save(self, yaml: str, user_id: UserId = OWNER_ID) -> httpx.Response:
        """Save a configuration over the API, whatever held before."""
        return await self.http.put(
            f"/guilds/{GUILD}/config",
            json={"yaml": yaml},
            headers={**self.as_(user_id, "admin"), "If-Match": "*"},
        )


@pytest.fixture
async def admin(database_url: str, amqp_url: str) -> AsyncIterator[Admin]:
    """Give admin, running."""
    settings = Settings(
        database_url=Secret(database_url),
        amqp_url=Secret(amqp_url),
        token_secret=Secret(SECRET),
        http_port=0,
        operators=(OPERATOR_ID,),
        public_url="https://flotilla.example",
    )
    registry = CollectorRegistry()
    async with AsyncExitStack() as stack:
        bus = await stack.enter_async_context(buses.connect(amqp_url, name="gateway"))
        gateway = await stack.enter_async_context(gateway_end(bus, SNAPSHOT))
        gateway.members[OWNER_ID] = Member()
        gateway.members[ADMIN_ID] = Member(roles=(ADMINS,))
        gateway.members[MODERATOR_ID] = Member(roles=(MODERATORS,))
        gateway.members[RAIDER_ID] = Member()
        deps = await open_deps(stack, settings, registry)
        await start(stack, deps, registry)
        transport = httpx.ASGITransport(create_api(deps, registry))
        http = httpx.AsyncClient(transport=transport, base_url="http://admin")
        yield Admin(deps, await stack.enter_async_context(http), gateway, bus)
