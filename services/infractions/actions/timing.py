"""Changing until when a measure holds, or a warning counts."""

from datetime import datetime, timedelta
from typing import Final

from services.infractions import queries
from services.infractions.actions import settling
from services.infractions.actions.agreeing import reassert
from services.infractions.actions.ordering import FINISH_AFTER
from services.infractions.actions.showing import show
from services.infractions.actions.writing import note
from services.infractions.deps import Deps
from services.infractions.model import Infraction, Kind, Person, State
from services.infractions.timers import Reassert
from shared import jobs
from shared.contracts.ids import GuildId
from shared.errors import ConflictError, Retry, UnavailableError, UserError
from shared.postgres import Connection, transaction

LONGEST: Final = timedelta(days=365 * 100)


async def set_duration(  # whose change it is, and what it was made from
    deps: Deps,
    guild_id: GuildId,
    number: int,
    duration: timedelta | None,
    by: Person,
    *,
    version: int | None = None,
) -> Infraction:
    """Let an active measure, or what a warning counts, last so long from now on; None: for good.

    Raises NotFoundError, ConflictError when `version` is not the newest one, UserError where there
    is no duration to change.
    """
    _check_length(duration)
    await show(deps, guild_id, number)
    async with transaction(deps.db) as tx:
        current = await queries.lock(tx, guild_id, number)
        assert current is not None
        _check_changeable(current, version)
        changed = await _change(tx, current, duration, by)
    if settling.is_timeout(changed):
        await _apply(deps, changed)
    return (await show(deps, guild_id, number))[0]


def _check_length(duration: timedelta | None) -> None:
    if duration is not None and not timedelta(seconds=1) <= duration <= LONGEST:
        raise UserError("A duration is from a second to 100 years.")


def _check_changeable(infraction: Infraction, version: int | None) -> None:
    number = infraction.number
    if version is not None and infraction.version != version:
        raise ConflictError(f"Infraction #{number} was changed meanwhile: look at it again.")
    if infraction.kind is Kind.WARNING:
        return
    if infraction.subject is None or infraction.state is State.DONE:
        raise UserError(f"A {infraction.kind.value} has no duration.")
    if infraction.state is State.PENDING:
        raise ConflictError(f"Infraction #{number} is still under way: try again in a moment.")
    if infraction.state is not State.ACTIVE:
        raise UserError(f"Infraction #{number} is over ({infraction.state.value}).")


async def _change(
    tx: Connection, infraction: Infraction, duration: timedelta | None, by: Person
) -> Infraction:
    changed = await queries.set_duration(tx, infraction, duration)
    await note(tx, changed, by, "duration", f"{_end(infraction)} -> {_end(changed)}")
    subject = changed.subject
    if subject is not None:
        await settling.set_timer(tx, changed, subject)
    if subject is not None and settling.is_timeout(changed):
        job = Reassert(guild_id=subject.guild_id, user_id=subject.user_id, family=subject.family)
        await jobs.schedule(tx, job, after=FINISH_AFTER, key=subject.key)
    return changed


async def _apply(deps: Deps, mute: Infraction) -> None:
    """Have Discord time the member out for the new time; a job does it should this be cut off."""
    assert mute.subject is not None
    try:
        await reassert(deps, mute.subject)
    except Retry as refusal:
        raise UserError(
            f"The record is changed, but Discord refuses: {refusal.reason} I keep trying."
        ) from refusal
    except UnavailableError as error:
        raise UnavailableError(
            "The record is changed; I keep trying to change it on Discord too."
        ) from error
    await jobs.cancel(deps.db, Reassert, mute.subject.key)


def _end(infraction: Infraction) -> str:
    until = infraction.expires_at or infraction.counts_until
    return "for good" if until is None else _written(until)


def _written(moment: datetime) -> str:
    return f"until {moment:%Y-%m-%d %H:%M:%S} UTC"
