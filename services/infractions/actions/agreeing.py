"""Making Discord agree with the record: after measures crossed, after a rejoin, in good time."""

from datetime import UTC, datetime
from uuid import uuid4

import structlog

from services.infractions import queries
from services.infractions.actions import muting, settling
from services.infractions.actions.asking import NO_SUCH_ROLE, ask, why_now
from services.infractions.actions.muting import timeout_until
from services.infractions.actions.writing import note
from services.infractions.deps import Deps
from services.infractions.model import FLOTILLA, Family, Infraction, Outcome, State, Subject
from services.infractions.timers import PutBack
from shared import jobs
from shared.contracts.actions import AddRole, Ban, RemoveRole, Unban
from shared.contracts.events import MemberJoined
from shared.contracts.ids import GuildId, UserId
from shared.errors import Retry, UnavailableError
from shared.postgres import transaction

log = structlog.get_logger()


async def reassert(deps: Deps, subject: Subject, *, change: str = "", detail: str = "") -> None:
    """Have Discord say what the record says; `change` is noted where something was put on.

    Raises UnavailableError while a measure about it is under way, or Discord can't be reached,
    Retry when Discord refuses.
    """
    newest = await queries.newest(deps.db, subject)
    if newest is not None and newest.state is State.PENDING:
        raise UnavailableError("A newer measure is under way.")
    began = datetime.now(UTC)
    outcome = await _make_so(deps, subject, newest)
    if outcome.status == "refused":
        raise Retry(reason=outcome.message)
    if await queries.newest(deps.db, subject) != newest:
        raise UnavailableError("Something newer came meanwhile.")
    if newest is not None:
        await _note_put_on(deps, newest, outcome, began, change, detail)
    log.info("reasserted", subject=subject.key, holds=newest is not None)


async def put_back_later(deps: Deps, event: MemberJoined) -> None:
    """Have a job put back what somebody is under who left and came again."""
    if await queries.to_put_back(deps.db, event.guild_id, event.user_id):
        joined_at = event.joined_at or datetime.now(UTC)
        job = PutBack(guild_id=event.guild_id, user_id=event.user_id, joined_at=joined_at)
        await jobs.schedule(deps.db, job, key=f"{event.guild_id}:{event.user_id}")


async def put_back(deps: Deps, guild_id: GuildId, user_id: UserId, joined_at: datetime) -> None:
    """Mute again, and give the temporary roles again, to a member who left to be rid of them.

    Raises as `reassert` does; what was put back stands in the history once.
    """
    moment = joined_at.astimezone(UTC).replace(tzinfo=None)
    detail = f"they came back at {moment.isoformat(' ', 'milliseconds')} UTC"
    for each in await queries.to_put_back(deps.db, guild_id, user_id):
        assert each.subject is not None
        if not await queries.was_noted(deps.db, each, "reapplied", detail):
            await _put_back(deps, each, each.subject, detail)


async def _put_back(deps: Deps, infraction: Infraction, subject: Subject, detail: str) -> None:
    """Put one back; that Discord refuses stands in the history, once for a reason."""
    try:
        await reassert(deps, subject, change="reapplied", detail=detail)
    except Retry as refusal:
        said = f"{detail}: {refusal.reason}"
        if not await queries.was_noted(deps.db, infraction, "not reapplied", said):
            async with transaction(deps.db) as tx:
                current = await queries.lock(tx, infraction.guild_id, infraction.number)
                if current is not None and current.state is State.ACTIVE:
                    await note(tx, current, FLOTILLA, "not reapplied", said)
        raise


async def renew(deps: Deps, guild_id: GuildId, number: int) -> None:
    """Time a member out again whose mute goes on after the timeout's end.

    Raises as `reassert` does.
    """
    infraction = await queries.get(deps.db, guild_id, number)
    if infraction is None or infraction.state is not State.ACTIVE:
        return
    assert infraction.subject is not None
    await reassert(deps, infraction.subject, change="renewed")


async def _make_so(deps: Deps, subject: Subject, newest: Infraction | None) -> Outcome:
    key = f"infraction:{subject.key}:reassert:{uuid4().hex}"
    reason = why_now(subject, newest)
    guild_id, user_id = subject.guild_id, subject.user_id
    if subject.family is Family.MUTE:
        if newest is None:
            return await muting.clear(deps, guild_id, user_id, key, reason)
        return await muting.put_on(deps, newest, key, reason)
    if subject.role_id is not None:
        change = AddRole if newest is not None else RemoveRole
        role = change(guild_id=guild_id, user_id=user_id, role_id=subject.role_id)
        return await ask(deps, role, key=key, reason=reason)
    ban = Ban if newest is not None else Unban
    return await ask(deps, ban(guild_id=guild_id, user_id=user_id), key=key, reason=reason)


async def _note_put_on(  # what was asked for, and how it is noted
    deps: Deps, infraction: Infraction, outcome: Outcome, began: datetime, change: str, detail: str
) -> None:
    """Write down until when it now holds on Discord, or that it can't hold any more."""
    async with transaction(deps.db) as tx:
        current = await queries.lock(tx, infraction.guild_id, infraction.number)
        if current is None or current.version != infraction.version:
            raise UnavailableError("It was changed meanwhile.")
        if outcome.code == NO_SUCH_ROLE:
            await settling.lift_recorded(tx, current, FLOTILLA, "the role does not exist any more")
            return
        if settling.is_timeout(current):
            await settling.plan_renewal(tx, current, timeout_until(current, began))
        if change and outcome.status == "done":
            await note(tx, current, FLOTILLA, change, detail)
