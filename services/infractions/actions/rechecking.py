"""Asking Discord again what is so, where the gateway missed the events that would have told."""

from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from services.infractions import queries
from services.infractions.actions import settling
from services.infractions.actions.agreeing import put_back
from services.infractions.actions.asking import is_gone
from services.infractions.actions.muting import SAME, is_timed_out
from services.infractions.deps import Deps
from services.infractions.model import FLOTILLA, Filter, Infraction, Kind, State
from services.infractions.timers import RecheckBans, RecheckMembers
from shared import jobs
from shared.contracts.discord import Member
from shared.contracts.ids import GuildId
from shared.errors import ForbiddenError, UnavailableError
from shared.postgres import transaction

ACTIVE_BANS = Filter(kind=Kind.BAN, state=State.ACTIVE)
ACTIVE_ON_MEMBERS = tuple(
    Filter(kind=kind, state=State.ACTIVE) for kind in (Kind.MUTE, Kind.TEMPROLE)
)

AFTER_ENTRIES: Final = timedelta(seconds=15)
"""How long the entries of the time that was missed, which were published before, may take."""

log = structlog.get_logger()


async def recheck_later(deps: Deps, guild_id: GuildId) -> None:
    """Have jobs ask about what holds in a guild; one that is at it already begins again.

    They wait a little for the entries of the audit log, which say who lifted what.
    """
    for job in (RecheckBans(guild_id=guild_id), RecheckMembers(guild_id=guild_id)):
        await jobs.schedule(deps.db, job, after=AFTER_ENTRIES, key=str(guild_id))


async def recheck_bans(deps: Deps, guild_id: GuildId) -> None:
    """End the record of every ban of a guild of which Discord says that it is not there any more.

    Raises UnavailableError while Discord can't be reached; to begin again then does no harm.
    """
    before: int | None = None
    while bans := await queries.search(deps.db, guild_id, ACTIVE_BANS, before=before):
        for ban in bans:
            if await is_gone(deps, ban):
                await _note_lifted(deps, ban)
        before = bans[-1].number


async def recheck_members(deps: Deps, guild_id: GuildId) -> None:
    """End the record of the mutes and temporary roles that members do not have any more.

    Who left is left alone, and who left and came again gets them back. Raises UnavailableError
    while Discord can't be reached; to begin again then does no harm.
    """
    for matching in ACTIVE_ON_MEMBERS:
        before: int | None = None
        while found := await queries.search(deps.db, guild_id, matching, before=before):
            for each in found:
                await _recheck(deps, each)
            before = found[-1].number


async def _recheck(deps: Deps, infraction: Infraction) -> None:
    try:
        member = await deps.gateway.member(infraction.guild_id, infraction.user_id)
    except ForbiddenError:
        return
    if member is None or _holds(infraction, member) or _runs_out(infraction):
        return
    put_on = await queries.last_put_on(deps.db, infraction)
    if member.joined_at is not None and member.joined_at > put_on:
        await put_back(deps, infraction.guild_id, infraction.user_id, member.joined_at)
    else:
        await _note_lifted(deps, infraction)


def _holds(infraction: Infraction, member: Member) -> bool:
    if infraction.role_id is not None:
        return infraction.role_id in member.roles
    return is_timed_out(member)


def _runs_out(infraction: Infraction) -> bool:
    """Say whether it is over by itself, as its timer, or its renewal, is about to find."""
    until = infraction.applied_until or infraction.expires_at
    return until is not None and until <= datetime.now(UTC) + 2 * SAME


async def _note_lifted(deps: Deps, infraction: Infraction) -> None:
    async with transaction(deps.db) as tx:
        current = await queries.lock(tx, infraction.guild_id, infraction.number)
        if current is None or current.version != infraction.version:
            raise UnavailableError("It was changed meanwhile.")
        detail = "found lifted after events were missed"
        await settling.lift_recorded(tx, current, FLOTILLA, detail)
    log.info("found_lifted", infraction=infraction.key)
