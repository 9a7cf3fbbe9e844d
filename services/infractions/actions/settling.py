"""Writing down what Discord answered: in one transaction, with what it means for older measures."""

from datetime import UTC, datetime, timedelta
from typing import Final

from services.infractions import queries
from services.infractions.actions.announcing import created, ended
from services.infractions.actions.following import erase_later
from services.infractions.actions.muting import RENEWED_BEFORE, first_timeout
from services.infractions.actions.writing import note
from services.infractions.model import (
    FLOTILLA,
    LASTING,
    REVERSES,
    Family,
    Infraction,
    Kind,
    Order,
    Outcome,
    Person,
    State,
    Subject,
)
from services.infractions.timers import (
    EndSoftban,
    FinishPending,
    LiftInfraction,
    Reassert,
    RenewMute,
)
from shared import jobs, outbox
from shared.postgres import Connection

UNBAN_AGAIN_AFTER: Final = timedelta(seconds=30)
"""When it is tried again to end the ban of a softban."""


async def settle(tx: Connection, infraction: Infraction, outcome: Outcome) -> Infraction:
    """Settle a pending infraction by Discord's answer; one settled before stays as it is."""
    current = await queries.lock(tx, infraction.guild_id, infraction.number)
    assert current is not None
    if current.state is not State.PENDING:
        await _check_overtaken(tx, current, outcome)
        return current
    await jobs.cancel(tx, FinishPending, current.key)
    if outcome.status == "done":
        return await _succeed(tx, current, outcome.message or "done on Discord")
    if current.kind in REVERSES.values() and outcome.status == "absent":
        await _supersede(tx, current)
    if outcome.still_banned:
        job = EndSoftban(guild_id=current.guild_id, number=current.number, user_id=current.user_id)
        await jobs.schedule(tx, job, after=UNBAN_AGAIN_AFTER, key=current.key)
    return await _fail(tx, current, outcome.message or "Discord refused.")


async def record_seen(
    tx: Connection, what: Order, how: str, *, at: datetime, expires_at: datetime | None = None
) -> Infraction:
    """Record what became so on Discord at a time, without an action; it supersedes like an order.

    Raises asyncpg.UniqueViolationError when its `source_key` was recorded before.
    """
    infraction = await queries.insert(tx, what, State.PENDING, expires_at=expires_at, created_at=at)
    await note(tx, infraction, what.moderator, "created", how)
    settled = await _succeed(tx, infraction, "seen on Discord")
    if is_timeout(settled) and expires_at is not None:
        # Discord times out until then, however long that is.
        await plan_renewal(tx, settled, expires_at)
    return settled


async def record_past(
    tx: Connection,
    what: Order,
    how: str,
    *,
    at: datetime,
    expires_at: datetime | None = None,
    over: str = "",
    after: Infraction | None = None,
) -> Infraction:
    """Record what happened on Discord once and changes nothing any more; `over` says why.

    What holds no more has expired, or was lifted, as by `after`, the measure that has its place.
    Raises asyncpg.UniqueViolationError when its `source_key` was recorded before.
    """
    lasting = what.kind in LASTING
    state = State.ACTIVE if lasting else State.DONE
    infraction = await queries.insert(tx, what, state, expires_at=expires_at, created_at=at)
    await note(tx, infraction, what.moderator, "created", how)
    await outbox.put(tx, created(infraction))
    if not lasting:
        return infraction
    if after is not None:
        await queries.set_replaced(tx, infraction, after)
    ran_out = expires_at is not None and expires_at <= datetime.now(UTC)
    return await end(tx, infraction, State.EXPIRED if ran_out else State.LIFTED, FLOTILLA, over)


async def end(
    tx: Connection, infraction: Infraction, state: State, actor: Person, detail: str
) -> Infraction:
    """End an active infraction, with the history and the event that say so."""
    done = await queries.set_state(tx, infraction, state)
    await note(tx, done, actor, state.value, detail)
    await outbox.put(tx, ended(done, actor))
    await erase_later(tx, done)
    return done


async def lift_recorded(
    tx: Connection, infraction: Infraction, actor: Person, detail: str
) -> Infraction | None:
    """End an infraction that is not in force on Discord any more, and take its timers back.

    Returns it as it is then, None where it was not active.
    """
    current = await queries.lock(tx, infraction.guild_id, infraction.number)
    if current is None or current.state is not State.ACTIVE or current.subject is None:
        return None
    await jobs.cancel(tx, LiftInfraction, current.subject.key)
    await jobs.cancel(tx, RenewMute, current.subject.key)
    return await end(tx, current, State.LIFTED, actor, detail)


