"""Statements about the identify gate."""

from datetime import timedelta

from shared.postgres import (
    Executor,
    execute,
    fetch_value,
)


async def enter_gate(db: Executor, bucket: int, hold: timedelta) -> float:
    """Take the turn to identify; return 0, or after how many seconds to ask again."""
    return await fetch_value(
        db,
        float,
        """
        WITH turn AS (
            INSERT INTO identify_gate AS g (bucket, free_at)
            VALUES ($1, clock_timestamp() + $2)
                ON CONFLICT (bucket) DO UPDATE SET free_at = excluded.free_at
                   WHERE g.free_at <= clock_timestamp()
            RETURNING bucket)
        SELECT CASE WHEN EXISTS (SELECT FROM turn) THEN 0
               ELSE coalesce((SELECT greatest(0.05, extract(epoch FROM free_at - clock_timestamp()))
                                FROM identify_gate WHERE bucket = $1), 0.05) END::float
        """,
        bucket,
        hold,
    )


async def leave_gate(db: Executor, bucket: int, pause: timedelta) -> None:
    """Have the turn end after a pause: the next one identifies then."""
    await execute(
        db,
        "UPDATE identify_gate SET free_at = clock_timestamp() + $2 WHERE bucket = $1",
        bucket,
        pause,
    )
