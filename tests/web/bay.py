"""The dashboard in a small bay: Discord's sandbox, and the services that it asks, all real."""

import asyncio
import re
import zlib
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import httpx
import msgspec
from msgspec import structs

import services.admin.app as admin_app
import services.infractions.app as infractions_app
from services.admin.settings import Settings as AdminSettings
from services.infractions.settings import Settings as InfractionsSettings
from services.stats import app as stats_app
from services.stats.settings import Settings as StatsSettings
from services.web import app as web_app
from services.web.settings import Settings
from shared import bus
from shared.contracts.discord import GuildSnapshot, Member, Role, User
from shared.contracts.ids import DISCORD_EPOCH_MS, GuildId, RoleId, UserId
from shared.contracts.invocations import GuildRef, Resolved
from shared.contracts.topology import DISCORD_EVENTS, event_key
from shared.settings import ServiceSettings, load
from tests.support.gateway import GatewayEnd, gateway_end
from tests.support.invoking import by_interaction
from tests.support.people import Guild, Person
from tests.support.ports import free_port
from tests.support.sandbox import Sandbox

SECRET = "a secret that is only known in tests"
ADMINISTRATOR = 1 << 3
MODERATE_MEMBERS = 1 << 40
S = TypeVar("S", bound=ServiceSettings)

PEOPLE = ("owner", "admin", "moderator", "member")


@dataclass
class Service:
    """A service that can go away and come back at the same address."""

    port: int
    serve: Callable[[asyncio.Event], Coroutine[None, None, None]]
    _stop: asyncio.Event | None = None
    _task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Run it, and return when it answers."""
        self._stop = asyncio.Event()
        self._task = asyncio.create_task(self.serve(self._stop))
        async with httpx.AsyncClient() as client, asyncio.timeout(60):
            while True:
                with suppress(httpx.HTTPError):
                    await client.get(f"{self.url}/healthz")
                    return
                await asyncio.sleep(0.05)

    async def stop(self) -> None:
        """Stop it."""
        if self._stop is not None and self._task is not None:
            self._stop.set()
            await self._task
        self._stop = self._task = None

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"


@dataclass(kw_only=True)
class Bay:
    """Everything that a test of the dashboard has to do with."""

    url: str
    settings: Settings
    sandbox: Sandbox
    gateway: GatewayEnd
    guild: Guild
    people: dict[str, Person]
    services: dict[str, Service]

    def path(self, rest: str = "") -> str:
        """Return the path of a page of the guild."""
        return f"/guilds/{self.guild.id}{rest}"

    async def posts(self, count: int, *, hours_ago: int = 0) -> None:
        """Have people write messages, as the gateway tells it."""
        hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        made = int((hour - timedelta(hours=hours_ago)).timestamp() * 1000)
        for number in range(count):
            message = {
                "id": str((made - DISCORD_EPOCH_MS << 22) + number),
                "channel_id": "7",
                "guild_id": str(self.guild.id),
                "author": {"id": str(self.people["member"].id)},
                "type": 0,
            }
            await self.gateway.bus.publish(
                DISCORD_EVENTS,
                event_key("MESSAGE_CREATE", self.guild.id),
                msgspec.json.encode(message),
                message_id=f"0:bay:{hours_ago}:{number}",
                guild_id=self.guild.id,
                type="MESSAGE_CREATE",
            )

    async def warns(self, name: str, reason: str) -> int:
        """Have the moderator warn somebody; returns the infraction's number."""
        user_id = self.user_id(name)
        self.gateway.members[user_id] = Member(user=User(id=user_id, username=name))
        moderator = self.people["moderator"]
        by = structs.replace(
            by_interaction(
                "warn",
                options={"user": str(user_id), "reason": reason},
                user_id=UserId(moderator.id),
                resolved=Resolved(users={user_id: User(id=user_id, username=name)}),
            ),
            guild=GuildRef(id=GuildId(self.guild.id), owner_id=UserId(self.people["owner"].id)),
            member=Member(permissions=MODERATE_MEMBERS, roles=(RoleId(MODERATOR_ROLE),)),
        )
        found = re.search(r"#(\d+)", await self.gateway.said(by))
        assert found is not None
        return int(found[1])

    def user_id(self, name: str) -> UserId:
        """Return the id of somebody who is warned."""
        return UserId(5_000_000 + zlib.crc32(name.encode()))

    def give_roles(self, name: str, *roles: int) -> None:
        """Change the roles of somebody."""
        person = self.people[name]
        self.gateway.members[UserId(person.id)] = Member(
            user=User(id=UserId(person.id), username=name),
            roles=tuple(RoleId(role) for role in roles),
        )


