"""Statements about the processes that share the shards: who is there, who holds how many."""

from datetime import datetime, timedelta

from msgspec import Struct

from shared.postgres import (
    Connection,
    Executor,
    execute,
    fetch_all,
)


class Process(Struct, frozen=True, kw_only=True):
    """A process of the gateway that is alive; `shards` is how many it holds."""

    owner: str
    shard_count: int
    draining: bool
    joined_at: datetime
    shards: int


async def show_up(
    on: Connection, owner: str, shard_count: int, lease: timedelta, *, draining: bool
) -> None:
    """Say that a process is there, on its own connection; forget those that died."""
    await execute(
        on,
        """
        WITH forgotten AS (
            DELETE FROM processes
             WHERE owner <> $1 AND expires_at < clock_timestamp() - interval '1 minute')
        INSERT INTO processes (owner, shard_count, draining, backend_pid, backend_start, expires_at)
        SELECT $1, $2, $3, pid, backend_start, clock_timestamp() + $4
          FROM pg_stat_activity WHERE pid = pg_backend_pid()
            ON CONFLICT (owner) DO UPDATE
               SET draining = excluded.draining, backend_pid = excluded.backend_pid,
                   backend_start = excluded.backend_start, expires_at = excluded.expires_at
        """,
        owner,
        shard_count,
        draining,
        lease,
    )


async def sign_off(db: Executor, owner: str) -> None:
    """Say that a process is about to end."""
    await execute(db, "DELETE FROM processes WHERE owner = $1", owner)


async def processes(db: Executor) -> list[Process]:
    """Return the processes that are alive, the oldest first."""
    return await fetch_all(
        db,
        Process,
        """
        SELECT p.owner, p.shard_count, p.draining, p.joined_at,
               (SELECT count(*) FROM leases l
                 WHERE l.owner = p.owner AND l.name LIKE 'shard:%') AS shards
          FROM processes p
         WHERE p.expires_at > clock_timestamp()
           AND EXISTS (SELECT FROM pg_stat_activity a
                        WHERE a.pid = p.backend_pid AND a.backend_start = p.backend_start)
         ORDER BY p.joined_at, p.owner
        """,
    )
