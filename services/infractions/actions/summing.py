"""A member's record, summed up."""

from services.infractions import queries
from services.infractions.deps import Deps
from services.infractions.model import Count, Infraction
from shared.contracts.ids import GuildId, UserId


async def counts(deps: Deps, guild_id: GuildId, user_id: UserId) -> list[Count]:
    """Return how much of each kind a member's record has, most first."""
    return await queries.counts(deps.db, guild_id, user_id)


async def record_before(deps: Deps, infraction: Infraction) -> list[Count]:
    """Return what the member's record had when an infraction was added to it."""
    return await queries.counts(
        deps.db, infraction.guild_id, infraction.user_id, before=infraction.number
    )
