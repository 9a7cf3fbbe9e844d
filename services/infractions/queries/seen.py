"""What the record knows of a subject, to be held against what was seen on Discord."""

from datetime import datetime, timedelta

from msgspec import Struct

from services.infractions.model import Infraction, Kind, Person, Subject
from shared.contracts.ids import GuildId, RoleId, UserId
from shared.postgres import Connection, Executor, execute, fetch_all, fetch_one, fetch_value


class Touched(Struct, kw_only=True, frozen=True):
    """When a subject was last touched: by an entry of the audit log, and otherwise.

    The former by Discord's clock, the latter by ours. None: never, as far as the record goes.
    """

    by_entry: datetime | None
    otherwise: datetime | None


async def touched(db: Executor, subject: Subject) -> Touched:
    """Return when something about a subject last happened, or was changed in the record."""
    row = await fetch_one(
        db,
        Touched,
        """
        SELECT max(created_at) FILTER (WHERE source = 'audit') AS by_entry,
               max(greatest(
                   CASE WHEN source <> 'audit' THEN created_at END,
                   CASE WHEN source <> 'audit' AND state IN ('pending', 'active')
                        THEN updated_at END,
                   CASE WHEN replaced_by IS NULL THEN ended_at END)) AS otherwise
          FROM infractions
         WHERE guild_id = $1 AND user_id = $2 AND kind = ANY($3)
           AND ($4::bigint IS NULL OR role_id = $4) AND state <> 'failed'
        """,
        subject.guild_id,
        subject.user_id,
        subject.kinds,
        subject.role_id,
    )
    assert row is not None
    return row


async def standing_on(db: Executor, guild_id: GuildId, user_id: UserId) -> list[Infraction]:
    """Return the mutes and temporary roles that somebody is under, or about to be, newest first."""
    return await fetch_all(
        db,
        Infraction,
        """
        SELECT * FROM infractions
         WHERE guild_id = $1 AND user_id = $2 AND kind IN ('mute', 'temprole')
           AND state IN ('pending', 'active')
         ORDER BY number DESC
        """,
        guild_id,
        user_id,
    )


async def is_recorded(db: Executor, guild_id: GuildId, source_key: str) -> bool:
    """Say whether what led to an infraction was recorded before."""
    return await fetch_value(
        db,
        bool,
        "SELECT EXISTS (SELECT FROM infractions WHERE guild_id = $1 AND source_key = $2)",
        guild_id,
        source_key,
    )


async def hold_guild(tx: Connection, guild_id: GuildId) -> None:
    """Keep everybody else from recording anything in a guild until the transaction ends."""
    await execute(
        tx,
        """
        INSERT INTO counters AS c (guild_id, last_number) VALUES ($1, 0)
        ON CONFLICT (guild_id) DO UPDATE SET last_number = c.last_number
        """,
        guild_id,
    )


async def nameless(
    db: Executor,
    guild_id: GuildId,
    user_id: UserId,
    kind: Kind,
    role_id: RoleId | None,
    at: datetime,
    *,
    sooner: timedelta,
    later: timedelta,
) -> Infraction | None:
    """Return what was recorded around a moment without knowing who did it."""
    return await fetch_one(
        db,
        Infraction,
        """
        SELECT * FROM infractions
         WHERE guild_id = $1 AND user_id = $2 AND kind = $3 AND role_id IS NOT DISTINCT FROM $4
           AND source = 'discord' AND moderator_id IS NULL
           AND created_at BETWEEN $5::timestamptz - $6::interval AND $5::timestamptz + $7::interval
         ORDER BY number LIMIT 1
        """,
        guild_id,
        user_id,
        kind.value,
        role_id,
        at,
        sooner,
        later,
    )


async def set_moderator(
    tx: Connection, infraction: Infraction, moderator: Person, reason: str, source_key: str
) -> None:
    """Note who did what was recorded without knowing that, as an audit log entry says."""
    await execute(
        tx,
        """
        UPDATE infractions
           SET moderator_id = $3, moderator_name = $4, source = 'audit', source_key = $5,
               reason = CASE WHEN reason = '' THEN $6 ELSE reason END
         WHERE guild_id = $1 AND number = $2
        """,
        infraction.guild_id,
        infraction.number,
        moderator.id,
        moderator.name,
        source_key,
        reason,
    )
