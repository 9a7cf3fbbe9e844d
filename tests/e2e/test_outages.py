"""What happens when parts are killed or stopped while something is under way: nothing is lost."""

import asyncio

import pytest

from shared.bus import connect
from tests.e2e.harbour import Harbour, number_in
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_ban_is_lifted_in_time_though_infractions_was_killed(harbour: Harbour) -> None:
    raider = await harbour.newcomer()
    answer = await harbour.moderator.runs(f"/tempban {raider} 3s", harbour.channel)
    harbour.stack.hold("infractions")
    await harbour.stack.kill("infractions")

    await harbour.stack.start("infractions")

    infraction = await harbour.until_state(number_in(answer), "expired")
    assert [step["change"] for step in infraction["history"]] == ["created", "active", "expired"]
    assert not await harbour.client.banned(harbour.guild, raider)


async def test_a_command_sent_while_infractions_is_away_is_done_when_it_is_back(
    harbour: Harbour,
) -> None:
    raider = await harbour.newcomer()
    harbour.stack.hold("infractions")
    await harbour.stack.kill("infractions")
    running = asyncio.create_task(harbour.types(harbour.moderator, f"!ban {raider}", within=60))
    await _reached_the_queue(harbour)

    await harbour.stack.start("infractions")

    assert "Banned" in (await running).text
    found = await harbour.get("infractions", "/infractions", user_id=raider.id)
    assert len(found["items"]) == 1


async def test_the_gateway_killed_amid_a_thousand_messages_loses_and_doubles_none(
    harbour: Harbour,
) -> None:
    channel = await harbour.channel_of_its_own()
    assert len(await harbour.client.traffic(harbour.guild, 300, channel=channel)) == 300
    posting = asyncio.create_task(
        harbour.client.traffic(harbour.guild, 700, channel=channel, rate=300)
    )
    await harbour.stack.kill("gateway")
    await harbour.stack.ready("gateway")

    assert len(await posting) == 700

    await harbour.until_counted(channel, 1000)


async def test_rabbitmq_stopped_and_started_under_traffic_loses_nothing(harbour: Harbour) -> None:
    channel = await harbour.channel_of_its_own()
    assert len(await harbour.client.traffic(harbour.guild, 100, channel=channel)) == 100
    posting = asyncio.create_task(
        harbour.client.traffic(harbour.guild, 500, channel=channel, rate=100)
    )
    await harbour.stack.stop("rabbitmq")
    await harbour.stack.start("rabbitmq")

    assert len(await posting) == 500

    await harbour.until_counted(channel, 600)
    await _commands_work(harbour)


async def test_postgres_stopped_and_started_loses_nothing(harbour: Harbour) -> None:
    channel = await harbour.channel_of_its_own()
    raider = await harbour.newcomer()
    answer = await harbour.moderator.runs(f"/tempban {raider} 2s", harbour.channel)
    await harbour.stack.stop("postgres")
    await harbour.client.traffic(harbour.guild, 100, channel=channel)
    other = await harbour.newcomer()
    running = asyncio.create_task(harbour.types(harbour.moderator, f"!warn {other} x", within=60))

    await harbour.stack.start("postgres")

    assert "Warned" in (await running).text
    await harbour.until_state(number_in(answer), "expired")
    await harbour.until_counted(channel, 100)


async def test_clickhouse_away_for_a_while_loses_nothing(harbour: Harbour) -> None:
    channel = await harbour.channel_of_its_own()
    await harbour.stack.stop("clickhouse")
    await harbour.client.traffic(harbour.guild, 300, channel=channel, rate=100)
    await _commands_work(harbour)

    await harbour.stack.start("clickhouse")

    await harbour.until_counted(channel, 300)


async def _commands_work(harbour: Harbour) -> None:
    answer = await harbour.types(harbour.moderator, "!ping")
    assert "ong" in answer.text


async def _reached_the_queue(harbour: Harbour) -> None:
    """Wait until a command lies in the queue of infractions, which nobody reads."""
    async with connect(harbour.stack.manifest.amqp_url, name="tests") as bus:

        async def waiting() -> None:
            messages, _ = await bus.queue_stats("infractions.commands")
            assert messages > 0

        await eventually(waiting)
