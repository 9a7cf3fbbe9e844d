"""Asking Discord again what is so, where the gateway missed the events that would have told."""

import structlog

from services.infractions import queries
from services.infractions.actions import settling
from services.infractions.actions.carrying import is_gone
from services.infractions.deps import Deps
from services.infractions.model import FLOTILLA, Filter, Infraction, Kind, State
from services.infractions.timers import RecheckBans
from shared import jobs
from shared.contracts.ids import GuildId
from shared.postgres import transaction

ACTIVE_BANS = Filter(kind=Kind.BAN, state=State.ACTIVE)

log = structlog.get_logger()


async def recheck_later(deps: Deps, guild_id: GuildId) -> None:
    """Have a job ask about the bans of a guild; one that is at it already begins again."""
    await jobs.schedule(deps.db, RecheckBans(guild_id=guild_id), key=str(guild_id))


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


async def _note_lifted(deps: Deps, ban: Infraction) -> None:
    async with transaction(deps.db) as tx:
        current = await queries.lock(tx, ban.guild_id, ban.number)
        if current is None or current.state is not State.ACTIVE:
            return
        await settling.end(
            tx, current, State.LIFTED, FLOTILLA, "found lifted after events were missed"
        )
    log.info("ban_found_lifted", infraction=ban.key)
