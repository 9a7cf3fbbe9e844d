"""Questions about what was counted: ClickHouse's sums and events, read together."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from msgspec import Struct

from services.stats.clickhouse import ClickHouse
from services.stats.counting import Column, Kind
from services.stats.spans import Span, Split

HOUR_MINUTES: Final = 60
QUARTER_MINUTES: Final = 15


class Slot(Struct, frozen=True):
    """How often something happened in a slot of time that begins at `start`."""

    start: datetime
    kind: Kind
    subkind: str
    n: int


async def insert(clickhouse: ClickHouse, columns: dict[str, Column]) -> int:
    """Insert events; those that are there already stay one."""
    return await clickhouse.insert("events", columns)


async def slots(
    clickhouse: ClickHouse,
    guild_id: int,
    kinds: Sequence[Kind],
    split: Split,
    *,
    channel_id: int | None = None,
    minutes: int = HOUR_MINUTES,
) -> list[Slot]:
    """Count by slots of an hour; of a quarter of an hour where nothing is read from sums."""
    assert minutes == HOUR_MINUTES or not split.summed, "sums know hours only"
    channel = "AND channel_id = %(channel)s" if channel_id is not None else ""
    # Only our own words and numbers are put into the text; what was asked for are parameters.
    sql = f"""
        SELECT slot AS start, kind, subkind, sum(m) AS n FROM (
            SELECT hour AS slot, kind, subkind, sum(n) AS m
              FROM hourly
             WHERE guild_id = %(guild)s AND kind IN %(kinds)s {channel}
               AND ({_within("hour", split.summed)})
             GROUP BY slot, kind, subkind
            UNION ALL
            SELECT toStartOfInterval(ts, INTERVAL {minutes} MINUTE) AS slot, kind, subkind,
                   count() AS m
              FROM events FINAL
             WHERE guild_id = %(guild)s AND kind IN %(kinds)s {channel}
               AND ({_within("ts", split.events)})
             GROUP BY slot, kind, subkind
        )
        GROUP BY slot, kind, subkind
        ORDER BY slot
        """  # noqa: S608
    return await clickhouse.fetch_all(
        Slot, sql, guild=guild_id, kinds=tuple(kinds), channel=channel_id
    )


class Active(Struct, frozen=True):
    """How many people wrote something."""

    members: int


async def active_members(clickhouse: ClickHouse, guild_id: int, split: Split) -> int:
    """Count the people who wrote at least one message; `split` is one of whole days."""
    sql = f"""
        SELECT uniqExact(user_id) AS members FROM (
            SELECT user_id FROM user_daily
             WHERE guild_id = %(guild)s AND kind = 'message' AND subkind = 'person'
               AND ({_within("toDateTime(day, 'UTC')", split.summed)})
            UNION ALL
            SELECT user_id FROM events
             WHERE guild_id = %(guild)s AND kind = 'message' AND subkind = 'person'
               AND ({_within("ts", split.events)})
        )
        """  # noqa: S608 - only our own words and numbers
    (active,) = await clickhouse.fetch_all(Active, sql, guild=guild_id)
    return active.members


def _within(column: str, spans: Sequence[Span]) -> str:
    """Return the condition that a moment is in one of the spans."""
    tests = [
        f"({column} >= {_moment(span.start)} AND {column} < {_moment(span.end)})" for span in spans
    ]
    return " OR ".join(tests) or "0"


def _moment(moment: datetime) -> str:
    text = moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
    return f"toDateTime64('{text}', 3, 'UTC')"
