"""Jobs as an operator sees them: what waits, what runs, what died, and how to mend it."""

from datetime import datetime
from typing import Any, Literal

from msgspec import Struct

from shared.postgres import Db, fetch_all, fetch_one, fetch_value

JobState = Literal["waiting", "running", "dead"]


class JobInfo(Struct, frozen=True):
    """A job with everything that is known of it.

    `due` is the time it was asked for, of the next try, or the end of the lease of one that runs.
    """

    id: int
    state: JobState
    kind: str
    key: str | None
    due: datetime
    attempt: int
    failures: int
    created: datetime
    payload: Any  # whatever JSON the job was made of
    owner: str | None = None
    error: str | None = None
    died: datetime | None = None


_ALL = """
    SELECT id, CASE WHEN owner IS NULL THEN 'waiting' ELSE 'running' END AS state, kind, key, due,
           attempt, failures, created, payload, owner, error, NULL::timestamptz AS died
      FROM timer
    UNION ALL
    SELECT id, 'dead', kind, key, due, attempt, failures, created, payload, NULL, error, died
      FROM timer_dead
"""


async def list_jobs(
    db: Db, state: JobState | None = None, *, kind: str | None = None, limit: int = 50
) -> list[JobInfo]:
    """Return jobs, those that are due first."""
    return await fetch_all(
        db,
        JobInfo,
        f"""
        SELECT * FROM ({_ALL}) AS jobs
         WHERE ($1::text IS NULL OR state = $1) AND ($2::text IS NULL OR kind = $2)
         ORDER BY due, id LIMIT $3
        """,  # noqa: S608 - put together from constants
        state,
        kind,
        limit,
    )


async def show_job(db: Db, job_id: int) -> JobInfo | None:
    """Return one job, if it is there."""
    sql = f"SELECT * FROM ({_ALL}) AS jobs WHERE id = $1"  # noqa: S608 - made of constants
    return await fetch_one(db, JobInfo, sql, job_id)


async def retry_dead(db: Db, job_id: int) -> bool:
    """Put a dead job back, due now; False when it is not dead, or a newer one has its key."""
    return await fetch_value(
        db,
        bool,
        """
        WITH gone AS (
            DELETE FROM timer_dead d WHERE id = $1 AND NOT EXISTS (
                SELECT FROM timer t WHERE t.kind = d.kind AND t.key = d.key)
            RETURNING *
        ), put AS (
            INSERT INTO timer (id, due, attempt, kind, key, payload, created)
            OVERRIDING SYSTEM VALUE
            SELECT id, now(), attempt + 1, kind, key, payload, created FROM gone RETURNING 1
        ), told AS (
            SELECT pg_notify(current_schema() || '_timer', '') FROM put
        )
        SELECT EXISTS (SELECT FROM put) AND (SELECT count(*) FROM told) >= 0
        """,
        job_id,
    )


async def cancel_by_id(db: Db, job_id: int) -> bool:
    """Take back a job that waits or runs, or forget a dead one; say whether there was one."""
    return await fetch_value(
        db,
        bool,
        """
        WITH live AS (DELETE FROM timer WHERE id = $1 RETURNING 1),
             dead AS (DELETE FROM timer_dead WHERE id = $1 RETURNING 1)
        SELECT EXISTS (SELECT FROM live) OR EXISTS (SELECT FROM dead)
        """,
        job_id,
    )
