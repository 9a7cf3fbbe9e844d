"""Which measures a member is under, or about to be: the newest of a family counts."""

from services.infractions.model import ABOUT_BANS, Infraction
from shared.contracts.ids import GuildId, UserId
from shared.postgres import Connection, Executor, fetch_all, fetch_one


async def lock_older_about_ban(tx: Connection, newer: Infraction) -> list[Infraction]:
    """Return and lock what was ordered about a member's ban before, and holds or is under way.

    Newest first: as everybody locks downwards from their own row, nobody waits in a circle.
    """
    return await fetch_all(
        tx,
        Infraction,
        """
        SELECT * FROM infractions
         WHERE guild_id = $1 AND user_id = $2 AND kind = ANY($3) AND number < $4
           AND state IN ('pending', 'active')
         ORDER BY number DESC FOR UPDATE
        """,
        newer.guild_id,
        newer.user_id,
        ABOUT_BANS,
        newer.number,
    )


async def newest_about_ban(
    db: Executor, guild_id: GuildId, user_id: UserId, *, after: int = 0
) -> Infraction | None:
    """Return the newest measure about a member's ban that holds or is under way."""
    return await fetch_one(
        db,
        Infraction,
        """
        SELECT * FROM infractions
         WHERE guild_id = $1 AND user_id = $2 AND kind = ANY($3) AND number > $4
           AND state IN ('pending', 'active')
         ORDER BY number DESC LIMIT 1
        """,
        guild_id,
        user_id,
        ABOUT_BANS,
        after,
    )


async def ban_for_good_before(tx: Connection, newer: Infraction) -> Infraction | None:
    """Return the ban without an end that a member is under, or about to be."""
    return await fetch_one(
        tx,
        Infraction,
        """
        SELECT * FROM infractions
         WHERE guild_id = $1 AND user_id = $2 AND kind = 'ban' AND number < $3
           AND state IN ('pending', 'active') AND expires_at IS NULL
         ORDER BY number DESC LIMIT 1
        """,
        newer.guild_id,
        newer.user_id,
        newer.number,
    )
