"""Finding infractions of a guild."""

from services.infractions.model import Filter, Infraction
from shared.contracts.ids import GuildId
from shared.postgres import Executor, fetch_all


async def search(
    db: Executor,
    guild_id: GuildId,
    matching: Filter,
    *,
    before: int | None = None,
    limit: int = 25,
) -> list[Infraction]:
    """Return a guild's infractions that match, newest first, below the number `before`."""
    return await fetch_all(
        db,
        Infraction,
        """
        SELECT * FROM infractions
         WHERE guild_id = $1
           AND ($2::bigint IS NULL OR user_id = $2)
           AND ($3::bigint IS NULL OR moderator_id = $3)
           AND ($4::text IS NULL OR kind = $4)
           AND ($5::text IS NULL OR state = $5)
           AND ($6::integer IS NULL OR number < $6)
         ORDER BY number DESC LIMIT $7
        """,
        guild_id,
        matching.user_id,
        matching.moderator_id,
        matching.kind,
        matching.state,
        before,
        limit,
    )


async def search_back(
    db: Executor, guild_id: GuildId, matching: Filter, *, after: int, limit: int
) -> list[Infraction]:
    """Return a guild's infractions that match, oldest first, above the number `after`."""
    return await fetch_all(
        db,
        Infraction,
        """
        SELECT * FROM infractions
         WHERE guild_id = $1
           AND ($2::bigint IS NULL OR user_id = $2)
           AND ($3::bigint IS NULL OR moderator_id = $3)
           AND ($4::text IS NULL OR kind = $4)
           AND ($5::text IS NULL OR state = $5)
           AND number > $6
         ORDER BY number LIMIT $7
        """,
        guild_id,
        matching.user_id,
        matching.moderator_id,
        matching.kind,
        matching.state,
        after,
        limit,
    )
