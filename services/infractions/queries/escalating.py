"""Reading warnings as the rules of escalation count them."""

from datetime import datetime

from services.infractions.escalation import Warned
from services.infractions.model import Infraction
from shared.contracts.ids import GuildId, UserId
from shared.postgres import Executor, fetch_all

COLUMNS = "number, user_id, user_name, points, created_at, counts_until, pardoned_at, hidden_at"


async def warnings_of(
    db: Executor, guild_id: GuildId, user_id: UserId, *, up_to: int | None = None, limit: int
) -> list[Warned]:
    """Return a member's newest warnings in their order, up to the number `up_to`."""
    found = await fetch_all(
        db,
        Warned,
        f"""
        SELECT {COLUMNS} FROM infractions
         WHERE guild_id = $1 AND user_id = $2 AND kind = 'warning'
           AND ($3::integer IS NULL OR number <= $3)
         ORDER BY number DESC LIMIT $4
        """,  # noqa: S608 - a constant
        guild_id,
        user_id,
        up_to,
        limit,
    )
    return found[::-1]


async def warnings_since(
    db: Executor, guild_id: GuildId, since: datetime, limit: int
) -> list[Warned]:
    """Return a guild's warnings since a moment, in their order, member by member."""
    return await fetch_all(
        db,
        Warned,
        f"""
        SELECT {COLUMNS} FROM infractions
         WHERE guild_id = $1 AND kind = 'warning' AND created_at >= $2
         ORDER BY user_id, number LIMIT $3
        """,  # noqa: S608 - a constant
        guild_id,
        since,
        limit,
    )


async def in_force(db: Executor, guild_id: GuildId, user_id: UserId) -> list[Infraction]:
    """Return the bans and mutes that a member is under, or about to be, newest first."""
    return await fetch_all(
        db,
        Infraction,
        """
        SELECT * FROM infractions
         WHERE guild_id = $1 AND user_id = $2 AND kind IN ('ban', 'mute')
           AND state IN ('pending', 'active')
         ORDER BY number DESC
        """,
        guild_id,
        user_id,
    )
