"""Mass orders: kept as a preview, confirmed by who asked, done by a job, one person at a time.

A job that dies begins again where it was: each person's infraction derives its key from the order.
"""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import uuid4

import structlog

from services.infractions import queries
from services.infractions.actions.editing import hide, pardon
from services.infractions.actions.ordering import order
from services.infractions.deps import Deps
from services.infractions.mass_model import (
    MEASURES,
    MassOrder,
    MassOutcome,
    MassRow,
    What,
)
from services.infractions.mass_wording import progress
from services.infractions.model import Order, Person
from services.infractions.timers import RunMass
from shared import jobs
from shared.contracts.actions import EditResponse
from shared.contracts.ids import GuildId, UserId
from shared.contracts.invocations import ReplyTarget
from shared.contracts.topology import INTERACTIVE
from shared.errors import ConflictError, ForbiddenError, NotFoundError, UnavailableError, UserError
from shared.postgres import is_unavailable, transaction

VALID: Final = timedelta(minutes=5)
"""How long a preview can be confirmed."""

BEGIN_AFTER: Final = timedelta(seconds=1)
"""So that the answer which shows the progress is there before it is edited."""

AT_ONCE: Final = 5
"""How many people are acted on at the same time."""

EDIT_EVERY: Final = 2.0
"""Seconds between two edits of the answer, so that they don't use up what Discord allows."""

log = structlog.get_logger()


# --- before it begins ---------------------------------------------------------------------------


async def preview_mass(
    deps: Deps, what: What, template: Order, rows: Sequence[MassRow]
) -> tuple[MassOrder, list[MassRow]]:
    """Keep what somebody asks for until they confirm it; asked again, return what was kept."""
    async with transaction(deps.db) as tx:
        kept = await queries.insert_mass(tx, what, template)
        if kept is not None:
            await queries.insert_rows(tx, kept.id, rows)
    kept = kept or await queries.mass_by_source(deps.db, template.guild_id, template.source_key)
    assert kept is not None
    return kept, await queries.mass_rows(deps.db, kept.id)


async def confirm_mass(
    deps: Deps, guild_id: GuildId, order_id: int, by: UserId, answer: ReplyTarget | None
) -> tuple[MassOrder, list[MassRow]]:
    """Let a job begin, which shows in `answer`, where there is one, how far it is.

    Raises NotFoundError, ForbiddenError for others, ConflictError too late.
    """
    async with transaction(deps.db) as tx:
        kept = await queries.mass_order(tx, guild_id, order_id, lock=True)
        _check_asker(kept, by)
        assert kept is not None
        if kept.state in ("cancelled", "done"):
            raise ConflictError(f"This was {_past(kept)} already.")
        if kept.state == "preview":
            if datetime.now(UTC) > kept.asked_at + VALID:
                raise ConflictError("This is too long ago to be confirmed: run the command again.")
            await queries.set_mass_state(tx, order_id, "running")
            if answer is not None:
                await queries.set_mass_answer(tx, order_id, answer)
            job = RunMass(guild_id=guild_id, order_id=order_id)
            await jobs.schedule(tx, job, after=BEGIN_AFTER, key=str(order_id))
    return await show_mass(deps, guild_id, order_id)


async def cancel_mass(
    deps: Deps, guild_id: GuildId, order_id: int, by: UserId
) -> tuple[MassOrder, list[MassRow]]:
    """Give an order up, or stop what has not begun of it. Raises as `confirm_mass` does."""
    async with transaction(deps.db) as tx:
        kept = await queries.mass_order(tx, guild_id, order_id, lock=True)
        _check_asker(kept, by)
        assert kept is not None
        if kept.state == "done":
            raise ConflictError("This was done already.")
        await queries.set_mass_state(tx, order_id, "cancelled")
        if kept.state == "preview":
            await queries.cancel_rows(tx, order_id)
    return await show_mass(deps, guild_id, order_id)


