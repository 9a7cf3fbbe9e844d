"""The statements of the scheduler: claim, finish, put off, bury, renew, give back."""

from datetime import timedelta
from typing import Any, Final

from msgspec import Struct

from shared.postgres import Connection, Db, Executor, fetch_all, fetch_maybe, fetch_value

RETRY_BASE: Final = timedelta(seconds=1)
RETRY_CAP: Final = timedelta(minutes=10)
LONGEST_ERROR: Final = 4000


class Claimed(Struct, frozen=True):
    """A job that this worker holds; `attempt` is the fencing token of the claim."""

    id: int
    attempt: int
    failures: int
    crashes: int
    kind: str
    key: str | None
    payload: Any  # whatever JSON the job was made of; the registry gives it its type


async def claim(db: Db, count: int, lease: timedelta, owner: str) -> list[Claimed]:
    """Take the jobs that are due, the oldest first.

    A row that still has an owner is one whose lease ran out: its worker crashed, or hangs. The ids
    are found in an array, as a join goes wrong when the statistics are of an empty table.
    """
    return await fetch_all(
        db,
        Claimed,
        """
        UPDATE timer t
           SET due = now() + $2, attempt = t.attempt + 1, owner = $3,
               failures = t.failures + (t.owner IS NOT NULL)::int,
               crashes = t.crashes + (t.owner IS NOT NULL)::int
         WHERE t.id = ANY(ARRAY(
                   SELECT id FROM timer WHERE due <= now() ORDER BY due LIMIT $1
                      FOR UPDATE SKIP LOCKED))
        RETURNING t.id, t.attempt, t.failures, t.crashes, t.kind, t.key, t.payload
        """,
        count,
        lease,
        owner,
    )


async def seconds_to_next(db: Db) -> float | None:
    """Return how long until a row may be claimed (negative when late), None when there is none."""
    return await fetch_maybe(
        db,
        float,
        """
        SELECT extract(epoch FROM due - clock_timestamp())::float8
          FROM timer ORDER BY due LIMIT 1
        """,
    )


async def finish(db: Executor, jobs: list[Claimed]) -> set[int]:
    """Delete finished jobs and return the ids of those that were still ours."""
    rows = await db.fetch(
        """
        DELETE FROM timer t
         WHERE id = ANY($1) AND attempt = ($2::int[])[array_position($1, t.id)]
        RETURNING id
        """,
        [job.id for job in jobs],
        [job.attempt for job in jobs],
    )
    return {row["id"] for row in rows}


async def take_out(tx: Connection, job: Claimed, lease: timedelta) -> bool:
    """Delete a job in the transaction of its handler, and lock it until that ends.

    Nobody else can claim the row meanwhile, and a worker that hangs in the transaction is thrown
    out by the server once its lease has run out.
    """
    limit = f"{max(1, int(lease.total_seconds() * 1000))}ms"
    taken = await tx.fetchval(
        """
        DELETE FROM timer
         USING (SELECT set_config('idle_in_transaction_session_timeout', $3, true)) AS limited
         WHERE id = $1 AND attempt = $2 RETURNING id
        """,
        job.id,
        job.attempt,
        limit,
    )
    return taken is not None


async def put_off(
    db: Db, job: Claimed, *, error: str, after: timedelta | None, counted: bool
) -> bool:
    """Have a job run again later; False when it was not ours any more.

    Without `after`, a random time up to one that doubles with each failure.
    """
    return await fetch_value(
        db,
        bool,
        """
        WITH moved AS (
            UPDATE timer SET
                   due = now() + coalesce($3::interval, random() *
                       least($6::interval, $5::interval * 2 ^ least(failures, 30))),
                   owner = NULL, attempt = attempt + 1, failures = failures + $4::int, error = $7
             WHERE id = $1 AND attempt = $2 RETURNING 1
        )
        SELECT EXISTS (SELECT FROM moved)
        """,
        job.id,
        job.attempt,
        after,
        int(counted),
        RETRY_BASE,
        RETRY_CAP,
        error[:LONGEST_ERROR],
    )


async def bury(db: Db, job: Claimed, *, error: str) -> bool:
    """Move a job to the dead; False when it was not ours any more."""
    return await fetch_value(
        db,
        bool,
        """
        WITH gone AS (
            DELETE FROM timer WHERE id = $1 AND attempt = $2
            RETURNING id, due, attempt, failures, crashes, kind, key, payload, created
        ), dead AS (
            INSERT INTO timer_dead
                   (id, due, attempt, failures, crashes, kind, key, payload, created, error)
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
        [job.id for job in jobs],
        [job.attempt for job in jobs],
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
        [job.id for job in jobs],
        [job.attempt for job in jobs],
        after,
    )


class Counts(Struct, frozen=True):
    """How many jobs are due, and how many died."""

    due: int
    dead: int


async def counts(db: Db) -> Counts:
    """Count what an operator has to see."""
    [found] = await fetch_all(
        db,
        Counts,
        """
        SELECT (SELECT count(*) FROM timer WHERE due <= now()) AS due,
               (SELECT count(*) FROM timer_dead) AS dead
        """,
    )
    return found