ADMIN_ROLE, MODERATOR_ROLE = 11, 12


def snapshot(guild: Guild, owner: Person) -> GuildSnapshot:
    """Return what the gateway knows of the guild."""
    id_ = GuildId(guild.id)
    roles = (
        Role(id=RoleId(guild.id), name="@everyone"),
        Role(id=RoleId(ADMIN_ROLE), name="Admin", position=3, permissions=ADMINISTRATOR),
        Role(id=RoleId(MODERATOR_ROLE), name="Mod", position=2, permissions=MODERATE_MEMBERS),
        Role(id=RoleId(13), name="Bot", position=9, permissions=ADMINISTRATOR),
    )
    return GuildSnapshot(
        id=id_,
        name=guild.name,
        owner_id=UserId(owner.id),
        roles=roles,
        bot_id=UserId(99),
        bot_roles=(RoleId(13),),
    )


@asynccontextmanager
async def bay(
    sandbox: Sandbox, database_url: str, amqp_url: str, clickhouse_url: str
) -> AsyncGenerator[Bay]:
    """Run the dashboard and what it asks; the gateway's end of the bus is the test's."""
    owner = await sandbox.create_user("owner", "Olga the Owner")
    guild = await sandbox.found("Quiet Cove", owner)
    people = {"owner": owner}
    for name in PEOPLE[1:]:
        people[name] = await sandbox.join(guild, name)
    for name in ("outsider", "operator"):
        people[name] = await sandbox.create_user(name)
    ports = {name: free_port() for name in ("stats", "infractions", "admin", "web")}
    url = f"http://127.0.0.1:{ports['web']}"
    bot = await sandbox.create_bot(redirect_uris=[f"{url}/login/callback"])
    environment = {
        "DATABASE_URL": database_url,
        "AMQP_URL": amqp_url,
        "CLICKHOUSE_URL": clickhouse_url,
        "TOKEN_SECRET": SECRET,
        "OPERATORS": str(people["operator"].id),
        "PUBLIC_URL": url,
        "DISCORD_CLIENT_ID": str(bot.id),
        "DISCORD_CLIENT_SECRET": bot.client_secret,
        "DISCORD_API_URL": sandbox.api_url,
        "DISCORD_OAUTH_URL": f"{sandbox.url}/oauth2/authorize",
        "SESSION_SECRET": SECRET,
        "ACCESS_FRESH": "0s",
        "BATCH_WAIT": "50ms",
        **{f"{name.upper()}_URL": f"http://127.0.0.1:{port}" for name, port in ports.items()},
    }

    def of(type_: type[S], name: str) -> S:
        return load(type_, {**environment, "HTTP_PORT": str(ports[name])})

    stats, infractions = of(StatsSettings, "stats"), of(InfractionsSettings, "infractions")
    admin, settings = of(AdminSettings, "admin"), of(Settings, "web")
    services = {
        "stats": Service(stats.http_port, lambda stop: stats_app.serve(stats, stop)),
        "infractions": Service(
            infractions.http_port, lambda stop: infractions_app.serve(infractions, stop)
        ),
        "admin": Service(admin.http_port, lambda stop: admin_app.serve(admin, stop)),
    }
    async with AsyncExitStack() as stack:
        broker = await stack.enter_async_context(bus.connect(amqp_url, name="test"))
        end = await stack.enter_async_context(gateway_end(broker, snapshot(guild, owner)))
        for service in services.values():
            await service.start()
            stack.push_async_callback(service.stop)
        await stack.enter_async_context(web_app.run(settings))
        made = Bay(
            url=url,
            settings=settings,
            sandbox=sandbox,
            gateway=end,
            guild=guild,
            people=people,
            services=services,
        )
        made.give_roles("owner")
        made.give_roles("admin", ADMIN_ROLE)
        made.give_roles("moderator", MODERATOR_ROLE)
        made.give_roles("member")
        yield made
