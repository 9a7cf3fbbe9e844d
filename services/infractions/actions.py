"""What infractions can do: warn, ban for ever or for a time, unban, and lift in time.

Each measure is recorded before Discord hears of it and settled after, so that a crash at any
point leaves a visible `pending` which a job finishes.
"""

from datetime import timedelta
from typing import Final

import asyncpg

from services.infractions import queries
from services.infractions.deps import Deps
from services.infractions.model import (
    ALREADY_DONE,
    FLOTILLA,
    LASTING,
    Infraction,
    Kind,
    Order,
    Outcome,
    Person,
    State,
    Step,
)
from services.infractions.timers import FinishPending, LiftInfraction
from shared import jobs, outbox
from shared.contracts.actions import (
    Action,
    Ban,
    Message,
    SendDirect,
    Unban,
)
from shared.contracts.domain import InfractionCreated, InfractionEnded
from shared.contracts.ids import GuildId, UserId
from shared.contracts.topology import MODERATION
from shared.errors import ForbiddenError, NotFoundError, UnavailableError, UserError
from shared.postgres import Connection, transaction

FINISH_AFTER: Final = timedelta(seconds=30)
"""How long a measure may be pending before a job asks Discord again: longer than any action."""

ACTION_TIMEOUT: Final = timedelta(seconds=10)
TELL_TIMEOUT: Final = timedelta(seconds=3)
"""A measure does not wait longer than this for the member's direct message."""


async def order(deps: Deps, what: Order) -> Infraction:
    """Record a measure and carry it out; the same `source_key` again returns the first one.

    Raises UserError when Discord refuses, UnavailableError while it does not answer: then the
    measure stays pending and is finished later.
    """
    _check_reason(deps, what)
    infraction = await record(deps, what)
    if infraction.state is State.PENDING or infraction.kind is Kind.WARNING:
        await _tell(deps, infraction)
    if infraction.state is State.PENDING:
        infraction = await carry_out(deps, infraction)
    if infraction.state is State.FAILED:
        raise UserError(f"{infraction.failure} Recorded as infraction #{infraction.number}.")
    return infraction


def _check_reason(deps: Deps, what: Order) -> None:
    wanted = deps.config.get(what.guild_id).plugins.infractions.require_reason
    if wanted and not what.reason.strip():
        raise UserError("This server wants a reason with every measure: add it at the end.")


async def record(deps: Deps, what: Order) -> Infraction:
    """Write a measure down, with the job that finishes it should this process die."""
    try:
        async with transaction(deps.db) as tx:
            return await _insert(tx, what)
    except asyncpg.UniqueViolationError:
        known = await queries.by_source(deps.db, what.guild_id, what.source_key)
        assert known is not None
        return known


async def _insert(tx: Connection, what: Order) -> Infraction:
    over_at_once = what.kind in ALREADY_DONE
    state = State.DONE if over_at_once else State.PENDING
    infraction = await queries.insert(tx, what, state)
    await queries.append(tx, infraction, what.moderator, "created", f"by {what.source}")
    if over_at_once:
        await outbox.put(tx, _created(infraction))
    else:
        job = FinishPending(guild_id=infraction.guild_id, number=infraction.number)
        await jobs.schedule(tx, job, after=FINISH_AFTER, key=_key(infraction))
    return infraction


async def carry_out(deps: Deps, infraction: Infraction) -> Infraction:
    """Ask Discord for what a pending infraction is about, and settle it by the answer."""
    outcome = await _apply(deps, infraction)
    async with transaction(deps.db) as tx:
        return await _settle(tx, infraction, outcome)


async def _apply(deps: Deps, infraction: Infraction) -> Outcome:
    try:
        result = await deps.gateway.do(
            _action(infraction),
            key=f"infraction:{_key(infraction)}:apply",
            reason=_audit_reason(infraction),
            timeout=ACTION_TIMEOUT,
            queue=MODERATION,
        )
    except ForbiddenError as refusal:
        return Outcome(status="refused", message=refusal.message)
    except UnavailableError as error:
        raise UnavailableError(
            f"Infraction #{infraction.number} is pending, and I keep trying: {error.message}"
        ) from error
    return Outcome(status=result.status, message=result.message)


