"""Looking things up; always within one guild."""

from msgspec import Struct

from services.infractions import queries
from services.infractions.deps import Deps
from services.infractions.model import LARGEST_NUMBER, Filter, Infraction, Step
from shared.contracts.ids import GuildId
from shared.errors import NotFoundError


class Page(Struct, kw_only=True, frozen=True):
    """Some infractions, newest first, and whether there are newer and older ones."""

    infractions: tuple[Infraction, ...]
    newer: bool
    older: bool


async def show(deps: Deps, guild_id: GuildId, number: int) -> tuple[Infraction, list[Step]]:
    """Return an infraction with its history. Raises NotFoundError."""
    known = 0 < number <= LARGEST_NUMBER
    infraction = await queries.get(deps.db, guild_id, number) if known else None
    if infraction is None:
        raise NotFoundError(f"There is no infraction #{number} in this server.")
    return infraction, await queries.history(deps.db, guild_id, number)


async def page(
    deps: Deps, guild_id: GuildId, matching: Filter, *, before: int | None = None, limit: int
) -> Page:
    """Return the newest infractions that match, below the number `before`."""
    found = await queries.search(deps.db, guild_id, matching, before=before, limit=limit + 1)
    return Page(
        infractions=tuple(found[:limit]), newer=before is not None, older=len(found) > limit
    )


async def newer_page(
    deps: Deps, guild_id: GuildId, matching: Filter, *, after: int, limit: int
) -> Page:
    """Return the infractions that match and stand next above the number `after`."""
    found = await queries.search_back(deps.db, guild_id, matching, after=after, limit=limit + 1)
    return Page(infractions=tuple(reversed(found[:limit])), newer=len(found) > limit, older=True)
