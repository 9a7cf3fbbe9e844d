"""Looking things up; always within one guild."""

from typing import Final

from msgspec import Struct

from services.infractions import queries
from services.infractions.deps import Deps
from services.infractions.model import LARGEST_NUMBER, Filter, Infraction, Kind, Step
from shared.contracts.ids import GuildId, UserId
from shared.errors import NotFoundError

NEWEST: Final = 25
"""Infractions of a member that are shown in their record."""


class Page(Struct, kw_only=True, frozen=True):
    """Some infractions, newest first, and whether there are newer and older ones."""

    infractions: tuple[Infraction, ...]
    newer: bool
    older: bool


class Record(Struct, kw_only=True, frozen=True):
    """What a member has: how many of each kind, and the newest of them."""

    counts: dict[Kind, int]
    newest: tuple[Infraction, ...]


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


async def counts(deps: Deps, guild_id: GuildId, matching: Filter) -> dict[Kind, int]:
    """Count the infractions that match by kind, the most first."""
    return await queries.counts(deps.db, guild_id, matching)


async def record(deps: Deps, guild_id: GuildId, user_id: UserId) -> Record:
    """Return what a member has; nothing that was hidden."""
    theirs = Filter(user_id=user_id)
    return Record(
        counts=await queries.counts(deps.db, guild_id, theirs),
        newest=tuple(await queries.search(deps.db, guild_id, theirs, limit=NEWEST)),
    )