async def show_mass(
    deps: Deps, guild_id: GuildId, order_id: int
) -> tuple[MassOrder, list[MassRow]]:
    """Return a mass order as it stands. Raises NotFoundError."""
    kept = await queries.mass_order(deps.db, guild_id, order_id)
    if kept is None:
        raise NotFoundError("This is not known any more: run the command again.")
    return kept, await queries.mass_rows(deps.db, order_id)


def _check_asker(kept: MassOrder | None, by: UserId) -> None:
    if kept is None:
        raise NotFoundError("This is not known any more: run the command again.")
    if kept.moderator_id != by:
        raise ForbiddenError("Only who asked for this can confirm or cancel it.")


def _past(kept: MassOrder) -> str:
    return "cancelled" if kept.state == "cancelled" else "done"


# --- at work ------------------------------------------------------------------------------------


class _Answer:
    """The answer that shows how far it is, edited now and then."""

    def __init__(self, deps: Deps, to: ReplyTarget | None) -> None:
        self._deps = deps
        self._to = to
        self._edited_at = 0.0

    async def show(self, kept: MassOrder, rows: Sequence[MassRow], *, now: bool = False) -> None:
        """Edit it, unless that was done a moment ago."""
        if self._to is None or (not now and time.monotonic() < self._edited_at + EDIT_EVERY):
            return
        self._edited_at = time.monotonic()
        await self._deps.gateway.send(
            EditResponse(to=self._to, message=progress(kept, rows)),
            key=f"mass:{kept.id}:{uuid4().hex}",
            queue=INTERACTIVE,
        )


async def run_mass(deps: Deps, guild_id: GuildId, order_id: int) -> None:
    """Do what was confirmed for everybody who is left, and show how far it is."""
    kept, rows = await show_mass(deps, guild_id, order_id)
    answer = _Answer(deps, await queries.mass_answer(deps.db, order_id))
    while kept.state == "running" and (left := [row for row in rows if row.outcome is None]):
        await asyncio.gather(*(_do(deps, kept, row) for row in left[:AT_ONCE]))
        kept, rows = await show_mass(deps, guild_id, order_id)
        if kept.state == "running":
            await answer.show(kept, rows)
    if kept.state == "running":
        await queries.set_mass_state(deps.db, order_id, "done")
    await queries.cancel_rows(deps.db, order_id)
    await answer.show(*await show_mass(deps, guild_id, order_id), now=True)


async def _do(deps: Deps, kept: MassOrder, row: MassRow) -> None:
    """Do it for one; whatever goes wrong stops nobody else."""
    outcome: MassOutcome = "done"
    number, detail = row.number, ""
    try:
        number = await _carry_out(deps, kept, row)
    except UnavailableError as error:
        outcome, detail = "pending", error.message
    except UserError as error:
        outcome, detail = "refused", error.message
    except Exception as error:
        if is_unavailable(error):
            raise
        log.exception("mass_row_failed", order=kept.id, user_id=row.user_id)
        outcome, detail = "refused", "Something went wrong."
    await queries.settle_row(deps.db, kept.id, row.position, outcome, number=number, detail=detail)


async def _carry_out(deps: Deps, kept: MassOrder, row: MassRow) -> int:
    """Order the measure, or change the infraction, and return its number."""
    if kept.what not in MEASURES:
        assert row.number is not None
        return await _change(deps, kept, row.number)
    infraction = await order(
        deps,
        Order(
            guild_id=kept.guild_id,
            kind=MEASURES[kept.what],
            user=Person(row.user_id, row.user_name),
            moderator=kept.moderator,
            reason=kept.reason,
            source=kept.source,
            source_key=f"mass:{kept.id}:{row.user_id}",
            duration=kept.duration,
            channel_id=kept.channel_id,
        ),
    )
    return infraction.number


async def _change(deps: Deps, kept: MassOrder, number: int) -> int:
    """Delete or pardon an infraction; one that is so already, as a job died, is done."""
    change = hide if kept.what == "delete" else pardon
    with suppress(ConflictError):
        await change(deps, kept.guild_id, number, kept.moderator)
    return number
