"""Timed jobs in a Postgres table: they survive restarts, happen once, and fail where it is seen."""

from shared.jobs.metrics import JobMetrics
from shared.jobs.operators import JobInfo, JobState, cancel_by_id, list_jobs, retry_dead, show_job
from shared.jobs.registry import Jobs
from shared.jobs.scheduling import cancel, schedule

__all__ = [
    "JobInfo",
    "JobMetrics",
    "JobState",
    "Jobs",
    "cancel",
    "cancel_by_id",
    "list_jobs",
    "retry_dead",
    "schedule",
    "show_job",
]
