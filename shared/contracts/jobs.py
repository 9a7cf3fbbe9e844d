"""What operators ask a service about its timed jobs, over `flotilla.events`, and its answers."""

from datetime import datetime
from typing import Any, Literal

from msgspec import Struct

JobState = Literal["waiting", "running", "dead"]

Position = tuple[datetime, int]
"""Where a page of jobs ended: the due time and the id of the last one."""


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


class ListJobs(Struct, kw_only=True, frozen=True, tag="list_jobs"):
    """Ask which jobs there are, those that are due first."""

    state: JobState | None = None
    kind: str | None = None
    after: Position | None = None
    limit: int = 10


class ShowJob(Struct, kw_only=True, frozen=True, tag="show_job"):
    """Ask what is known of a job."""

    id: int


class RetryJob(Struct, kw_only=True, frozen=True, tag="retry_job"):
    """Have a job done now: one that is dead, or that waits."""

    id: int


class CancelJob(Struct, kw_only=True, frozen=True, tag="cancel_job"):
    """Take a job back, or forget a dead one."""

    id: int


JobsQuestion = ListJobs | ShowJob | RetryJob | CancelJob


class JobsAsked(Struct, kw_only=True, frozen=True):
    """A question to one service; after the deadline nobody waits for it, and nothing is done."""

    question: JobsQuestion
    deadline: datetime


class JobsTold(Struct, kw_only=True, frozen=True):
    """The answer: the jobs that it was about, or why not (`refusal`), for a person to read.

    `next` is where the following page begins, if there is one.
    """

    jobs: tuple[JobInfo, ...] = ()
    next: Position | None = None
    refusal: str = ""
