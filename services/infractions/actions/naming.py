"""Naming infractions: numbers offered while somebody types, searches kept for buttons."""

from services.infractions import queries
from services.infractions.deps import Deps
from services.infractions.model import Filter, Infraction
from shared.contracts.ids import GuildId
from shared.errors import NotFoundError

NOTHING = 0
"""Stands for a filter that lets everything pass."""


async def offered(
    deps: Deps, guild_id: GuildId, typed: str, *, hidden: bool = False, limit: int = 25
) -> list[Infraction]:
    """Return the newest infractions that somebody may mean who typed part of a number or name."""
    said = typed.strip().removeprefix("#")
    return await queries.offered(deps.db, guild_id, said, hidden=hidden, limit=limit)


async def keep_filter(deps: Deps, guild_id: GuildId, matching: Filter) -> int:
    """Keep what somebody searches for a week, and return the number that stands for it."""
    if matching == Filter():
        return NOTHING
    await queries.forget_filters(deps.db)
    return await queries.keep_filter(deps.db, guild_id, matching)


async def kept_filter(deps: Deps, guild_id: GuildId, filter_id: int) -> Filter:
    """Return what somebody of the guild searched for. Raises NotFoundError when it is forgotten."""
    if filter_id == NOTHING:
        return Filter()
    found = await queries.kept_filter(deps.db, guild_id, filter_id)
    if found is None:
        raise NotFoundError("There is nothing on this page any more: search again.")
    return found
