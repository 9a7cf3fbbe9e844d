"""The whole of stats on real servers: events in from RabbitMQ, answers out over HTTP."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from msgspec import structs

from services.stats.settings import Settings
from shared.contracts.discord import GuildSnapshot
from shared.contracts.ids import GuildId
from shared.contracts.invocations import GuildRef
from shared.settings import Secret
from tests.support.gateway import gateway_end
from tests.support.invoking import by_interaction
from tests.support.proxy import Proxy, proxied
from tests.support.waiting import eventually

from .rig import GUILD, Stats, message, running


@pytest.fixture
async def stats(settings: Settings) -> AsyncIterator[Stats]:
    async with running(settings) as stats:
        await eventually(stats.is_ready)
        yield stats


async def test_a_thousand_messages_are_exactly_a_thousand(stats: Stats) -> None:
    await stats.hears_messages(1000)
    await stats.hears_messages(300, first=500)

    async def all_are_counted() -> bool:
        return await stats.total() == 1000

    await eventually(all_are_counted)

    async def nothing_waits() -> bool:
        return (await stats.asks("/messages/hourly")).json()["fresh"]["behind"] == 0

    await eventually(nothing_waits)
    found = (await stats.asks("/messages/hourly")).json()
    assert len(found["hours"]) in {24, 25}
    assert found["guild_id"] == str(GUILD)
    assert found["total"] == 1000
    summary = (await stats.asks("/summary")).json()
    assert (summary["now"]["messages"], summary["now"]["active_members"]) == (1000, 10)


async def test_joins_and_leaves_are_counted_also_when_a_session_is_replayed(stats: Stats) -> None:
    now = datetime.now(UTC).isoformat()
    join = {"guild_id": str(GUILD), "user": {"id": "5"}, "joined_at": now}
    leave = {"guild_id": str(GUILD), "user": {"id": "5"}}
    for _ in range(2):
        await stats.hears("GUILD_MEMBER_ADD", join, message_id="0:session:join")
        await stats.hears("GUILD_MEMBER_REMOVE", leave, message_id="0:session:leave")
    await stats.hears_messages(1)

    async def everything_is_counted() -> bool:
        return await stats.total() == 1

    await eventually(everything_is_counted)
    found = (await stats.asks("/members/daily")).json()
    assert (found["joins"], found["leaves"], found["net"]) == (1, 1, 0)
    assert len(found["days"]) == 30


async def test_what_nobody_can_read_is_parked_and_holds_nothing_up(stats: Stats) -> None:
    await stats.hears("MESSAGE_CREATE", b'{"id": "not a number"}', message_id="0:session:poison")
    await stats.hears_messages(3)

    async def the_others_are_counted() -> bool:
        return await stats.total() == 3

    await eventually(the_others_are_counted)
    (letter,) = await stats.broker.peek("stats.ingest")
    assert letter.message_id == "0:session:poison"
    assert "not a countable MESSAGE_CREATE" in letter.reason


async def test_messages_that_come_while_clickhouse_is_away_are_counted_later(
    settings: Settings,
) -> None:
    async with (
        proxied(settings.clickhouse_url.reveal()) as door,
        running(_behind(settings, door)) as stats,
    ):
        await eventually(stats.is_ready)
        await stats.hears_messages(5)

        async def five_are_counted() -> bool:
            return await stats.total() == 5

        await eventually(five_are_counted)
        await door.shut()
        assert (await stats.asks("/messages/hourly")).status_code == 503
        assert (await stats.client.get("/readyz")).json()["dependencies"] == {
            "postgres": True,
            "rabbitmq": True,
            "clickhouse": False,
        }
        await stats.hears_messages(20)
        await door.open()

        async def all_are_counted() -> bool:
            return await stats.total() == 20

        await eventually(all_are_counted)


async def test_a_clickhouse_that_hangs_is_away_for_whoever_waits(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    async with (
        proxied(settings.clickhouse_url.reveal()) as door,
        running(_behind(settings, door)) as stats,
    ):
        await eventually(stats.is_ready)
        door.stall()
        # more than there are connections, so that some wait for one
        answers = await asyncio.gather(*(stats.asks("/messages/hourly") for _ in range(5)))
        assert {answer.status_code for answer in answers} == {503}
        door.flow()

        async def it_answers() -> bool:
            return (await stats.asks("/messages/hourly")).is_success

        await eventually(it_answers)
    assert not [one for one in caplog.records if one.name.startswith("clickhouse_driver")]


async def test_what_happens_while_postgres_is_away_is_counted_later(settings: Settings) -> None:
    async with (
        proxied(settings.database_url.reveal()) as door,
        running(structs.replace(settings, database_url=Secret(door.url))) as stats,
    ):
        await eventually(stats.is_ready)
        await door.shut()
        await stats.hears_messages(20)
        leave = {"guild_id": str(GUILD), "user": {"id": "5"}}
        await stats.hears("GUILD_MEMBER_REMOVE", leave)
        assert (await stats.asks("/messages/hourly")).status_code == 503
        await door.open()

        async def all_are_counted() -> bool:
            return await stats.total() == 20

        await eventually(all_are_counted)
        assert (await stats.asks("/members/daily")).json()["leaves"] == 1


async def test_what_happens_while_the_broker_is_away_is_counted_later(settings: Settings) -> None:
    async with (
        proxied(settings.amqp_url.reveal()) as door,
        running(structs.replace(settings, amqp_url=Secret(door.url))) as stats,
    ):
        await eventually(stats.is_ready)
        heard = asyncio.create_task(stats.hears_messages(300))
        door.cut()
        await door.shut()
        assert (await stats.asks("/messages/hourly")).json()["fresh"]["behind"] is None
        await door.open()
        await heard

        async def all_are_counted() -> bool:
            return await stats.total() == 300

        await eventually(all_are_counted)


async def test_the_queue_is_there_before_clickhouse_is(settings: Settings) -> None:
    async with proxied(settings.clickhouse_url.reveal()) as door:
        await door.shut()
        async with running(_behind(settings, door)) as stats:
            await stats.hears_messages(4)
            assert (await stats.client.get("/readyz")).status_code == 503
            assert (await stats.asks("/summary")).status_code == 503
            await door.open()

            async def all_are_counted() -> bool:
                answer = await stats.asks("/messages/hourly")
                return answer.is_success and answer.json()["total"] == 4

            await eventually(all_are_counted)


def _behind(settings: Settings, door: Proxy) -> Settings:
    return structs.replace(settings, clickhouse_url=Secret(door.url))


async def test_only_one_channel_can_be_asked_for(stats: Stats) -> None:
    await stats.hears_messages(2)
    await stats.hears("MESSAGE_CREATE", message(2) | {"channel_id": "8"})

    async def all_are_counted() -> bool:
        return await stats.total() == 3

    await eventually(all_are_counted)
    found = (await stats.asks("/messages/hourly", {"channel": "8"})).json()
    assert found["total"] == 1


async def test_metrics_tell_what_was_counted(stats: Stats) -> None:
    await stats.hears_messages(3)

    async def the_metrics_say_so() -> bool:
        metrics = (await stats.client.get("/metrics")).text
        return 'stats_rows_total{kind="message"} 3.0' in metrics

    await eventually(the_metrics_say_so)


async def test_the_command_sums_up_a_day_and_a_week(stats: Stats) -> None:
    await stats.hears_messages(12)

    async def all_are_counted() -> bool:
        return await stats.total() == 12

    await eventually(all_are_counted)
    guild = GuildSnapshot(id=GuildId(GUILD))
    async with gateway_end(stats.broker, guild) as gateway:
        by = structs.replace(by_interaction("stats"), guild=GuildRef(id=GuildId(GUILD)))
        (embed,) = (await gateway.message(by)).embeds
    day, week = embed.fields
    assert (day.name, week.name) == ("Last 24 hours", "Last 7 days")
    assert day.value.startswith("**12** messages")
    assert "**10** active members" in week.value
