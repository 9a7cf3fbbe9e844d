"""The statements of the scheduler: claim, finish, put off, bury, renew, give back."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from msgspec import Struct

from shared.postgres import Connection, Db, Executor, execute, fetch_all, fetch_maybe, fetch_value

RETRY_BASE: Final = timedelta(seconds=1)
RETRY_CAP: Final = timedelta(minutes=10)
LONGEST_ERROR: Final = 4000
UNKNOWN: Final = "no function does this kind of job"
MARKED: Final = 500
"""Jobs of an unknown kind that are marked at a time."""


class Claimed(Struct, frozen=True):
    """A job that this worker holds; `attempt` is the fencing token of the claim."""

    id: int
    attempt: int
    failures: int
    crashes: int
    kind: str
    key: str | None
    guild_id: int
    payload: Any  # whatever JSON the job was made of; the registry gives it its type


async def claim(
    db: Db,
    rooms: Mapping[str, int],
    lease: timedelta,
    owner: str,
    *,
    passing: list[int] | None = None,
) -> list[Claimed]:
    """Take the jobs that are due, of each kind the oldest, as many as there is room for.

    `passing` leaves out the jobs of these guilds. How it is done: `timer_claim` in the migrations.
    """
    rows = await db.fetch(
        "SELECT * FROM timer_claim($1, $2, $3, $4, $5)",
        list(rooms),
        list(rooms.values()),
        lease,
        owner,
        passing,
    )
    return [Claimed(*row.values()) for row in rows]


async def seconds_to_next(db: Db, kinds: list[str]) -> float | None:
    """Return how long until a job of these kinds may be claimed (negative when late), if any."""
    return await fetch_maybe(
        db,
        float,
        "SELECT extract(epoch FROM timer_next($1) - clock_timestamp())::float8",
        kinds,
    )


async def finish(db: Executor, jobs: list[Claimed]) -> set[int]:
    """Delete finished jobs and return the ids of those that were still ours."""
    rows = await db.fetch("SELECT id FROM timer_finish($1, $2) AS id", *_held(jobs))
    return {row[0] for row in rows}


async def take_out(tx: Connection, jobs: list[Claimed], lease: timedelta) -> set[int]:
    """Delete jobs in the transaction of their handler, and return the ids of those still ours.

    Nobody else can claim the rows meanwhile, and a worker that hangs in the transaction is thrown
    out by the server once its lease has run out.
    """
    limit = f"{max(1, int(lease.total_seconds() * 1000))}ms"
    rows = await tx.fetch(
        """
        SELECT id FROM timer_finish($1, $2) AS id,
               (SELECT set_config('idle_in_transaction_session_timeout', $3, true)) AS limited
        """,
        *_held(jobs),
        limit,
    )
    return {row[0] for row in rows}


async def put_off(
    db: Db, jobs: list[Claimed], *, error: str, after: timedelta | None, counted: bool
) -> set[int]:
    """Have jobs run again later; return the ids of those that were still ours.

    Without `after`, each after a random time up to one that doubles with each failure.
    """
    rows = await db.fetch(
        """
        UPDATE timer t SET
               due = now() + coalesce($3::interval, random() *
                   least($6::interval, $5::interval * 2 ^ least(failures, 30))),
               owner = NULL, attempt = attempt + 1, failures = failures + $4::int, error = $7
         WHERE id = ANY($1) AND attempt = ($2::int[])[array_position($1, t.id)] RETURNING id
        """,
        *_held(jobs),
        after,
        int(counted),
        RETRY_BASE,
        RETRY_CAP,
        error[:LONGEST_ERROR],
    )
    return {row[0] for row in rows}


async def bury(db: Db, job: Claimed, *, error: str) -> bool:
    """Move a job to the dead; False when it was not ours any more."""
    return await fetch_value(
        db,
        bool,
        """
        WITH gone AS (
            DELETE FROM timer WHERE id = $1 AND attempt = $2
            RETURNING id, due, attempt, failures, crashes, kind, key, guild_id, payload, created
        ), dead AS (
            INSERT INTO timer_dead (id, due, attempt, failures, crashes, kind, key, guild_id,
                   payload, created, error)
            SELECT gone.*, $3::text FROM gone RETURNING 1
        )
        SELECT EXISTS (SELECT FROM dead)
        """,
        job.id,
        job.attempt,
        error[:LONGEST_ERROR],
    )


async def renew(db: Db, jobs: list[Claimed], lease: timedelta) -> set[int]:
    """Hold jobs for longer, and return the ids of those that are still ours and not locked."""
    rows = await db.fetch(
        """
        UPDATE timer t SET due = now() + $3
         WHERE t.id = ANY(ARRAY(
                   SELECT id FROM timer
                    WHERE id = ANY($1) AND attempt = ($2::int[])[array_position($1, id)]
                      FOR UPDATE SKIP LOCKED))
        RETURNING t.id
        """,
        *_held(jobs),
        lease,
    )
    return {row["id"] for row in rows}


async def give_back(db: Db, jobs: list[Claimed], *, after: timedelta) -> None:
    """Release jobs that were not begun, or not finished at a graceful stop, and tell others."""
    await db.execute(
        """
        WITH released AS (
            UPDATE timer t SET due = now() + $3, owner = NULL, attempt = attempt + 1
             WHERE id = ANY($1) AND attempt = ($2::int[])[array_position($1, t.id)]
        )
        SELECT pg_notify(current_schema() || '_timer', '')
        """,
        *_held(jobs),
        after,
    )


class Counts(Struct, frozen=True):
    """How many jobs are due, how late the first of them is, how many died, and what slows it all.

    `snapshot` is the age of the oldest transaction that keeps Postgres from clearing up, in
    seconds, as far as this role may see it.
    """

    due: int
    late: float
    dead: int
    snapshot: float


async def counts(db: Db) -> Counts:
    """Count what an operator has to see."""
    [found] = await fetch_all(
        db,
        Counts,
        """
        SELECT coalesce(sum(waiting.number), 0)::int8 AS due,
               coalesce(extract(epoch FROM now() - min(waiting.first)), 0)::float8 AS late,
               (SELECT count(*) FROM timer_dead) AS dead,
               (SELECT coalesce(extract(epoch FROM now() - min(xact_start)), 0)::float8
                  FROM pg_stat_activity
                 WHERE backend_xmin IS NOT NULL AND pid <> pg_backend_pid()) AS snapshot
          FROM timer_kinds() AS known
         CROSS JOIN LATERAL (SELECT count(*) AS number, min(due) AS first FROM timer
                              WHERE kind = known AND due <= now()) AS waiting
        """,
    )
    return found


async def mark_unknown(db: Db, known: list[str]) -> int:
    """Say on jobs that are due, and that nobody here can do, that it is so; return how many.

    They keep their due time: a newer version, or an older one, may know them.
    """
    return await execute(
        db,
        """
        UPDATE timer SET error = $2
         WHERE id = ANY(ARRAY(
                   SELECT found.id FROM timer_kinds() AS there
                    CROSS JOIN LATERAL (
                          SELECT id FROM timer
                           WHERE kind = there AND due <= now() AND owner IS NULL
                             AND error IS DISTINCT FROM $2
                           ORDER BY due LIMIT $3 FOR UPDATE SKIP LOCKED) AS found
                    WHERE there <> ALL ($1)))
        """,
        known,
        UNKNOWN,
        MARKED,
    )


def _held(jobs: list[Claimed]) -> tuple[list[int], list[int]]:
    return [job.id for job in jobs], [job.attempt for job in jobs]
