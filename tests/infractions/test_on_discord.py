"""Infractions behind the real gateway, on a Discord that people use with their clients."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack

import httpx
import pytest
import pytest_asyncio

from services.gateway.settings import Settings as GatewaySettings
from shared.bus import connect
from shared.contracts.config import ConfigDocument, InfractionsPlugin, Plugins
from shared.contracts.domain import ConfigChanged
from shared.contracts.ids import GuildId
from shared.contracts.topology import FLOTILLA_EVENTS
from shared.settings import load
from tests.infractions.harbour import Harbour, commands_are_there, gateway
from tests.infractions.rig import environment, in_process
from tests.support import backends as places
from tests.support.backends import Backends
from tests.support.ports import free_port
from tests.support.sandbox import running
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")

BANNED, UNBANNED = 22, 23
"""Types of entries in the audit log."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def harbour(backends: Backends) -> AsyncGenerator[Harbour]:
    """Give a guild on a Discord of the test's own, with the gateway and infractions at work."""
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
        await sandbox.invite(harbour.guild, bot)
        await enter(gateway(load(GatewaySettings, settings)))
        await enter(in_process(environ))
        await eventually(lambda: commands_are_there(harbour))
        yield harbour


async def test_a_temporary_ban_from_the_command_to_the_lift(harbour: Harbour) -> None:
    raider = await harbour.newcomer()

    answer = await harbour.moderator.runs(f"/tempban {raider} 3s flooding", harbour.guild)

    assert "until <t:" in answer.text
    assert await harbour.sandbox.banned(harbour.guild, raider)

    async def lifted() -> None:
        [infraction] = await harbour.of(raider)
        assert infraction["state"] == "expired"

    await eventually(lifted)
    assert not await harbour.sandbox.banned(harbour.guild, raider)
    moderator = harbour.moderator
    assert await harbour.reasons(BANNED, raider) == [f"moderator ({moderator.id}): flooding"]
    [reason] = await harbour.reasons(UNBANNED, raider)
    assert "by moderator expired" in reason


async def test_the_audit_log_takes_a_reason_of_any_length_and_script(harbour: Harbour) -> None:
    raider = await harbour.newcomer()

    await harbour.moderator.runs(f"/ban {raider} reason:{'Überfall 🚢 ' * 100}", harbour.guild)

    [reason] = await harbour.reasons(BANNED, raider)
    assert len(reason) <= 512
    assert "Überfall 🚢" in reason


async def test_pages_are_turned_in_place(harbour: Harbour) -> None:
    raider = await harbour.newcomer()
    for number in range(12):
        await harbour.moderator.runs(f"/warn {raider} number {number}", harbour.guild)

    first = await harbour.moderator.runs(f"/infractions search {raider}", harbour.guild)
    second = await harbour.moderator.clicks(first, "Older")

    assert "number 11" in first.text
    assert "number 1\n" in f"{second.text}\n"
    assert "number 2" not in second.text
    assert second.id == first.id
    third = await harbour.moderator.clicks(second, "Newer")
    assert third.text == first.text


async def test_two_moderators_ban_one_member_at_once(harbour: Harbour) -> None:
    raider = await harbour.newcomer()

    answers = await asyncio.gather(
        harbour.moderator.runs(f"/ban {raider}", harbour.guild),
        harbour.colleague.runs(f"/ban {raider}", harbour.guild),
    )

    texts = sorted(answer.text for answer in answers)
    assert "is banned for good already" in texts[0]
    assert texts[1].startswith("Banned")
    assert [one["state"] for one in await harbour.of(raider)] == ["active"]


async def test_a_ban_that_was_lifted_as_the_session_was_lost_is_found(harbour: Harbour) -> None:
    raider, other = await harbour.newcomer(), await harbour.newcomer()
    for one in (raider, other):
        await harbour.moderator.runs(f"/ban {one}", harbour.guild)
    await harbour.owner.rest("DELETE", f"/guilds/{harbour.guild.id}/bans/{raider.id}")

    await harbour.sandbox.fault(gateway="close", close_code=4009)

    async def found() -> None:
        *_, ban = await harbour.of(raider)
        assert ban["state"] == "lifted"

    await eventually(found, within=60)
    assert [one["state"] for one in await harbour.of(other)] == ["active"]


async def test_a_member_is_told_before_the_ban(harbour: Harbour) -> None:
    raider = await harbour.newcomer()
    plugins = Plugins(infractions=InfractionsPlugin(notify_user=True))
    event = ConfigChanged(
        guild_id=GuildId(harbour.guild.id), revision=1, document=ConfigDocument(plugins=plugins)
    )
    await harbour.bus.publish(
        FLOTILLA_EVENTS, event.KEY, event, message_id="1", guild_id=event.guild_id, type=event.KEY
    )

    async def told() -> None:
        await harbour.moderator.runs(f"/warn {raider} x", harbour.guild)
        assert "told" in [step["change"] for step in (await harbour.of(raider))[0]["history"]]

    await eventually(told)

    await harbour.moderator.runs(f"/ban {raider} reason:flooding", harbour.guild)

    changes = [step["change"] for step in (await harbour.of(raider))[0]["history"]]
    assert changes == ["created", "told", "active"]
    [channel] = await raider.rest("GET", "/users/@me/channels")
    messages = await raider.sees(int(channel["id"]))
    assert messages[-1].content == "You were banned from **Harbour**.\nReason: flooding"


async def test_what_the_bot_may_not_do_has_failed(harbour: Harbour) -> None:
    raider = await harbour.newcomer()
    await harbour.sandbox.fault(
        method="PUT", route="/guilds/*/bans/*", status=403, body={"code": 50013}, times=1
    )

    answer = await harbour.moderator.runs(f"/ban {raider}", harbour.guild)

    assert "lacks a permission" in answer.text
    assert [one["state"] for one in await harbour.of(raider)] == ["failed"]
    assert not await harbour.sandbox.banned(harbour.guild, raider)
