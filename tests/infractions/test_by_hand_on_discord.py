"""What people do in Discord's client, heard through the real gateway, also after both were down."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import pytest_asyncio

from services.gateway.settings import Settings as GatewaySettings
from shared.bus import connect
from shared.settings import load
from tests.infractions.harbour import Harbour, commands_are_there, gateway
from tests.infractions.rig import Json, environment, in_process
from tests.infractions.scene import at
from tests.support import backends as places
from tests.support.backends import Backends
from tests.support.ports import free_port
from tests.support.sandbox import BOT_PERMISSIONS, Person, running
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")

READS_AUDIT_LOG = 1 << 7
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass
class Stack:
    """A harbour, and the services beside it, which can be up or down."""

    harbour: Harbour
    environ: dict[str, str]
    settings: GatewaySettings

    @asynccontextmanager
    async def up(self) -> AsyncGenerator[Harbour]:
        """Run the gateway and infractions until the block ends."""
        async with gateway(self.settings), in_process(self.environ):
            await eventually(lambda: commands_are_there(self.harbour))
            yield self.harbour

    def loses_its_session(self) -> None:
        """Have Discord forget the gateway's session, so that events are missed for good."""
        for session in self.harbour.sandbox.hub.sessions():
            session.lost_at = LONG_AGO


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stack(backends: Backends) -> AsyncGenerator[Stack]:
    """Give a harbour whose bot may read the audit log; its services are not up yet."""
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        database_url = await enter(places.database(backends.database_url))
        amqp_url = await enter(places.vhost(backends.amqp_url, backends.amqp_management_url))
        sandbox = await enter(running())
        environ = environment(database_url, amqp_url)
        bot = await sandbox.create_bot()
        discord = {"DISCORD_TOKEN": bot.token, "DISCORD_API_URL": sandbox.api_url}
        settings = {**environ, **discord, "HTTP_PORT": str(free_port())}
        http = httpx.AsyncClient(base_url=f"http://127.0.0.1:{environ['HTTP_PORT']}", timeout=60)
        bus = await enter(connect(amqp_url, name="test"))
        harbour = Harbour(sandbox, bus, await enter(http))
        await harbour.arrive()
        await sandbox.invite(harbour.guild, bot, BOT_PERMISSIONS | READS_AUDIT_LOG)
        yield Stack(harbour, environ, load(GatewaySettings, settings))


async def are(harbour: Harbour, person: Person, *expected: tuple[str, str]) -> list[Json]:
    """Wait until these are somebody's infractions, first to last; return them."""

    async def found() -> list[Json]:
        record = [*reversed(await harbour.of(person))]
        assert [(one["kind"], one["state"]) for one in record] == [*expected], record
        return record

    return await eventually(found, within=60)


async def test_what_is_done_in_the_client_is_recorded_with_who_did_it(stack: Stack) -> None:
    async with stack.up() as harbour:
        raider, guild = await harbour.newcomer(), harbour.guild

        await harbour.moderator.bans(guild, raider, "flooding")
        [ban] = await are(harbour, raider, ("ban", "active"))
        await harbour.colleague.unbans(guild, raider)
        ban, unban = await are(harbour, raider, ("ban", "lifted"), ("unban", "done"))

    assert ban["moderator"] == {"id": str(harbour.moderator.id), "name": "moderator"}
    assert ban["reason"] == "flooding"
    assert ban["history"][-1]["actor"]["name"] == "colleague"
    assert unban["moderator"]["name"] == "colleague"


async def test_timeouts_and_kicks_in_the_client_are_recorded(stack: Stack) -> None:
    async with stack.up() as harbour:
        raider, guild = await harbour.newcomer(), harbour.guild
        member = f"/guilds/{guild.id}/members/{raider.id}"
        until = datetime.now(UTC) + timedelta(hours=1)

        for end in (until, None):
            body = {"communication_disabled_until": end.isoformat() if end else None}
            await harbour.owner.rest("PATCH", member, body)
        await harbour.owner.rest("DELETE", member)
        mute, _, kick = await are(
            harbour, raider, ("mute", "lifted"), ("unmute", "done"), ("kick", "done")
        )

    assert abs(at(mute["expires_at"]) - until) < timedelta(seconds=1)
    assert kick["moderator"]["name"] == "owner"


async def test_what_the_bot_does_for_a_moderator_is_recorded_once(stack: Stack) -> None:
    async with stack.up() as harbour:
        raider, last = await harbour.newcomer(), await harbour.newcomer()

        await harbour.moderator.runs(f"/tempban {raider} 1h flooding", harbour.guild)
        await harbour.moderator.runs(f"/unban {raider}", harbour.guild)
        await harbour.moderator.bans(harbour.guild, last)
        await are(harbour, last, ("ban", "active"))

        await are(harbour, raider, ("ban", "lifted"), ("unban", "done"))


async def test_what_was_done_while_all_was_down_is_recorded_with_who_did_it(stack: Stack) -> None:
    async with stack.up() as harbour:
        raider, pardoned = await harbour.newcomer(), await harbour.newcomer()
        await harbour.moderator.runs(f"/tempban {pardoned} 1h", harbour.guild)
    stack.loses_its_session()
    await harbour.moderator.bans(harbour.guild, raider, "raiding")
    await harbour.colleague.unbans(harbour.guild, pardoned)

    async with stack.up():
        [ban] = await are(harbour, raider, ("ban", "active"))
        lifted, _ = await are(harbour, pardoned, ("ban", "lifted"), ("unban", "done"))

    assert (ban["moderator"]["name"], ban["reason"]) == ("moderator", "raiding")
    assert lifted["history"][-1]["actor"]["name"] == "colleague"
