"""Who may see which guild, and as what; whoever may not is told that there is no such guild."""

import asyncio
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

import structlog

from services.web.deps import Deps
from services.web.memory import Access, Role
from shared.contracts.ids import GuildId, UserId
from shared.errors import NotFoundError, UnavailableError
from shared.permissions import person_in, web_role_of

AWAY: Final = timedelta(minutes=10)
"""How long it holds while nobody can be asked."""
PATIENCE: Final = timedelta(seconds=3)
AT_ONCE: Final = 20

log = structlog.get_logger()


async def enter(deps: Deps, user_id: UserId, guild_id: GuildId, now: datetime) -> Access:
    """Return what somebody may do in a guild.

    Raises NotFoundError when there is no such guild, or not for them; UnavailableError.
    """
    access = await look(deps, user_id, guild_id, now)
    if access is None:
        raise NotFoundError("There is no such server, or it is not yours to see.")
    return access


async def visible(
    deps: Deps, user_id: UserId, guild_ids: Iterable[GuildId], now: datetime
) -> list[Access]:
    """Return those of the guilds that somebody may see, by name. Raises UnavailableError."""
    limit = asyncio.Semaphore(AT_ONCE)

    async def one(guild_id: GuildId) -> Access | None:
        async with limit:
            return await look(deps, user_id, guild_id, now)

    found = await asyncio.gather(*(one(guild_id) for guild_id in guild_ids))
    return sorted((each for each in found if each), key=lambda each: each.name.casefold())


async def look(deps: Deps, user_id: UserId, guild_id: GuildId, now: datetime) -> Access | None:
    """Return what somebody may do in a guild, None for nothing. Raises UnavailableError."""
    known, access = deps.access.recall(user_id, guild_id, now - deps.settings.access_fresh)
    if known:
        return access
    try:
        access = await _find_out(deps, user_id, guild_id)
    except UnavailableError:
        known, access = deps.access.recall(user_id, guild_id, now - AWAY)
        if not known:
            raise
        log.warning("access_remembered_as_nobody_answers", guild_id=guild_id)
        return access
    deps.access.keep(user_id, guild_id, access, now)
    return access


async def _find_out(deps: Deps, user_id: UserId, guild_id: GuildId) -> Access | None:
    try:
        guild = await deps.gateway.guild(guild_id, timeout=PATIENCE)
    except NotFoundError:
        return None
    role: Role | None = "operator"
    if user_id not in deps.settings.operators:
        member = await deps.gateway.member(guild_id, user_id, timeout=PATIENCE)
        if member is None:
            return None
        person = person_in(guild, user_id, member.roles)
        role = web_role_of(person, deps.config.get(guild_id))
    if role is None:
        return None
    return Access(id=guild_id, user_id=user_id, role=role, name=guild.name, icon=guild.icon)
