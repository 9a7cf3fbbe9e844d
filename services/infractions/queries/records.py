"""Reading, writing and locking the rows of infractions."""

from datetime import datetime, timedelta

from services.infractions.model import Infraction, Kind, Order, State
from shared.contracts.ids import GuildId
from shared.postgres import Connection, Executor, execute, fetch_one


async def insert(
    tx: Connection,
    order: Order,
    state: State,
    *,
    expires_at: datetime | None = None,
    created_at: datetime | None = None,
) -> Infraction:
    """Record a measure under the guild's next number; `expires_at` goes before its duration.

    `created_at` is when it happened, where that is not now.

    Raises asyncpg.UniqueViolationError when its source was recorded before; the number is then
    not spent, as both belong to one transaction.
    """
    row = await fetch_one(
        tx,
        Infraction,
        """
        WITH next AS (
            INSERT INTO counters AS c (guild_id, last_number) VALUES ($1, 1)
            ON CONFLICT (guild_id) DO UPDATE SET last_number = c.last_number + 1
            RETURNING last_number
        )
        INSERT INTO infractions (
            guild_id, number, kind, state, user_id, user_name, moderator_id, moderator_name,
            reason, source, source_key, channel_id, message_id, delete_message_seconds, expires_at,
            role_id, points, counts_until, created_at)
        SELECT $1, next.last_number, $2, $3, $4, $5, nullif($6::bigint, 0), $7, $8, $9, $10, $11,
               $12, $13,
               coalesce($18::timestamptz, now() + $14::interval),
               $15, $16, now() + $17::interval, coalesce($19::timestamptz, now())
          FROM next
        RETURNING *
        """,
        order.guild_id,
        order.kind.value,
        state.value,
        order.user.id,
        order.user.name,
        order.moderator.id,
        order.moderator.name,
        order.reason,
        order.source,
        order.source_key,
        order.channel_id,
        order.message_id,
        order.delete_message_seconds,
        order.duration,
        order.role_id,
        order.points if order.kind is Kind.WARNING else 0,
        order.counts_for,
        expires_at,
        created_at,
    )
    assert row is not None
    return row


async def get(db: Executor, guild_id: GuildId, number: int) -> Infraction | None:
    """Return a guild's infraction by its number."""
    return await fetch_one(
        db,
        Infraction,
        "SELECT * FROM infractions WHERE guild_id = $1 AND number = $2",
        guild_id,
        number,
    )


async def by_source(db: Executor, guild_id: GuildId, source_key: str) -> Infraction | None:
    """Return the infraction that a command, an audit log entry or a rule led to."""
    return await fetch_one(
        db,
        Infraction,
        "SELECT * FROM infractions WHERE guild_id = $1 AND source_key = $2",
        guild_id,
        source_key,
    )


async def lock(tx: Connection, guild_id: GuildId, number: int) -> Infraction | None:
    """Return an infraction and keep others from changing it until the transaction ends."""
    return await fetch_one(
        tx,
        Infraction,
        "SELECT * FROM infractions WHERE guild_id = $1 AND number = $2 FOR UPDATE",
        guild_id,
        number,
    )


async def set_state(
    tx: Connection, infraction: Infraction, state: State, *, failure: str | None = None
) -> Infraction:
    """Move an infraction on; the states that end it note when."""
    row = await fetch_one(
        tx,
        Infraction,
        """
        UPDATE infractions
           SET state = $3, failure = $4,
               ended_at = CASE WHEN $3 IN ('expired', 'lifted') THEN now() ELSE ended_at END
         WHERE guild_id = $1 AND number = $2
        RETURNING *
        """,
        infraction.guild_id,
        infraction.number,
        state.value,
        failure,
    )
    assert row is not None
    return row


async def note_refused_lift(tx: Connection, infraction: Infraction, failure: str) -> None:
    """Note why a measure could not be lifted although its time is up."""
    await execute(
        tx,
        """
        UPDATE infractions SET lift_refusals = lift_refusals + 1, failure = $3
         WHERE guild_id = $1 AND number = $2 AND state = 'active'
        """,
        infraction.guild_id,
        infraction.number,
        failure,
    )


async def set_replaced(tx: Connection, older: Infraction, newer: Infraction) -> None:
    """Note which measure took another one's place."""
    await execute(
        tx,
        "UPDATE infractions SET replaced_by = $3 WHERE guild_id = $1 AND number = $2",
        older.guild_id,
        older.number,
        newer.number,
    )


async def set_applied_until(tx: Connection, infraction: Infraction, until: datetime) -> None:
    """Note until when Discord was asked to time somebody out."""
    await execute(
        tx,
        "UPDATE infractions SET applied_until = $3 WHERE guild_id = $1 AND number = $2",
        infraction.guild_id,
        infraction.number,
        until,
    )


async def set_duration(
    tx: Connection, infraction: Infraction, duration: timedelta | None
) -> Infraction:
    """Change until when a measure holds, or a warning counts, from now on; None is for ever."""
    row = await fetch_one(
        tx,
        Infraction,
        """
        UPDATE infractions
           SET expires_at = CASE WHEN kind = 'warning' THEN expires_at
                                 ELSE now() + $3::interval END,
               counts_until = CASE WHEN kind = 'warning' THEN now() + $3::interval END
         WHERE guild_id = $1 AND number = $2
        RETURNING *
        """,
        infraction.guild_id,
        infraction.number,
        duration,
    )
    assert row is not None
    return row


async def set_hidden(tx: Connection, infraction: Infraction) -> None:
    """Hide an infraction from lists and counts."""
    await execute(
        tx,
        "UPDATE infractions SET hidden_at = now() WHERE guild_id = $1 AND number = $2",
        infraction.guild_id,
        infraction.number,
    )
