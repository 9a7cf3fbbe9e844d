"""Statements about leases: claimed, renewed, given back."""

from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

from shared.postgres import (
    Connection,
    Executor,
    execute,
    fetch_all,
    fetch_maybe,
    fetch_value,
)

LEASES_CHANNEL: Final = "leases"
"""Notified when a lease is given back."""


class Lease(Struct, frozen=True, kw_only=True):
    """Who holds a piece of work."""

    name: str
    fence: int
    owner: str | None = None
    expires_at: datetime | None = None
    acquired_at: datetime | None = None


async def claim_lease(on: Connection, name: str, owner: str, lease: timedelta) -> int | None:
    """Take a lease that nobody holds any more; return its fence, or None while somebody does.

    The holder becomes the connection that this runs on.
    """
    return await fetch_maybe(
        on,
        int,
        """
        INSERT INTO leases AS l
               (name, fence, owner, backend_pid, backend_start, expires_at, acquired_at)
        SELECT $1, 1, $2, pid, backend_start, clock_timestamp() + $3, clock_timestamp()
          FROM pg_stat_activity WHERE pid = pg_backend_pid()
            ON CONFLICT (name) DO UPDATE
               SET fence = l.fence + 1, owner = excluded.owner,
                   backend_pid = excluded.backend_pid, backend_start = excluded.backend_start,
                   expires_at = excluded.expires_at, acquired_at = excluded.acquired_at
             WHERE l.owner IS NULL
                OR l.expires_at < clock_timestamp()
                OR NOT EXISTS (SELECT FROM pg_stat_activity a
                                WHERE a.pid = l.backend_pid AND a.backend_start = l.backend_start)
        RETURNING fence
        """,
        name,
        owner,
        lease,
    )


async def renew_leases(
    on: Connection, fences: dict[str, int], owner: str, lease: timedelta
) -> set[str]:
    """Prolong the leases that are still held under these fences, and return their names."""
    rows = await on.fetch(
        """
        UPDATE leases l
           SET expires_at = clock_timestamp() + $4, backend_pid = a.pid,
               backend_start = a.backend_start
          FROM unnest($1::text[], $2::bigint[]) AS held (name, fence), pg_stat_activity a
         WHERE l.name = held.name AND l.fence = held.fence AND l.owner = $3
           AND a.pid = pg_backend_pid()
        RETURNING l.name
        """,
        list(fences),
        list(fences.values()),
        owner,
        lease,
    )
    return {row["name"] for row in rows}


async def free_leases(db: Executor, names: list[str]) -> set[str]:
    """Return those of these leases that nobody holds any more."""
    return set(
        await fetch_value(
            db,
            list[str],
            """
            SELECT coalesce(array_agg(wanted.name), '{}')
              FROM unnest($1::text[]) AS wanted (name) LEFT JOIN leases l USING (name)
             WHERE l.owner IS NULL
                OR l.expires_at < clock_timestamp()
                OR NOT EXISTS (SELECT FROM pg_stat_activity a
                                WHERE a.pid = l.backend_pid AND a.backend_start = l.backend_start)
            """,
            names,
        )
    )


async def release_lease(db: Executor, name: str, fence: int) -> None:
    """Give a lease back at once, and tell who may wait for it."""
    await execute(
        db,
        """
        WITH released AS (
            UPDATE leases SET owner = NULL, expires_at = '-infinity'
             WHERE name = $1 AND fence = $2 RETURNING name)
        SELECT pg_notify(current_schema() || '_' || $3, name) FROM released
        """,
        name,
        fence,
        LEASES_CHANNEL,
    )


async def leases(db: Executor) -> list[Lease]:
    """Return every lease that somebody holds."""
    return await fetch_all(
        db,
        Lease,
        """
        SELECT name, fence, owner, expires_at, acquired_at
          FROM leases WHERE owner IS NOT NULL ORDER BY name
        """,
    )
