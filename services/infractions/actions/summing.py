"""A member's record, summed up, and what they may see of it themselves."""

from services.infractions import queries
from services.infractions.deps import Deps
from services.infractions.model import Count, Infraction
from shared.contracts.ids import GuildId, UserId


async def record_counts(deps: Deps, guild_id: GuildId, user_id: UserId) -> list[Count]:
    """Return how much of each kind a member's record has, most first."""
    return await queries.record_counts(deps.db, guild_id, user_id)


async def record_before(deps: Deps, infraction: Infraction) -> list[Count]:
    """Return what the member's record had when an infraction was added to it."""
    return await queries.record_counts(
        deps.db, infraction.guild_id, infraction.user_id, before=infraction.number
    )


async def own_record(
    deps: Deps, guild_id: GuildId, user_id: UserId, *, before: int | None = None, limit: int
) -> tuple[list[Infraction], bool]:
    """Return a page of what somebody may see of their own record, and whether there is more."""
    found = await queries.own_record(deps.db, guild_id, user_id, before=before, limit=limit + 1)
    return found[:limit], len(found) > limit
