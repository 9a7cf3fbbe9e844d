"""Counting on a real ClickHouse: once each, whatever comes twice, late, or in the wrong order."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from msgspec import Struct

from services.stats import actions, reports
from services.stats.counting import Row, identify
from services.stats.deps import Deps
from services.stats.queries import days
from services.stats.spans import Span
from shared.contracts.config import ConfigDocument, Plugins, StatsPlugin
from shared.contracts.ids import ChannelId, GuildId
from shared.errors import UserError

from .conftest import at, message

UTC_ZONE = ZoneInfo("UTC")
GUILD = GuildId(1)
WEEKS = Span(at(1, 0), at(31, 0))


async def count(deps: Deps, *rows: Row, now: datetime, delivered: datetime | None = None) -> None:
    await actions.count(deps, [(row, delivered or now) for row in rows], now)


async def total(deps: Deps, span: Span = WEEKS, channel: int | None = None) -> int:
    channel_id = None if channel is None else ChannelId(channel)
    found = await reports.messages_by_hour(deps, GUILD, span, UTC_ZONE, channel_id)
    assert found.total == sum(hour.count for hour in found.hours)
    return found.total


class Number(Struct):
    n: int


async def rows_in(deps: Deps, table: str) -> int:
    sql = f"SELECT count() AS n FROM {table}"  # noqa: S608 - a name of our own
    (found,) = await deps.clickhouse.fetch_all(Number, sql)
    return found.n


def leave(message_id: str) -> Row:
    return Row(
        guild_id=1, kind="leave", event_id=identify("leave", message_id), at_ms=None, user_id=5
    )


async def test_what_is_delivered_twice_is_counted_once(deps: Deps) -> None:
    rows = [message(number, at(10, 9, number % 60)) for number in range(1000)]
    await count(deps, *rows, now=at(10))
    await count(deps, *rows[300:700], now=at(10))
    await count(deps, *rows[::-7], *rows[:3], now=at(10))
    assert await total(deps) == 1000


async def test_a_leave_that_is_replayed_at_another_time_is_counted_once(deps: Deps) -> None:
    await count(deps, leave("0:s:1"), leave("0:s:2"), now=at(10), delivered=at(10, 23, 59))
    await count(deps, leave("0:s:1"), leave("0:s:1"), now=at(11), delivered=at(11, 0, 1))
    members = await reports.members_by_day(deps, GUILD, WEEKS, UTC_ZONE)
    assert members.leaves == 2
    assert {day.day: day.leaves for day in members.days if day.leaves} == {at(10).date(): 2}


async def test_finished_days_are_read_from_sums_with_the_same_result(deps: Deps) -> None:
    rows = [message(n, at(8 + n % 4, n % 24), user=n % 7, channel=n % 3) for n in range(500)]
    await count(deps, *rows, now=at(11, 23))
    now = at(14)
    before = await reports.messages_by_hour(deps, GUILD, WEEKS, UTC_ZONE, None)
    assert await actions.sum_days(deps, now) == [at(day).date() for day in (11, 10, 9, 8)]
    await deps.clickhouse.execute("TRUNCATE TABLE events")
    assert await reports.messages_by_hour(deps, GUILD, WEEKS, UTC_ZONE, None) == before
    assert await total(deps, channel=2) == sum(n % 3 == 2 for n in range(500))
    summary = await reports.summary(deps, GUILD, Span(at(8, 0), at(12, 0)), UTC_ZONE)
    assert (summary.now.messages, summary.now.active_members) == (500, 7)
    assert await actions.sum_days(deps, now) == []


async def test_today_and_yesterday_are_not_summed(deps: Deps) -> None:
    await count(deps, message(1, at(10)), message(2, at(9)), message(3, at(8)), now=at(10))
    assert await actions.sum_days(deps, at(10)) == [at(8).date()]
    assert await actions.sum_days(deps, at(11, 1)) == []
    assert await actions.sum_days(deps, at(11, 3)) == [at(9).date()]


async def test_a_late_event_is_counted_at_once_and_the_day_summed_again(deps: Deps) -> None:
    await count(deps, message(1, at(5)), now=at(5))
    await actions.sum_days(deps, at(10))
    await count(deps, message(2, at(5)), now=at(10))
    assert await total(deps) == 2
    assert await actions.sum_days(deps, at(10)) == [at(5).date()]
    assert await total(deps) == 2
    assert await rows_in(deps, "hourly") == 1


async def test_an_event_that_comes_while_its_day_is_summed_is_not_lost(deps: Deps) -> None:
    await count(deps, message(1, at(5)), now=at(5))
    (behind,) = await days.to_sum(deps.db, at(1).date(), at(31).date())
    await count(deps, message(2, at(5)), now=at(10))
    await days.mark_summed(deps.db, behind)
    assert await actions.sum_days(deps, at(10)) == [at(5).date()]
    assert await total(deps) == 2


async def test_a_server_that_turned_statistics_off_is_not_counted(deps: Deps) -> None:
    off = ConfigDocument(plugins=Plugins(stats=StatsPlugin(enabled=False)))
    deps.config.remember(GUILD, 1, off)
    await count(deps, message(1, at(5)), leave("0:s:1"), now=at(5))
    assert await total(deps) == 0
    deps.config.remember(GUILD, 2, ConfigDocument())
    await count(deps, message(2, at(5)), now=at(5))
    assert await total(deps) == 1


async def test_hours_without_messages_are_there_with_zero(deps: Deps) -> None:
    await count(deps, message(1, at(5, 3, 59)), message(2, at(5, 5)), now=at(5))
    span = Span(at(5, 3, 30), at(5, 5, 30))
    found = await reports.messages_by_hour(deps, GUILD, span, UTC_ZONE, None)
    assert [(hour.hour, hour.count) for hour in found.hours] == [
        (at(5, 3), 1),
        (at(5, 4), 0),
        (at(5, 5), 1),
    ]


async def test_the_hours_of_india_begin_at_half_past(deps: Deps) -> None:
    await count(deps, message(1, at(5, 3, 29)), message(2, at(5, 3, 31)), now=at(5))
    span = Span(at(5, 3, 0), at(5, 4, 0))
    found = await reports.messages_by_hour(deps, GUILD, span, ZoneInfo("Asia/Kolkata"), None)
    assert [(hour.hour, hour.count) for hour in found.hours] == [
        (at(5, 2, 30), 1),
        (at(5, 3, 30), 1),
    ]


async def test_days_are_those_of_the_time_zone(deps: Deps) -> None:
    await count(deps, leave("0:s:1"), now=at(5), delivered=at(5, 23, 30))
    berlin = ZoneInfo("Europe/Berlin")
    members = await reports.members_by_day(deps, GUILD, Span(at(5, 0), at(7, 0)), berlin)
    assert [(day.day, day.leaves, day.net) for day in members.days] == [
        (at(5).date(), 0, 0),
        (at(6).date(), 1, -1),
        (at(7).date(), 0, 0),
    ]


async def test_a_summary_compares_with_the_time_before(deps: Deps) -> None:
    rows = [message(1, at(9)), message(2, at(10)), message(3, at(10, 13), user=8)]
    await count(deps, *rows, now=at(10))
    summary = await reports.summary(deps, GUILD, Span(at(10, 0), at(11, 0)), UTC_ZONE)
    assert (summary.now.messages, summary.before.messages) == (2, 1)
    assert (summary.now.active_members, summary.before.active_members) == (2, 1)


async def test_nonsense_is_refused_with_a_sentence(deps: Deps) -> None:
    with pytest.raises(UserError, match="before"):
        await reports.messages_by_hour(deps, GUILD, Span(at(6), at(5)), UTC_ZONE, None)
    long = Span(at(6) - timedelta(days=500), at(6))
    with pytest.raises(UserError, match="400 days"):
        await reports.members_by_day(deps, GUILD, long, UTC_ZONE)


async def test_other_servers_are_never_in_the_numbers(deps: Deps) -> None:
    await count(deps, message(1, at(5)), now=at(5))
    found = await reports.messages_by_hour(deps, GuildId(2), WEEKS, UTC_ZONE, None)
    assert found.total == 0
    assert found.hours[0].hour.tzinfo is UTC
