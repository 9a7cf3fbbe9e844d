"""Lifting what was only for a time, or what somebody wants to end sooner."""

import structlog

from services.infractions import queries
from services.infractions.actions import settling
from services.infractions.actions.announcing import created
from services.infractions.actions.asking import NO_SUCH_MEMBER, NO_SUCH_ROLE
from services.infractions.actions.carrying import end_softban
from services.infractions.actions.carrying import lift as lift_on_discord
from services.infractions.actions.ordering import FINISH_AFTER, order
from services.infractions.actions.showing import show
from services.infractions.actions.writing import note
from services.infractions.deps import Deps
from services.infractions.model import (
    FLOTILLA,
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
from services.infractions.timers import LiftInfraction
from shared import jobs, outbox
from shared.contracts.ids import GuildId, UserId
from shared.errors import ConflictError, Retry, UnavailableError, UserError
from shared.postgres import transaction

log = structlog.get_logger()


async def expire(deps: Deps, guild_id: GuildId, number: int, by: Person | None = None) -> None:
    """Lift a measure whose time is up, or that somebody ends; one that is over is left alone.

    Raises Retry when Discord refuses, UnavailableError while it can't be reached, or a newer
    measure about the same is under way.
    """
    infraction = await queries.get(deps.db, guild_id, number)
    if infraction is None or infraction.state is not State.ACTIVE:
        return
    subject = infraction.subject
    assert subject is not None
    if await queries.newest(deps.db, subject, after=number):
        raise UnavailableError("A newer measure is under way.")
    outcome = await lift_on_discord(deps, infraction, _audit_reason(infraction, by))
    if outcome.status == "refused":
        await _note_refusal(deps, infraction, outcome)
        raise Retry(reason=outcome.message)
    await _settle_end(deps, infraction, subject, outcome, by)


def _audit_reason(infraction: Infraction, by: Person | None) -> str:
    number, ordered_by = infraction.number, infraction.moderator.name
    if by is None:
        return f"Infraction #{number} by {ordered_by} expired"
    return f"{by.name} ({by.id}): lifted infraction #{number} by {ordered_by}"


async def _note_refusal(deps: Deps, infraction: Infraction, outcome: Outcome) -> None:
    """Show that a measure is still in force though its time is up, and why."""
    log.warning("not_lifted", infraction=infraction.key, reason=outcome.message)
    async with transaction(deps.db) as tx:
        await queries.note_refused_lift(tx, infraction, outcome.message)
        if infraction.failure != outcome.message:
            await note(tx, infraction, FLOTILLA, "not lifted", outcome.message)


async def _settle_end(
    deps: Deps, infraction: Infraction, subject: Subject, outcome: Outcome, by: Person | None
) -> None:
    early = by is not None or outcome.code == NO_SUCH_ROLE
    async with transaction(deps.db) as tx:
        current = await queries.lock(tx, infraction.guild_id, infraction.number)
        assert current is not None
        if current.state is State.ACTIVE:
            state = State.LIFTED if early else State.EXPIRED
            await settling.end(tx, current, state, by or FLOTILLA, _how(infraction, outcome, by))
        crossed = current.version != infraction.version
        newer = await queries.newest(tx, subject, after=current.number)
        # Whoever came back at this moment may have been given it again.
        if crossed or newer is not None or outcome.code == NO_SUCH_MEMBER:
            await settling.reassert_later(tx, subject)
    log.info("infraction_expired", infraction=infraction.key)


def _how(infraction: Infraction, outcome: Outcome, by: Person | None) -> str:
    """Say why it ended, and what was no longer there to be lifted."""
    because = "time is up" if by is None else "lifted before its time"
    if outcome.code == NO_SUCH_MEMBER:
        return f"{because}; they are not here"
    if outcome.code == NO_SUCH_ROLE:
        return "the role does not exist any more"
    if outcome.status == "absent" and infraction.kind is Kind.BAN:
        return f"{because}; the ban was gone already"
    return because


async def finish_softban(deps: Deps, guild_id: GuildId, number: int, user_id: UserId) -> None:
    """Unban whom a softban left banned, unless a newer ban holds; then the softban is done.

    Raises Retry when Discord refuses, UnavailableError while it can't be reached.
    """
    softban = await queries.get(deps.db, guild_id, number)
    if softban is None or softban.state is not State.FAILED:
        return
    subject = Subject(guild_id=guild_id, user_id=user_id, family=Family.BAN)
    if await queries.newest(deps.db, subject, after=number):
        return
    outcome = await end_softban(deps, softban, user_id)
    async with transaction(deps.db) as tx:
        current = await queries.lock(tx, guild_id, number)
        assert current is not None
        if outcome.status != "refused":
            done = await queries.set_state(tx, current, State.DONE)
            await note(tx, done, FLOTILLA, State.DONE.value, "unbanned after all")
            await outbox.put(tx, created(done))
            if await queries.newest(tx, subject, after=number):
                await settling.reassert_later(tx, subject)
        elif current.failure is None or outcome.message not in current.failure:
            failed = await queries.set_state(tx, current, State.FAILED, failure=outcome.message)
            await note(tx, failed, FLOTILLA, "not lifted", outcome.message)
    if outcome.status == "refused":
        raise Retry(reason=outcome.message)


async def lift(  # who ends what, why, and how that came
    deps: Deps,
    guild_id: GuildId,
    number: int,
    by: Person,
    reason: str,
    source: str,
    source_key: str,
) -> Infraction:
    """End an active measure before its time; return the measure that did, or itself for a role.

    Raises NotFoundError, ConflictError when it is not in force, UserError when it is refused,
    UnavailableError while Discord can't be reached: then it is lifted later.
    """
    infraction, _ = await show(deps, guild_id, number)
    known = await queries.by_source(deps.db, guild_id, source_key)
    if known is None and infraction.state is not State.ACTIVE:
        raise ConflictError(f"Infraction #{number} is not in force: {infraction.state.value}.")
    reverse = REVERSES.get(infraction.kind)
    if reverse is None:
        return await _take_role(deps, infraction, by)
    what = Order(
        guild_id=guild_id,
        kind=reverse,
        user=Person(infraction.user_id, infraction.user_name),
        moderator=by,
        reason=reason,
        source=source,
        source_key=source_key,
    )
    return await order(deps, what)


async def _take_role(deps: Deps, infraction: Infraction, by: Person) -> Infraction:
    """Take a temporary role away; a job does it should this be cut off."""
    subject = infraction.subject
    assert subject is not None
    async with transaction(deps.db) as tx:
        current = await queries.lock(tx, infraction.guild_id, infraction.number)
        if current is not None and current.state is State.ACTIVE:
            job = LiftInfraction(guild_id=infraction.guild_id, number=infraction.number, by=by)
            await jobs.schedule(tx, job, after=FINISH_AFTER, key=subject.key)
    try:
        await expire(deps, infraction.guild_id, infraction.number, by)
    except Retry as refusal:
        raise UserError(f"{refusal.reason} I keep trying.") from refusal
    return (await show(deps, infraction.guild_id, infraction.number))[0]
