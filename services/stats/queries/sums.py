"""The sums of finished days in ClickHouse: built beside, then put in place of a day's old ones."""

from datetime import date, timedelta

from services.stats.clickhouse import ClickHouse

HOURLY = "hourly"
USER_DAILY = "user_daily"


async def make_room(clickhouse: ClickHouse, table: str) -> None:
    """Give an empty table beside one of sums, of the same shape."""
    await clickhouse.execute(f"DROP TABLE IF EXISTS {table}_building SYNC")
    await clickhouse.execute(f"CREATE TABLE {table}_building AS {table}")


async def drop_room(clickhouse: ClickHouse, table: str) -> None:
    """Drop the table beside."""
    await clickhouse.execute(f"DROP TABLE IF EXISTS {table}_building SYNC")


async def build_hourly(clickhouse: ClickHouse, day: date) -> None:
    """Sum a day by hour and channel, beside the sums that are read."""
    await clickhouse.execute(
        """
        INSERT INTO hourly_building
        SELECT guild_id, kind, toStartOfHour(ts) AS hour, channel_id, subkind,
               count() AS n, sum(value) AS v
          FROM events FINAL
         WHERE ts >= toDateTime64(%(first)s, 3, 'UTC') AND ts < toDateTime64(%(next)s, 3, 'UTC')
         GROUP BY guild_id, kind, hour, channel_id, subkind
        """,
        **_bounds(day),
    )


async def build_user_daily(clickhouse: ClickHouse, day: date) -> None:
    """Sum a day by user, beside the sums that are read."""
    await clickhouse.execute(
        """
        INSERT INTO user_daily_building
        SELECT guild_id, kind, toDate(ts) AS day, user_id, subkind, count() AS n, sum(value) AS v
          FROM events FINAL
         WHERE ts >= toDateTime64(%(first)s, 3, 'UTC') AND ts < toDateTime64(%(next)s, 3, 'UTC')
         GROUP BY guild_id, kind, day, user_id, subkind
        """,
        **_bounds(day),
    )


async def replace(clickhouse: ClickHouse, table: str, day: date) -> None:
    """Put a day's new sums in place of the old ones, at once."""
    partition = day.strftime("%Y%m%d")
    await clickhouse.execute(
        f"ALTER TABLE {table} REPLACE PARTITION {partition} FROM {table}_building"
    )


def _bounds(day: date) -> dict[str, str]:
    return {"first": f"{day} 00:00:00", "next": f"{day + timedelta(days=1)} 00:00:00"}