async def _settle(tx: Connection, infraction: Infraction, outcome: Outcome) -> Infraction:
    """Write down what Discord answered; what was settled before stays as it is."""
    current = await queries.lock(tx, infraction.guild_id, infraction.number)
    assert current is not None
    if current.state is not State.PENDING:
        return current
    await jobs.cancel(tx, FinishPending, _key(current))
    if current.kind is Kind.UNBAN and outcome.status != "refused":
        await _end_bans(tx, current)
    if outcome.status != "done":
        return await _fail(tx, current, outcome)
    return await _succeed(tx, current)


async def _succeed(tx: Connection, infraction: Infraction) -> Infraction:
    lasting = infraction.kind in LASTING
    if lasting:
        await _supersede(tx, infraction)
    settled = await queries.set_state(tx, infraction, State.ACTIVE if lasting else State.DONE)
    await queries.append(tx, settled, FLOTILLA, settled.state.value, "done on Discord")
    await outbox.put(tx, _created(settled))
    return settled


async def _fail(tx: Connection, infraction: Infraction, outcome: Outcome) -> Infraction:
    failure = outcome.message or "Discord refused."
    settled = await queries.set_state(tx, infraction, State.FAILED, failure=failure)
    await queries.append(tx, settled, FLOTILLA, "failed", failure)
    return settled


async def _supersede(tx: Connection, newer: Infraction) -> None:
    """End older measures of the kind and put the newer one's timer in their timer's place."""
    active = await queries.lock_active(tx, newer.guild_id, newer.user_id, newer.kind)
    for older in active:
        await _end(tx, older, State.LIFTED, FLOTILLA, f"superseded by #{newer.number}")
    if newer.expires_at is None:
        await jobs.cancel(tx, LiftInfraction, _timer(newer))
    else:
        job = LiftInfraction(guild_id=newer.guild_id, number=newer.number)
        await jobs.schedule(tx, job, at=newer.expires_at, key=_timer(newer))


async def _end_bans(tx: Connection, unban: Infraction) -> None:
    """End every ban of the member and take the timer away."""
    moderator = Person(id=unban.moderator_id or UserId(0), name=unban.moderator_name)
    for ban in await queries.lock_active(tx, unban.guild_id, unban.user_id, Kind.BAN):
        await _end(tx, ban, State.LIFTED, moderator, f"by unban #{unban.number}")
        await jobs.cancel(tx, LiftInfraction, _timer(ban))


async def _end(
    tx: Connection, infraction: Infraction, state: State, actor: Person, detail: str
) -> None:
    ended = await queries.set_state(tx, infraction, state)
    await queries.append(tx, ended, actor, state.value, detail)
    await outbox.put(tx, _ended(ended, actor))


async def finish(deps: Deps, guild_id: GuildId, number: int) -> None:
    """Carry out what was recorded and, because of a crash or an outage, not settled."""
    infraction = await queries.get(deps.db, guild_id, number)
    if infraction is not None and infraction.state is State.PENDING:
        await carry_out(deps, infraction)


async def expire(deps: Deps, guild_id: GuildId, number: int) -> None:
    """Lift a temporary measure whose time is up; one that is not active any more is left alone.

    Raises UnavailableError or ForbiddenError when Discord did not lift it: the job tries again.
    """
    infraction = await queries.get(deps.db, guild_id, number)
    if infraction is None or infraction.state is not State.ACTIVE:
        return
    result = await deps.gateway.do(
        Unban(guild_id=guild_id, user_id=infraction.user_id),
        key=f"infraction:{_key(infraction)}:lift",
        reason=f"Flotilla: infraction #{number} by {infraction.moderator_name} expired",
        timeout=ACTION_TIMEOUT,
        queue=MODERATION,
    )
    detail = "time is up" if result.status == "done" else "time is up; the ban was gone already"
    async with transaction(deps.db) as tx:
        current = await queries.lock(tx, guild_id, number)
        if current is not None and current.state is State.ACTIVE:
            await _end(tx, current, State.EXPIRED, FLOTILLA, detail)


