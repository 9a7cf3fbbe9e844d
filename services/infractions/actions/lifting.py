"""Lifting what was only for a time, and setting right what crossed."""

from uuid import uuid4

import structlog

from services.infractions import queries
from services.infractions.actions import settling
from services.infractions.actions.carrying import assert_ban, lift
from services.infractions.actions.writing import note
from services.infractions.deps import Deps
from services.infractions.model import FLOTILLA, Infraction, Kind, Outcome, State
from shared.contracts.ids import GuildId, UserId
from shared.errors import Retry, UnavailableError
from shared.postgres import transaction

log = structlog.get_logger()


async def expire(deps: Deps, guild_id: GuildId, number: int) -> None:
    """Lift a temporary ban whose time is up; one that is not active any more is left alone.

    Raises Retry when Discord refuses, UnavailableError while it can't be reached, or a newer
    measure about the same member is under way.
    """
    infraction = await queries.get(deps.db, guild_id, number)
    if infraction is None or infraction.state is not State.ACTIVE:
        return
    assert infraction.kind is Kind.BAN
    if await queries.newest_about_ban(deps.db, guild_id, infraction.user_id, after=number):
        raise UnavailableError("A newer measure is under way.")
    outcome = await lift(deps, infraction)
    if outcome.status == "refused":
        await _note_refusal(deps, infraction, outcome)
        raise Retry(reason=outcome.message)
    await _settle_expiry(deps, infraction, outcome)


async def _note_refusal(deps: Deps, infraction: Infraction, outcome: Outcome) -> None:
    """Show that a measure is still in force though its time is up, and why."""
    log.warning("not_lifted", infraction=infraction.key, reason=outcome.message)
    async with transaction(deps.db) as tx:
        await queries.note_refused_lift(tx, infraction, outcome.message)
        if infraction.failure != outcome.message:
            await note(tx, infraction, FLOTILLA, "not lifted", outcome.message)


async def _settle_expiry(deps: Deps, infraction: Infraction, outcome: Outcome) -> None:
    done = outcome.status == "done"
    detail = "time is up" if done else "time is up; the ban was gone already"
    async with transaction(deps.db) as tx:
        current = await queries.lock(tx, infraction.guild_id, infraction.number)
        assert current is not None
        if current.state is State.ACTIVE:
            await settling.end(tx, current, State.EXPIRED, FLOTILLA, detail)
        newer = await queries.newest_about_ban(
            tx, current.guild_id, current.user_id, after=current.number
        )
        if newer is not None:
            await settling.reassert_later(tx, newer)
    log.info("infraction_expired", infraction=infraction.key)


async def reassert_ban(deps: Deps, guild_id: GuildId, user_id: UserId) -> None:
    """Make Discord agree with the record after two measures about one member crossed.

    Raises UnavailableError while one is under way, or Discord can't be reached.
    """
    newest = await queries.newest_about_ban(deps.db, guild_id, user_id)
    if newest is not None and newest.state is State.PENDING:
        raise UnavailableError("A newer measure is under way.")
    key = f"infraction:{guild_id}:{user_id}:reassert:{uuid4().hex}"
    outcome = await assert_ban(deps, guild_id, user_id, banned=newest is not None, key=key)
    if outcome.status == "refused":
        raise Retry(reason=outcome.message)
    log.info("ban_reasserted", user_id=user_id, banned=newest is not None)
    if await queries.newest_about_ban(deps.db, guild_id, user_id) != newest:
        raise UnavailableError("Something newer came meanwhile.")
