"""A measure from its order to its settlement: recorded, told, carried out, written down."""

import asyncio
from datetime import timedelta
from typing import Final

import asyncpg
import structlog
from msgspec.structs import replace

from services.infractions import queries
from services.infractions.actions import settling
from services.infractions.actions.announcing import created
from services.infractions.actions.asking import is_banned
from services.infractions.actions.carrying import carry_out
from services.infractions.actions.evidence import save_evidence
from services.infractions.actions.following import follow_up
from services.infractions.actions.telling import tell
from services.infractions.actions.writing import note
from services.infractions.deps import Deps
from services.infractions.model import (
    ALREADY_DONE,
    FLOTILLA,
    Infraction,
    Kind,
    Order,
    State,
)
from services.infractions.timers import FinishPending
from services.infractions.wording import member, moderator
from shared import jobs, outbox
from shared.commands import parse_duration
from shared.contracts.ids import GuildId, RoleId
from shared.errors import ConflictError, UnavailableError, UserError
from shared.postgres import Connection, transaction

FINISH_AFTER: Final = timedelta(seconds=30)
"""How long a measure may be pending before a job asks Discord again: longer than any action."""

log = structlog.get_logger()


async def order(deps: Deps, what: Order) -> Infraction:
    """Record a measure and carry it out; the same `source_key` again returns the first one.

    Raises UserError when it is refused, ConflictError for a ban of somebody who is banned for good
    already, UnavailableError while Discord can't be reached: then the measure stays pending and is
    finished later.
    """
    _check(deps, what)
    infraction, again = await _record_once(deps, _as_configured(deps, what))
    if infraction.state is State.PENDING:
        infraction = await _do(deps, infraction, again=again)
    elif infraction.kind is Kind.WARNING:
        await tell(deps, infraction)
    if infraction.state is State.FAILED:
        raise UserError(f"{infraction.failure} Recorded as infraction #{infraction.number}.")
    return infraction


async def finish(deps: Deps, guild_id: GuildId, number: int) -> None:
    """Carry out what was recorded and, because of a crash or an outage, not settled."""
    infraction = await queries.get(deps.db, guild_id, number)
    if infraction is not None and infraction.state is State.PENDING:
        await _do(deps, infraction, again=True)


async def replaced(deps: Deps, infraction: Infraction) -> list[Infraction]:
    """Return the measures whose place this one took, newest first."""
    return await queries.replaced(deps.db, infraction)


def _check(deps: Deps, what: Order) -> None:
    if what.kind is Kind.TEMPROLE and what.role_id is None:
        raise UserError("Say which role to give.")
    if what.reason:
        return
    if what.kind is Kind.WARNING:
        raise UserError("A warning needs a reason: add it at the end.")
    if what.kind is Kind.NOTE:
        raise UserError("A note needs a text: add it at the end.")
    if deps.config.get(what.guild_id).plugins.infractions.require_reason:
        raise UserError("This server wants a reason with every measure: add it at the end.")


def _as_configured(deps: Deps, what: Order) -> Order:
    """Return an order with what it leaves to the guild's configuration."""
    plugin = deps.config.get(what.guild_id).plugins.infractions
    if what.kind is Kind.MUTE and what.role_id is None and plugin.mute_role is not None:
        return replace(what, role_id=RoleId(plugin.mute_role))
    expiry = plugin.warning_expiry
    if what.kind is Kind.WARNING and what.counts_for is None and expiry is not None:
        return replace(what, counts_for=parse_duration(expiry))
    return what


async def _do(deps: Deps, infraction: Infraction, *, again: bool) -> Infraction:
    """Tell the member while they can be reached, save what will be deleted, and carry it out."""
    await asyncio.gather(tell(deps, infraction), save_evidence(deps, infraction))
    try:
        outcome = await carry_out(deps, infraction, again=again)
    except UnavailableError as error:
        raise UnavailableError(
            f"Infraction #{infraction.number} is recorded as pending, and I keep trying."
        ) from error
    async with transaction(deps.db) as tx:
        settled = await settling.settle(tx, infraction, outcome)
    log.info("infraction_settled", infraction=settled.key, state=settled.state.value)
    return settled


# --- recording ----------------------------------------------------------------------------------


class _BannedForGoodError(Exception):
    """There is a ban without an end already, as this infraction."""

    def __init__(self, infraction: Infraction) -> None:
        super().__init__(infraction.key)
        self.infraction = infraction


async def _record_once(deps: Deps, what: Order) -> tuple[Infraction, bool]:
    """Write a measure down, unless it is a second ban for good of somebody who is banned."""
    try:
        return await _record(deps, what)
    except _BannedForGoodError as already:
        await _check_gone(deps, already.infraction)
        return await _record(deps, what)


async def _record(deps: Deps, what: Order) -> tuple[Infraction, bool]:
    """Return the measure, and whether it had been recorded before."""
    try:
        async with transaction(deps.db) as tx:
            infraction = await _insert(tx, what)
            await follow_up(tx, infraction, deps.config.get(what.guild_id).plugins.infractions)
            return infraction, False
    except asyncpg.UniqueViolationError:
        known = await queries.by_source(deps.db, what.guild_id, what.source_key)
        assert known is not None
        return known, True


async def _insert(tx: Connection, what: Order) -> Infraction:
    over_at_once = what.kind in ALREADY_DONE
    infraction = await queries.insert(tx, what, State.DONE if over_at_once else State.PENDING)
    await note(tx, infraction, what.moderator, "created", _by(what))
    if over_at_once:
        await outbox.put(tx, created(infraction))
        return infraction
    # After the insert, which makes those of one guild wait for each other.
    if what.kind is Kind.BAN and what.duration is None:
        standing = await queries.ban_for_good_before(tx, infraction)
        if standing is not None:
            raise _BannedForGoodError(standing)
    job = FinishPending(guild_id=infraction.guild_id, number=infraction.number)
    await jobs.schedule(tx, job, after=FINISH_AFTER, key=infraction.key)
    return infraction


def _by(what: Order) -> str:
    """Say how it was ordered."""
    return f"by {what.source} command" if what.source in ("slash", "text") else f"by {what.source}"


async def _check_gone(deps: Deps, ban: Infraction) -> None:
    """End the record of a ban that somebody lifted by hand. Raises ConflictError if it stands."""
    if ban.state is State.PENDING or await is_banned(deps, ban):
        raise ConflictError(
            f"{member(ban)} is banned for good already, by {moderator(ban)}: "
            f"infraction #{ban.number}."
        )
    async with transaction(deps.db) as tx:
        await settling.lift_recorded(tx, ban, FLOTILLA, "the ban was gone on Discord")
