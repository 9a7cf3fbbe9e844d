"""Routes of a service's timed jobs, for operators: list, show, retry and cancel them."""

from datetime import datetime
from typing import Annotated, Any, Final, cast

import msgspec
from fastapi import APIRouter, Depends, Path, Query
from pydantic import AwareDatetime, BaseModel, Field

from shared.contracts.jobs import JobInfo, JobState, Position
from shared.http.access import OPERATOR, require
from shared.http.cursors import decode_cursor, encode_cursor
from shared.jobs.operators import LARGEST_PAGE, cancel_job, find_job, page_of_jobs, retry_job
from shared.postgres import Db

SAFE: Final = 2**53
"""From here on JavaScript rounds whole numbers."""

JobId = Annotated[int, Path(ge=1, le=2**63 - 1, description="The job's id in this service.")]
InState = Annotated[JobState | None, Query(description="Only those in this state.")]
OfKind = Annotated[str | None, Query(max_length=100, description="Only those of this kind.")]
Cursor = Annotated[str | None, Query(description="`next` of the page before.")]
Limit = Annotated[int, Query(ge=1, le=LARGEST_PAGE, description="Jobs on a page.")]


class JobView(BaseModel):
    """A timed job."""

    id: str = Field(description="A whole number, unique in this service.")
    state: JobState
    kind: str
    key: str | None = Field(description="What makes it the only one of its kind.")
    due: AwareDatetime = Field(
        description="When it is due, or tried again; of one that runs, when its lease ends."
    )
    attempt: int = Field(description="Grows whenever it is claimed, moved or put off.")
    failures: int
    created: AwareDatetime
    payload: Any = Field(description="What it is about; large numbers are strings.")
    owner: str | None = Field(description="The process that runs it.")
    error: str | None = Field(description="Why it failed the last time.")
    died: datetime | None = Field(description="When it failed for good.")


class JobPageView(BaseModel):
    """Jobs, those that are due first."""

    items: list[JobView]
    next: str | None = Field(description="The cursor of the following page; none on the last.")


def job_routes(db: Db) -> APIRouter:
    """Make the routes of the jobs in a service's database."""
    router = APIRouter(prefix="/jobs", tags=["jobs"], dependencies=[Depends(require(OPERATOR))])

    @router.get("")
    async def list_jobs(  # pyright: ignore[reportUnusedFunction] - a route
        state: InState = None, kind: OfKind = None, cursor: Cursor = None, limit: Limit = 25
    ) -> JobPageView:
        """List what waits, what runs and what died."""
        after = None if cursor is None else decode_cursor(cursor, Position)
        page = await page_of_jobs(db, state, kind=kind, after=after, limit=limit)
        following = None if page.next is None else encode_cursor(page.next)
        return JobPageView(items=[_view(job) for job in page.jobs], next=following)

    @router.get("/{job_id}")
    async def show_job(job_id: JobId) -> JobView:  # pyright: ignore[reportUnusedFunction] - a route
        """Show a job."""
        return _view(await find_job(db, job_id))

    @router.post("/{job_id}/retry")
    async def retry(job_id: JobId) -> JobView:  # pyright: ignore[reportUnusedFunction] - a route
        """Do a job now that is dead, or that waits."""
        return _view(await retry_job(db, job_id))

    @router.delete("/{job_id}")
    async def cancel(job_id: JobId) -> JobView:  # pyright: ignore[reportUnusedFunction] - a route
        """Take a job back, or forget a dead one."""
        return _view(await cancel_job(db, job_id))

    return router


def _view(job: JobInfo) -> JobView:
    known = msgspec.structs.asdict(job)
    return JobView.model_validate(
        {**known, "id": str(job.id), "payload": _for_scripts(job.payload)}
    )


def _for_scripts(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Write numbers as strings that JavaScript can't hold, ids above all."""
    if isinstance(value, dict):
        named = cast("dict[str, Any]", value)  # Any: any JSON
        return {name: _for_scripts(each) for name, each in named.items()}
    if isinstance(value, list):
        return [_for_scripts(each) for each in cast("list[Any]", value)]  # Any: any JSON
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= SAFE:
        return str(value)
    return value
