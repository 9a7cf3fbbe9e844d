"""Counting what is in a member's record."""

from services.infractions.model import Count, Infraction
from shared.contracts.ids import GuildId, UserId
from shared.postgres import Executor, fetch_all


async def record_counts(
    db: Executor, guild_id: GuildId, user_id: UserId, *, before: int | None = None
) -> list[Count]:
    """Return how much of each kind there is, below the number `before`; not what was deleted.

    What failed is left out, as it never happened.
    """
    return await fetch_all(
        db,
        Count,
        """
        SELECT kind, count(*) AS total, max(created_at) AS newest_at,
               count(*) FILTER (WHERE counts_until <= now() OR pardoned_at IS NOT NULL) AS lapsed
          FROM infractions
         WHERE guild_id = $1 AND user_id = $2 AND hidden_at IS NULL AND state <> 'failed'
           AND ($3::integer IS NULL OR number < $3)
         GROUP BY kind ORDER BY count(*) DESC, kind
        """,
        guild_id,
        user_id,
        before,
    )


async def own_record(
    db: Executor, guild_id: GuildId, user_id: UserId, *, before: int | None, limit: int
) -> list[Infraction]:
    """Return what a member may see of their own record, newest first: no notes."""
    return await fetch_all(
        db,
        Infraction,
        """
        SELECT * FROM infractions
         WHERE guild_id = $1 AND user_id = $2 AND hidden_at IS NULL
           AND kind <> 'note' AND state NOT IN ('pending', 'failed')
           AND ($3::integer IS NULL OR number < $3)
         ORDER BY number DESC LIMIT $4
        """,
        guild_id,
        user_id,
        before,
        limit,
    )