async def reassert_later(tx: Connection, subject: Subject) -> None:
    """Have a job make Discord agree with the record, after two measures crossed."""
    job = Reassert(
        guild_id=subject.guild_id,
        user_id=subject.user_id,
        family=subject.family,
        role_id=subject.role_id,
    )
    await jobs.schedule(tx, job, key=subject.key)


def is_timeout(infraction: Infraction) -> bool:
    """Say whether it is a mute by Discord's timeout."""
    return infraction.kind is Kind.MUTE and infraction.role_id is None


async def set_timer(tx: Connection, newest: Infraction, subject: Subject) -> None:
    """Put the newest measure's timer in the place of whatever timer there was."""
    if newest.expires_at is None:
        await jobs.cancel(tx, LiftInfraction, subject.key)
    else:
        job = LiftInfraction(guild_id=newest.guild_id, number=newest.number)
        await jobs.schedule(tx, job, at=newest.expires_at, key=subject.key)


async def plan_renewal(tx: Connection, mute: Infraction, until: datetime) -> None:
    """Note until when Discord times the member out, and have that renewed if the mute goes on."""
    assert mute.subject is not None
    await queries.set_applied_until(tx, mute, until)
    if until == mute.expires_at:
        await jobs.cancel(tx, RenewMute, mute.subject.key)
    else:
        job = RenewMute(guild_id=mute.guild_id, number=mute.number)
        await jobs.schedule(tx, job, at=until - RENEWED_BEFORE, key=mute.subject.key)


async def _succeed(tx: Connection, infraction: Infraction, how: str) -> Infraction:
    replaced = await _supersede(tx, infraction)
    lasting = infraction.kind in LASTING
    settled = await queries.set_state(tx, infraction, State.ACTIVE if lasting else State.DONE)
    await note(tx, settled, FLOTILLA, settled.state.value, how + replaced)
    await outbox.put(tx, created(settled))
    return settled


async def _fail(tx: Connection, infraction: Infraction, failure: str) -> Infraction:
    settled = await queries.set_state(tx, infraction, State.FAILED, failure=failure)
    await note(tx, settled, FLOTILLA, State.FAILED.value, failure)
    await erase_later(tx, settled)
    return settled


# --- superseding --------------------------------------------------------------------------------


async def _supersede(tx: Connection, newer: Infraction) -> str:
    """End what was ordered about the subject before, timers too, and name it for the history."""
    subject = newer.subject
    if subject is None:
        return ""
    older = await queries.lock_older(tx, subject, before=newer.number)
    for each in older:
        await _replace(tx, each, newer)
    await set_timer(tx, newer, subject)
    await _set_renewal(tx, newer, subject)
    if newer.kind is Kind.MUTE and any(each.role_id != newer.role_id for each in older):
        await reassert_later(tx, subject)
    return "".join(f", in place of #{each.number}" for each in older)


async def _replace(tx: Connection, older: Infraction, newer: Infraction) -> None:
    """End an older measure, whether it holds or is still under way."""
    await queries.set_replaced(tx, older, newer)
    if older.state is State.PENDING:
        await jobs.cancel(tx, FinishPending, older.key)
        await _fail(tx, older, f"Infraction #{newer.number} took its place.")
        return
    reverse = newer.kind in REVERSES.values()
    how = f"by {newer.kind.value}" if reverse else "replaced by"
    await end(tx, older, State.LIFTED, newer.moderator, f"{how} #{newer.number}")


async def _set_renewal(tx: Connection, newest: Infraction, subject: Subject) -> None:
    if is_timeout(newest):
        await plan_renewal(tx, newest, first_timeout(newest))
    elif subject.family is Family.MUTE:
        await jobs.cancel(tx, RenewMute, subject.key)


async def _check_overtaken(tx: Connection, infraction: Infraction, outcome: Outcome) -> None:
    """See to it that the newest measure holds when an older one reached Discord after it."""
    overtaken = infraction.state is State.FAILED and infraction.subject is not None
    if overtaken and outcome.status == "done" and infraction.subject is not None:
        await reassert_later(tx, infraction.subject)
