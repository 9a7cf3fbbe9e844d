"""What stats does: count events, once each, and keep the sums of finished days right."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Final

import structlog

from services.stats.counting import Row, columns, unix_ms
from services.stats.deps import Deps
from services.stats.queries import days, events, sums
from services.stats.queries.days import Day, Seen
from services.stats.spans import DAY
from shared.contracts.ids import GuildId

EPOCH: Final = date(1970, 1, 1)
KEPT: Final = timedelta(days=179)
"""Older days are not summed again, as their events are about to go (see the table's TTL)."""
SETTLED: Final = timedelta(hours=2)
"""How long after a day has become the day before yesterday it is summed first."""
REPLAYED: Final = timedelta(days=2)
"""How long an event without a time is remembered; a session can be resumed for minutes only."""

log = structlog.get_logger()


async def count(deps: Deps, rows: Sequence[tuple[Row, datetime]], now: datetime) -> int:
    """Count events, each given with when it was delivered; returns how many were inserted.

    When it returns, the rows are kept. Running it again with the same events changes nothing.
    """
    wanted = [(row, at) for row, at in rows if _is_counted(deps, row)]
    settled = await _settle(deps, wanted)
    if not settled:
        return 0
    with deps.metrics.insert_seconds.time():
        inserted = await events.insert(deps.clickhouse, columns(settled))
    # After the insert: if we die in between, the batch comes again and is noted then.
    await _note_days(deps, settled, now)
    deps.metrics.inserted(settled)
    return inserted


def _is_counted(deps: Deps, row: Row) -> bool:
    return deps.config.get(GuildId(row.guild_id)).plugins.stats.enabled


async def _settle(deps: Deps, rows: Iterable[tuple[Row, datetime]]) -> list[Row]:
    """Give each row without a time the one at which it was delivered first."""
    timeless = {
        (row.guild_id, row.event_id): Seen(row.guild_id, row.event_id, at.astimezone(UTC))
        for row, at in rows
        if row.at_ms is None
    }
    if not timeless:
        return [row for row, _ in rows]
    seen = await days.settle(deps.db, list(timeless.values()))
    times = {(each.guild_id, each.event_id): unix_ms(each.seen_at) for each in seen}
    return [
        row if row.at_ms is not None else replace(row, at_ms=times[row.guild_id, row.event_id])
        for row, _ in rows
    ]


async def _note_days(deps: Deps, rows: Iterable[Row], now: datetime) -> None:
    """Note the days that got rows: finished ones each time, today and yesterday once."""
    touched = {EPOCH + timedelta(days=number) for number in {row.day for row in rows}}
    recent = {day for day in touched if day >= now.astimezone(UTC).date() - DAY}
    to_note = touched - (recent & deps.noted_days)
    if to_note:
        await days.note_changes(deps.db, to_note)
        deps.noted_days.clear()
        deps.noted_days.update(recent)


async def sum_days(deps: Deps, now: datetime) -> list[date]:
    """Build the sums of every finished day whose sums are behind; returns those days.

    One process at a time does it, as the room that it builds in is one.
    """
    today = now.astimezone(UTC).date()
    newest = (now - SETTLED).astimezone(UTC).date() - 2 * DAY
    behind = await days.to_sum(deps.db, today - KEPT, newest)
    for day in behind:
        await _sum_day(deps, day)
    await days.forget_seen(deps.db, now - REPLAYED)
    return [day.day for day in behind]


async def _sum_day(deps: Deps, day: Day) -> None:
    with deps.metrics.sum_seconds.time():
        for table, build in (
            (sums.HOURLY, sums.build_hourly),
            (sums.USER_DAILY, sums.build_user_daily),
        ):
            await sums.make_room(deps.clickhouse, table)
            await build(deps.clickhouse, day.day)
            await sums.replace(deps.clickhouse, table, day.day)
            await sums.drop_room(deps.clickhouse, table)
    await days.mark_summed(deps.db, day)
    log.info("day_summed", day=str(day.day))
