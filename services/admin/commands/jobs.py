"""Timed jobs of all services, for operators: list, show, retry and cancel them."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, Literal

import msgspec

from services.admin import queries
from services.admin.commands.declared import commands
from services.admin.deps import Deps
from shared.commands import Describe, Range, Reply, code, timestamp
from shared.contracts.actions import ActionRow, Button, Embed, EmbedField
from shared.contracts.invocations import Choice, Invocation
from shared.contracts.jobs import (
    CancelJob,
    JobInfo,
    JobsTold,
    ListJobs,
    Position,
    RetryJob,
    ShowJob,
)
from shared.errors import NotFoundError, UserError
from shared.jobs import ask_about_jobs
from shared.permissions import OPERATOR

PAGE: Final = 10
GREY: Final = 2
ANY: Final = "-"
"""Stands for no state and no kind in a button, which can't carry nothing."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)

Service = Annotated[str, Describe("Whose job it is, such as infractions")]
AnyService = Annotated[str, Describe("Whose jobs; everybody's without")]
State = Literal["waiting", "running", "dead"]
Number = Annotated[int, Range(1, 2**53), Describe("The job's id, as in the list")]


@commands.command("jobs list", level=OPERATOR, ephemeral=True, guild_only=False)
async def list_(
    deps: Deps,
    by: Invocation,
    service: AnyService = "",
    state: Annotated[State | None, Describe("Only those in this state")] = None,
    kind: Annotated[str, Describe("Only those of this kind")] = "",
) -> Reply:
    """List timed jobs: what waits, what runs, and what failed for good."""
    question = ListJobs(state=state, kind=kind or None, limit=PAGE)
    names = [service.lower()] if service else await queries.services(deps.db)
    lists = await asyncio.gather(*(_listed(deps, name, question, bool(service)) for name in names))
    texts = [text for text, _ in lists if text]
    if not texts:
        return Reply("There are no such jobs.")
    rows = [row for _, row in lists if row]
    return Reply("\n".join(texts), components=tuple(rows[:5]))


@commands.component("jobs", of="jobs list")
async def following(
    deps: Deps, by: Invocation, service: str, state: str, kind: str, due: int, last: int
) -> Reply:
    """Turn to the jobs that are due later."""
    question = ListJobs(
        state=msgspec.convert(state, State) if state != ANY else None,
        kind=kind if kind != ANY else None,
        after=(_EPOCH + due * _MICROSECOND, last),
        limit=PAGE,
    )
    text, row = await _listed(deps, service, question, named=True)
    return Reply(text or "There are no more.", components=(row,) if row else (), ephemeral=True)


@commands.command("jobs show", level=OPERATOR, ephemeral=True, guild_only=False)
async def show(deps: Deps, by: Invocation, service: Service, job: Number) -> Reply:
    """Show everything that is known of a job."""
    told = await ask_about_jobs(deps.bus, service.lower(), ShowJob(id=job))
    return Reply(embeds=(_embed(service.lower(), told.jobs[0]),))


@commands.command("jobs retry", level=OPERATOR, ephemeral=True, guild_only=False)
async def retry(deps: Deps, by: Invocation, service: Service, job: Number) -> Reply:
    """Do a job now that failed for good, or that waits."""
    told = await ask_about_jobs(deps.bus, service.lower(), RetryJob(id=job))
    return Reply(f"The job {_name(told.jobs[0])} of {service.lower()} is due now.")


@commands.command("jobs cancel", level=OPERATOR, ephemeral=True, guild_only=False)
async def cancel(deps: Deps, by: Invocation, service: Service, job: Number) -> Reply:
    """Take a job back, or forget one that failed for good."""
    told = await ask_about_jobs(deps.bus, service.lower(), CancelJob(id=job))
    ran = " It was being done, and may have had its effect." if _runs(told) else ""
    return Reply(f"The job {_name(told.jobs[0])} of {service.lower()} is gone.{ran}")


@commands.autocomplete("jobs list", "service")
@commands.autocomplete("jobs show", "service")
@commands.autocomplete("jobs retry", "service")
@commands.autocomplete("jobs cancel", "service")
async def complete_service(deps: Deps, _by: Invocation, typed: str) -> Sequence[Choice]:
    """Offer the services."""
    names = await queries.services(deps.db)
    return [Choice(name=name, value=name) for name in names if typed.lower() in name]


async def _listed(
    deps: Deps, service: str, question: ListJobs, named: bool
) -> tuple[str, ActionRow | None]:
    """Return a page of a service's jobs as text, and what turns to the next; "" without any.

    Raises UserError when a service that was named by the caller does not answer; of others that is
    said in the list.
    """
    try:
        told = await ask_about_jobs(deps.bus, service, question)
    except NotFoundError:
        if named:
            raise
        return "", None
    except UserError as error:
        if named:
            raise
        return f"**{service}**: {error.message}", None
    if not told.jobs:
        return "", None
    lines = [f"**{service}**", *(_line(job) for job in told.jobs)]
    return "\n".join(lines), _more(service, question, told.next)


def _more(service: str, question: ListJobs, after: Position | None) -> ActionRow | None:
    if after is None:
        return None
    due, last = after
    micros = (due - _EPOCH) // _MICROSECOND
    words = (service, question.state or ANY, question.kind or ANY, micros, last)
    custom_id = commands.custom_id("jobs", *words)
    return ActionRow(
        components=(Button(label=f"More of {service}", custom_id=custom_id, style=GREY),)
    )


def _line(job: JobInfo) -> str:
    when = {"waiting": "due", "running": "leased until", "dead": "was due"}[job.state]
    failed = f", failed {job.failures} times" if job.failures else ""
    why = f": {code(job.error[:80])}" if job.error else ""
    return f"- {_name(job)} {job.state}, {when} {timestamp(job.due, 'R')}{failed}{why}"


def _name(job: JobInfo) -> str:
    key = f" {code(job.key[:60])}" if job.key else ""
    return f"`{job.id}` {job.kind}{key}"


def _runs(told: JobsTold) -> bool:
    return told.jobs[0].state == "running"


def _embed(service: str, job: JobInfo) -> Embed:
    known = {
        "State": job.state,
        "Due": timestamp(job.due),
        "Created": timestamp(job.created),
        "Tries": str(job.attempt),
        "Failures": str(job.failures),
        "Key": job.key and code(job.key[:200]),
        "Held by": job.owner and code(job.owner[:200]),
        "Died": job.died and timestamp(job.died),
        "Error": job.error and code(job.error[:900]),
        "What it is about": code(msgspec.json.encode(job.payload).decode()[:900]),
    }
    fields = [
        EmbedField(name=name, value=value, inline=len(value) < 40)  # noqa: PLR2004 - a column
        for name, value in known.items()
        if value
    ]
    return Embed(title=f"Job {job.id} of {service}: {job.kind}", fields=tuple(fields))
