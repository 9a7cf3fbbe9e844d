"""Which measures a member is under, or about to be: the newest about one subject counts."""

from services.infractions.model import Infraction, Subject
from shared.contracts.ids import GuildId, RoleId, UserId
from shared.postgres import Connection, Executor, fetch_all, fetch_one, fetch_value


async def lock_older(tx: Connection, subject: Subject, before: int) -> list[Infraction]:
    """Return and lock what was ordered about a subject before, and holds or is under way.

    Newest first: as everybody locks downwards from their own row, nobody waits in a circle.
    """
    return await fetch_all(
        tx,
        Infraction,
        """
        SELECT * FROM infractions
         WHERE guild_id = $1 AND user_id = $2 AND kind = ANY($3)
           AND ($4::bigint IS NULL OR role_id = $4) AND number < $5
           AND state IN ('pending', 'active')
         ORDER BY number DESC FOR UPDATE
        """,
        subject.guild_id,
        subject.user_id,
        subject.kinds,
        subject.role_id,
        before,
    )


async def newest(db: Executor, subject: Subject, *, after: int = 0) -> Infraction | None:
    """Return the newest measure about a subject that holds or is under way."""
    return await fetch_one(
        db,
        Infraction,
        """
        SELECT * FROM infractions
         WHERE guild_id = $1 AND user_id = $2 AND kind = ANY($3)
           AND ($4::bigint IS NULL OR role_id = $4) AND number > $5
           AND state IN ('pending', 'active')
         ORDER BY number DESC LIMIT 1
        """,
        subject.guild_id,
        subject.user_id,
        subject.kinds,
        subject.role_id,
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


async def to_put_back(db: Executor, guild_id: GuildId, user_id: UserId) -> list[Infraction]:
    """Return what somebody is under that Discord forgets when they leave: mutes and roles."""
    return await fetch_all(
        db,
        Infraction,
        """
        SELECT * FROM infractions
         WHERE guild_id = $1 AND user_id = $2 AND kind IN ('mute', 'temprole')
           AND state = 'active'
         ORDER BY number DESC
        """,
        guild_id,
        user_id,
    )


async def mute_roles(db: Executor, guild_id: GuildId, user_id: UserId) -> set[RoleId]:
    """Return the roles by which somebody was ever muted, but for those that they hold for a time.

    The guild's mute role may have changed in between, so that they differ.
    """
    found = await fetch_value(
        db,
        list[RoleId],
        """
        SELECT array(
            SELECT role_id FROM infractions
             WHERE guild_id = $1 AND user_id = $2 AND kind = 'mute' AND role_id IS NOT NULL
            EXCEPT
            SELECT role_id FROM infractions
             WHERE guild_id = $1 AND user_id = $2 AND kind = 'temprole' AND state = 'active')
        """,
        guild_id,
        user_id,
    )
    return set(found)


async def replaced(db: Executor, newer: Infraction) -> list[Infraction]:
    """Return the measures whose place a newer one took, newest first."""
    return await fetch_all(
        db,
        Infraction,
        """
        SELECT * FROM infractions WHERE guild_id = $1 AND user_id = $2 AND replaced_by = $3
         ORDER BY number DESC
        """,
        newer.guild_id,
        newer.user_id,
        newer.number,
    )
