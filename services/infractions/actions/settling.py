"""Writing down what Discord answered: in one transaction, with what it means for older measures."""

from services.infractions import queries
from services.infractions.actions.announcing import created, ended
from services.infractions.actions.writing import note
from services.infractions.model import (
    ABOUT_BANS,
    FLOTILLA,
    LASTING,
    Infraction,
    Kind,
    Outcome,
    Person,
    State,
)
from services.infractions.timers import FinishPending, LiftInfraction, ReassertBan
from shared import jobs, outbox
from shared.postgres import Connection


async def settle(tx: Connection, infraction: Infraction, outcome: Outcome) -> Infraction:
    """Settle a pending infraction by Discord's answer; one settled before stays as it is."""
    current = await queries.lock(tx, infraction.guild_id, infraction.number)
    assert current is not None
    if current.state is not State.PENDING:
        await _check_overtaken(tx, current, outcome)
        return current
    await jobs.cancel(tx, FinishPending, current.key)
    if outcome.status == "done":
        return await _succeed(tx, current)
    if current.kind is Kind.UNBAN and outcome.status == "not_banned":
        await _replace_older(tx, current)
        await _set_timer(tx, current)
    return await _fail(tx, current, outcome.message or "Discord refused.")


async def end(
    tx: Connection, infraction: Infraction, state: State, actor: Person, detail: str
) -> None:
    """End an active infraction, with the history and the event that say so."""
    done = await queries.set_state(tx, infraction, state)
    await note(tx, done, actor, state.value, detail)
    await outbox.put(tx, ended(done, actor))


async def reassert_later(tx: Connection, infraction: Infraction) -> None:
    """Have a job make Discord agree with the record, after two measures crossed."""
    job = ReassertBan(guild_id=infraction.guild_id, user_id=infraction.user_id)
    await jobs.schedule(tx, job, key=f"{infraction.guild_id}:{infraction.user_id}")


async def _succeed(tx: Connection, infraction: Infraction) -> Infraction:
    replaced = ""
    if infraction.kind in ABOUT_BANS:
        replaced = await _replace_older(tx, infraction)
        await _set_timer(tx, infraction)
    lasting = infraction.kind in LASTING
    settled = await queries.set_state(tx, infraction, State.ACTIVE if lasting else State.DONE)
    detail = f"done on Discord{replaced}"
    await note(tx, settled, FLOTILLA, settled.state.value, detail)
    await outbox.put(tx, created(settled))
    return settled


async def _fail(tx: Connection, infraction: Infraction, failure: str) -> Infraction:
    settled = await queries.set_state(tx, infraction, State.FAILED, failure=failure)
    await note(tx, settled, FLOTILLA, State.FAILED.value, failure)
    return settled


async def _replace_older(tx: Connection, newer: Infraction) -> str:
    """End what was ordered about the member's ban before, and name it for the history."""
    older = await queries.lock_older_about_ban(tx, newer)
    for each in older:
        await _replace(tx, each, newer)
    return "".join(f", in place of #{each.number}" for each in older)


async def _replace(tx: Connection, older: Infraction, newer: Infraction) -> None:
    """End an older measure, whether it holds or is still under way."""
    if older.state is State.PENDING:
        await jobs.cancel(tx, FinishPending, older.key)
        await _fail(tx, older, f"Infraction #{newer.number} took its place.")
        return
    how = "by unban" if newer.kind is Kind.UNBAN else "replaced by"
    await end(tx, older, State.LIFTED, newer.moderator, f"{how} #{newer.number}")


async def _set_timer(tx: Connection, newer: Infraction) -> None:
    """Put the newest measure's timer in the place of whatever timer there was."""
    if newer.expires_at is None:
        await jobs.cancel(tx, LiftInfraction, _timer(newer))
    else:
        job = LiftInfraction(guild_id=newer.guild_id, number=newer.number)
        await jobs.schedule(tx, job, at=newer.expires_at, key=_timer(newer))


async def _check_overtaken(tx: Connection, infraction: Infraction, outcome: Outcome) -> None:
    """See to it that the newest measure holds when an older one reached Discord after it."""
    overtaken = infraction.state is State.FAILED and infraction.kind in ABOUT_BANS
    if overtaken and outcome.status == "done":
        await reassert_later(tx, infraction)


def _timer(infraction: Infraction) -> str:
    """Name a member's one timer, so that a newer measure's takes the place of an older one's."""
    return f"{infraction.guild_id}:{infraction.user_id}:{Kind.BAN.value}"
