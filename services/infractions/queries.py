"""Every statement that infractions sends to Postgres: one function, one statement, Structs out."""

from services.infractions.model import (
    ABOUT_BANS,
    Filter,
    Infraction,
    Order,
    Person,
    State,
    Step,
)
from shared.contracts.ids import GuildId, UserId
from shared.postgres import Connection, Executor, execute, fetch_all, fetch_one, fetch_value


async def insert(tx: Connection, order: Order, state: State) -> Infraction:
    """Record a measure under the guild's next number.

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
            reason, source, source_key, channel_id, message_id, delete_message_seconds, expires_at)
        SELECT $1, next.last_number, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,
               now() + $14::interval
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


async def append(
    tx: Connection, infraction: Infraction, actor: Person, change: str, detail: str = ""
) -> None:
    """Add to an infraction's history who changed what."""
    await execute(
        tx,
        """
        INSERT INTO history (guild_id, number, step, actor_id, actor_name, change, detail)
        SELECT $1, $2, coalesce(max(step), 0) + 1, nullif($3::bigint, 0), $4, $5, $6
          FROM history WHERE guild_id = $1 AND number = $2
        """,
        infraction.guild_id,
        infraction.number,
        actor.id,
        actor.name,
        change,
        detail,
    )


async def was_told(db: Executor, infraction: Infraction) -> bool:
    """Say whether the member was told of an infraction, or that was tried."""
    return await fetch_value(
        db,
        bool,
        """
        SELECT EXISTS (SELECT FROM history WHERE guild_id = $1 AND number = $2
                          AND change IN ('told', 'not told'))
        """,
        infraction.guild_id,
        infraction.number,
    )


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


async def history(db: Executor, guild_id: GuildId, number: int) -> list[Step]:
    """Return what happened to an infraction, first to last."""
    return await fetch_all(
        db,
        Step,
        """
        SELECT step, at, actor_id, actor_name, change, detail FROM history
         WHERE guild_id = $1 AND number = $2 ORDER BY step
        """,
        guild_id,
        number,
    )


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
