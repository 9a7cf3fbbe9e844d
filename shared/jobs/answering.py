"""Operators' questions about jobs, asked of a service over the bus and answered by it."""

from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from shared.bus import AskTimeout, Bus, Consumption, Delivery, QueueSpec, Returned
from shared.contracts.codec import decode
from shared.contracts.jobs import (
    CancelJob,
    JobsAsked,
    JobsQuestion,
    JobsTold,
    ListJobs,
    RetryJob,
    ShowJob,
)
from shared.contracts.topology import FLOTILLA_EVENTS, jobs_key
from shared.errors import NotFoundError, Poison, UserError
from shared.jobs.operators import LARGEST_PAGE, cancel_job, find_job, page_of_jobs, retry_job
from shared.postgres import Db

TIMEOUT: Final = timedelta(seconds=5)


async def answer_operators(bus: Bus, service: str, db: Db) -> Consumption:
    """Answer what operators ask about the jobs of this service."""

    async def handle(delivery: Delivery) -> None:
        try:
            asked = decode(delivery.body, JobsAsked)
        except msgspec.DecodeError as error:
            raise Poison(f"not a question about jobs: {error}") from error
        if asked.deadline > datetime.now(UTC):
            await bus.answer(delivery, await _told(db, asked.question))

    queue = QueueSpec(f"{service}.jobs", ((FLOTILLA_EVENTS, jobs_key(service)),))
    return await bus.consume(queue, handle)


async def ask_about_jobs(
    bus: Bus,
    service: str,
    question: JobsQuestion,
    timeout: timedelta = TIMEOUT,  # noqa: ASYNC109 - travels along as the deadline
) -> JobsTold:
    """Ask a service about its jobs.

    Raises NotFoundError when there is no such service with jobs, UserError when it refuses, or does
    not answer.
    """
    asked = JobsAsked(question=question, deadline=datetime.now(UTC) + timeout)
    try:
        told = await bus.ask(
            FLOTILLA_EVENTS, jobs_key(service), asked, JobsTold, timeout=timeout, type="JobsAsked"
        )
    except Returned:
        raise NotFoundError(f"There is no service {service} that has jobs.") from None
    except AskTimeout:
        raise UserError(f"The service {service} does not answer. Is it running?") from None
    if told.refusal:
        raise UserError(told.refusal)
    return told


async def _told(db: Db, question: JobsQuestion) -> JobsTold:
    try:
        return await _answer(db, question)
    except UserError as error:
        return JobsTold(refusal=error.message)


async def _answer(db: Db, question: JobsQuestion) -> JobsTold:
    match question:
        case ListJobs():
            limit = max(1, min(question.limit, LARGEST_PAGE))
            page = await page_of_jobs(
                db, question.state, kind=question.kind, after=question.after, limit=limit
            )
            return JobsTold(jobs=tuple(page.jobs), next=page.next)
        case ShowJob():
            return JobsTold(jobs=(await find_job(db, question.id),))
        case RetryJob():
            return JobsTold(jobs=(await retry_job(db, question.id),))
        case CancelJob():
            return JobsTold(jobs=(await cancel_job(db, question.id),))