async def show(deps: Deps, guild_id: GuildId, number: int) -> tuple[Infraction, list[Step]]:
    """Return an infraction with its history. Raises NotFoundError."""
    infraction = await queries.get(deps.db, guild_id, number)
    if infraction is None:
        raise NotFoundError(f"There is no infraction #{number} in this server.")
    return infraction, await queries.history(deps.db, guild_id, number)


async def _tell(deps: Deps, infraction: Infraction) -> None:
    """Tell the member by direct message, if the guild wants it; before they are gone."""
    wanted = deps.config.get(infraction.guild_id).plugins.infractions.notify_user
    if not wanted or infraction.kind is Kind.UNBAN:
        return
    change, detail = await _send_notice(deps, infraction)
    async with transaction(deps.db) as tx:
        await queries.append_once(tx, infraction, FLOTILLA, change, detail)


async def _send_notice(deps: Deps, infraction: Infraction) -> tuple[str, str]:
    """Return how the history calls it, and why it failed if it did."""
    guild = await deps.gateway.guild(infraction.guild_id)
    message = Message(content=_notice(infraction, guild.name))
    try:
        result = await deps.gateway.do(
            SendDirect(user_id=infraction.user_id, message=message),
            key=f"infraction:{_key(infraction)}:tell",
            timeout=TELL_TIMEOUT,
            queue=MODERATION,
        )
    except UserError as error:
        return "not told", error.message
    return ("told", "") if result.status == "done" else ("not told", result.message)


def _notice(infraction: Infraction, guild_name: str) -> str:
    until = (
        f" until <t:{int(infraction.expires_at.timestamp())}:f>" if infraction.expires_at else ""
    )
    reason = f" Reason: {infraction.reason}" if infraction.reason else ""
    return f"{_past(infraction.kind)} **{guild_name}**{until}.{reason}"


def _past(kind: Kind) -> str:
    return {
        Kind.WARNING: "You were warned in",
        Kind.BAN: "You were banned from",
        Kind.KICK: "You were kicked from",
        Kind.MUTE: "You were muted in",
    }.get(kind, f"A moderator recorded a {kind.value} about you in")


def _action(infraction: Infraction) -> Action:
    if infraction.kind is Kind.BAN:
        return Ban(
            guild_id=infraction.guild_id,
            user_id=infraction.user_id,
            delete_message_seconds=infraction.delete_message_seconds,
        )
    assert infraction.kind is Kind.UNBAN
    return Unban(guild_id=infraction.guild_id, user_id=infraction.user_id)


def _audit_reason(infraction: Infraction) -> str:
    """Name the moderator first, as Discord's audit log only knows the bot."""
    reason = infraction.reason or "no reason given"
    return f"{infraction.moderator_name} ({infraction.moderator_id}): {reason}"[:512]


def _key(infraction: Infraction) -> str:
    return f"{infraction.guild_id}:{infraction.number}"


def _timer(infraction: Infraction) -> str:
    """One timer per member and kind, so that a newer measure takes the older one's place."""
    return f"{infraction.guild_id}:{infraction.user_id}:{infraction.kind.value}"


def _created(infraction: Infraction) -> InfractionCreated:
    return InfractionCreated(
        guild_id=infraction.guild_id,
        number=infraction.number,
        kind=infraction.kind.value,
        user_id=infraction.user_id,
        moderator_id=infraction.moderator_id,
        at=infraction.created_at,
        expires_at=infraction.expires_at,
        reason=infraction.reason,
    )


def _ended(infraction: Infraction, actor: Person) -> InfractionEnded:
    assert infraction.ended_at is not None
    return InfractionEnded(
        guild_id=infraction.guild_id,
        number=infraction.number,
        kind=infraction.kind.value,
        user_id=infraction.user_id,
        state=infraction.state.value,
        at=infraction.ended_at,
        moderator_id=actor.id or None,
    )
