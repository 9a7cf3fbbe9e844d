"""Jobs as an operator sees them: what waits, what runs, what died, and how to mend it."""

from typing import Final

from msgspec import Struct

from shared.contracts.jobs import JobInfo, JobState, Position
from shared.errors import ConflictError, NotFoundError
from shared.postgres import Db, execute, fetch_all, fetch_one, fetch_value

LARGEST_PAGE: Final = 100

_LIVE: Final = """
    SELECT id, CASE WHEN owner IS NULL THEN 'waiting' ELSE 'running' END AS state, kind, key, due,
           attempt, failures, created, payload, owner, error, NULL::timestamptz AS died
      FROM timer
"""
_DEAD: Final = """
    SELECT id, 'dead' AS state, kind, key, due, attempt, failures, created, payload,
           NULL::text AS owner, error, died
      FROM timer_dead
"""


class JobPage(Struct, frozen=True):
    """Some jobs, and where the following page begins, if there is one."""

    jobs: list[JobInfo]
    next: Position | None


async def page_of_jobs(
    db: Db,
    state: JobState | None = None,
    *,
    kind: str | None = None,
    after: Position | None = None,
    limit: int = LARGEST_PAGE,
) -> JobPage:
    """Return jobs after a position, those that are due first."""
    found = await list_jobs(db, state, kind=kind, after=after, limit=limit + 1)
    jobs = found[:limit]
    return JobPage(jobs, (jobs[-1].due, jobs[-1].id) if len(found) > limit else None)


async def list_jobs(
    db: Db,
    state: JobState | None = None,
    *,
    kind: str | None = None,
    after: Position | None = None,
    limit: int = 50,
) -> list[JobInfo]:
    """Return jobs, those that are due first.

    Each kind is read in the order of its index. What runs is looked for among what is due within a
    day, as no lease lasts longer.
    """
    due, job_id = after or (None, 0)
    return await fetch_all(
        db,
        JobInfo,
        f"""
        WITH live AS (
            SELECT found.* FROM timer_kinds() AS known CROSS JOIN LATERAL (
                   {_LIVE}
                    WHERE kind = known
                      AND due >= coalesce($3::timestamptz, '-infinity')
                      AND (due, id) > (coalesce($3, '-infinity'), $4::int8)
                      AND ($1::text IS NULL OR $1 = 'waiting' AND owner IS NULL
                           OR $1 = 'running' AND owner IS NOT NULL AND due < now() + interval '1 d')
                    ORDER BY due, id LIMIT $5) AS found
             WHERE ($2::text IS NULL OR known = $2) AND $1 IS DISTINCT FROM 'dead'
        ), dead AS (
            {_DEAD}
             WHERE ($1 IS NULL OR $1 = 'dead') AND ($2 IS NULL OR kind = $2)
               AND (due, id) > (coalesce($3, '-infinity'), $4::int8)
        )
        SELECT * FROM live UNION ALL SELECT * FROM dead ORDER BY due, id LIMIT $5
        """,  # noqa: S608 - put together from constants
        state,
        kind,
        due,
        job_id,
        limit,
    )


async def show_job(db: Db, job_id: int) -> JobInfo | None:
    """Return one job, if it is there."""
    sql = f"SELECT * FROM ({_LIVE} UNION ALL {_DEAD}) AS jobs WHERE id = $1"  # noqa: S608 - constants
    return await fetch_one(db, JobInfo, sql, job_id)


async def find_job(db: Db, job_id: int) -> JobInfo:
    """Return one job. Raises NotFoundError."""
    found = await show_job(db, job_id)
    if found is None:
        raise NotFoundError(f"There is no job {job_id}: it was done or cancelled, or never was.")
    return found


async def retry_job(db: Db, job_id: int) -> JobInfo:
    """Have a job done now that is dead or waits, and return it as it is then.

    Raises NotFoundError, or ConflictError when it runs, or when a newer one has its key.
    """
    found = await find_job(db, job_id)
    if found.state == "running":
        raise ConflictError(f"The job {job_id} is being done right now.")
    if found.state == "waiting":
        await _hasten(db, job_id)
    elif not await retry_dead(db, job_id) and found.key is not None:
        raise ConflictError(
            f"There is a newer job {found.kind} with the key {found.key}, which replaced this one. "
            "Cancel one of them."
        )
    return await show_job(db, job_id) or found  # it may be done already


async def cancel_job(db: Db, job_id: int) -> JobInfo:
    """Take a job back, or forget a dead one, and return what it was. Raises NotFoundError."""
    found = await find_job(db, job_id)
    await cancel_by_id(db, job_id)
    return found


async def _hasten(db: Db, job_id: int) -> None:
    """Make a job due that waits, as if it had never failed."""
    await execute(
        db,
        """
        WITH moved AS (
            UPDATE timer SET due = now(), attempt = attempt + 1, failures = 0, crashes = 0,
                   error = NULL
             WHERE id = $1 AND owner IS NULL RETURNING 1
        )
        SELECT pg_notify(current_schema() || '_timer', '') FROM moved
        """,
        job_id,
    )


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
            INSERT INTO timer (id, due, attempt, kind, key, guild_id, payload, created)
            OVERRIDING SYSTEM VALUE
            SELECT id, now(), attempt + 1, kind, key, guild_id, payload, created FROM gone
            RETURNING 1
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
