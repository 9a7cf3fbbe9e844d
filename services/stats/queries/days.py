"""What stats keeps in Postgres: which days' sums are up to date, and when timeless events were."""

from collections.abc import Collection, Sequence
from datetime import date, datetime

from msgspec import Struct

from shared.postgres import Executor, execute, fetch_all


class Seen(Struct, frozen=True):
    """When an event without a time of its own was first delivered."""

    guild_id: int
    event_id: int
    seen_at: datetime


class Day(Struct, frozen=True):
    """A day whose sums have to be built, and the state of it that they would be built from."""

    day: date
    changes: int


async def settle(db: Executor, seen: Sequence[Seen]) -> list[Seen]:
    """Note when events were first seen, or return when they had been; each event given once."""
    return await fetch_all(
        db,
        Seen,
        """
        INSERT INTO first_seen AS known (guild_id, event_id, seen_at)
        SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::timestamptz[])
            ON CONFLICT (guild_id, event_id) DO UPDATE SET seen_at = known.seen_at
        RETURNING guild_id, event_id, seen_at
        """,
        [each.guild_id for each in seen],
        [each.event_id for each in seen],
        [each.seen_at for each in seen],
    )


async def forget_seen(db: Executor, before: datetime) -> int:
    """Forget events that no gateway will deliver again; returns how many."""
    return await execute(db, "DELETE FROM first_seen WHERE seen_at < $1", before)


async def note_changes(db: Executor, days: Collection[date]) -> int:
    """Say that days have rows that their sums don't have."""
    return await execute(
        db,
        """
        INSERT INTO days AS known (day)
        SELECT * FROM unnest($1::date[])
         ORDER BY 1
            ON CONFLICT (day) DO UPDATE SET changes = known.changes + 1
        """,
        sorted(days),
    )


async def to_sum(db: Executor, oldest: date, newest: date) -> list[Day]:
    """Return the days whose sums are behind, newest first."""
    return await fetch_all(
        db,
        Day,
        """
        SELECT day, changes FROM days
         WHERE changes <> summed AND day BETWEEN $1 AND $2
         ORDER BY day DESC
        """,
        oldest,
        newest,
    )


async def mark_summed(db: Executor, day: Day) -> int:
    """Say that a day's sums are those of the state that they were built from."""
    return await execute(db, "UPDATE days SET summed = $2 WHERE day = $1", day.day, day.changes)


class SummedDay(Struct, frozen=True):
    """A day whose sums hold."""

    day: date


async def summed(db: Executor, first: date, last: date) -> list[SummedDay]:
    """Return the days whose sums hold."""
    return await fetch_all(
        db,
        SummedDay,
        "SELECT day FROM days WHERE summed = changes AND day BETWEEN $1 AND $2 ORDER BY day",
        first,
        last,
    )
