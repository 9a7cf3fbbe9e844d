"""Timed jobs in a Postgres table: they survive restarts, happen once, and fail where it is seen."""

from shared.contracts.jobs import JobInfo, JobState
from shared.jobs.answering import answer_operators, ask_about_jobs
from shared.jobs.metrics import JobMetrics
from shared.jobs.operators import (
    cancel_by_id,
    cancel_job,
    list_jobs,
    page_of_jobs,
    retry_dead,
    retry_job,
    show_job,
)
from shared.jobs.registry import Jobs
from shared.jobs.scheduling import cancel, schedule

__all__ = [
    "JobInfo",
    "JobMetrics",
    "JobState",
    "Jobs",
    "answer_operators",
    "ask_about_jobs",
    "cancel",
    "cancel_by_id",
    "cancel_job",
    "list_jobs",
    "page_of_jobs",
    "retry_dead",
    "retry_job",
    "schedule",
    "show_job",
]
