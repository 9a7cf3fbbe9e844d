"""What the mod logs show, what they should show, and why they can't."""

from datetime import datetime, timedelta

from msgspec import Struct

from shared.contracts.ids import ChannelId, GuildId, MessageId
from shared.postgres import Connection, Executor, execute, fetch_one, fetch_value


class Entry(Struct, kw_only=True, frozen=True):
    """An infraction's place in the log; `message_id` is None until it was posted."""

    number: int
    attempts: int
    channel_id: ChannelId | None
    message_id: MessageId | None


class LogFailure(Struct, kw_only=True, frozen=True):
    """Why a guild's log can't be written, since when, and when it is tried again."""

    channel_id: ChannelId
    failure: str
    since: datetime
    again_at: datetime


async def want(tx: Connection, guild_id: GuildId, number: int, version: int) -> None:
    """Note that the log should show a version of an infraction."""
    await execute(
        tx,
        """
        INSERT INTO modlog AS m (guild_id, number, wanted) VALUES ($1, $2, $3)
        ON CONFLICT (guild_id, number) DO UPDATE
           SET wanted = excluded.wanted, refusals = 0,
               waiting_since = CASE WHEN m.wanted > m.shown THEN m.waiting_since ELSE now() END
        """,
        guild_id,
        number,
        version,
    )


async def next_waiting(db: Executor, guild_id: GuildId) -> Entry | None:
    """Return the entry to write next: by number, those that were refused before last."""
    return await fetch_one(
        db,
        Entry,
        """
        SELECT number, attempts, channel_id, message_id FROM modlog
         WHERE guild_id = $1 AND wanted > shown ORDER BY refusals, number LIMIT 1
        """,
        guild_id,
    )


async def count_waiting(db: Executor, guild_id: GuildId) -> int:
    """Return how many entries are not as they should be."""
    sql = "SELECT count(*) FROM modlog WHERE guild_id = $1 AND wanted > shown"
    return await fetch_value(db, int, sql, guild_id)


async def is_wanted(db: Executor, guild_id: GuildId) -> bool:
    """Say whether an entry is not as it should be."""
    sql = "SELECT EXISTS (SELECT FROM modlog WHERE guild_id = $1 AND wanted > shown)"
    return await fetch_value(db, bool, sql, guild_id)


async def set_shown(db: Executor, guild_id: GuildId, number: int, version: int) -> None:
    """Note which version the log shows, or will have to do."""
    await execute(
        db,
        "UPDATE modlog SET shown = $3, refusals = 0 WHERE guild_id = $1 AND number = $2",
        guild_id,
        number,
        version,
    )


async def begin_post(db: Executor, guild_id: GuildId, number: int, version: int) -> int:
    """Note which version is about to be posted; return the one that may have been already."""
    return await fetch_value(
        db,
        int,
        """
        UPDATE modlog SET sending = coalesce(sending, $3)
         WHERE guild_id = $1 AND number = $2 RETURNING sending
        """,
        guild_id,
        number,
        version,
    )


async def set_posted(
    db: Executor, guild_id: GuildId, entry: Entry, channel_id: ChannelId, message_id: MessageId
) -> None:
    """Note where an infraction was posted."""
    await execute(
        db,
        """
        UPDATE modlog SET channel_id = $3, message_id = $4, attempts = attempts + 1, sending = NULL
         WHERE guild_id = $1 AND number = $2 AND attempts = $5
        """,
        guild_id,
        entry.number,
        channel_id,
        message_id,
        entry.attempts,
    )


async def set_refused(db: Executor, guild_id: GuildId, number: int) -> None:
    """Note that an entry was refused, so that the next try is a new action."""
    await execute(
        db,
        """
        UPDATE modlog SET refusals = refusals + 1, attempts = attempts + 1, sending = NULL
         WHERE guild_id = $1 AND number = $2
        """,
        guild_id,
        number,
    )


async def give_up(db: Executor, guild_id: GuildId, *, after: timedelta) -> int:
    """Leave the entries as they are that have waited for so long; return how many."""
    return await execute(
        db,
        """
        UPDATE modlog SET shown = wanted
         WHERE guild_id = $1 AND wanted > shown AND waiting_since <= now() - $2::interval
        """,
        guild_id,
        after,
    )


async def failure(db: Executor, guild_id: GuildId) -> LogFailure | None:
    """Return why a guild's log can't be written, if so."""
    return await fetch_one(
        db,
        LogFailure,
        "SELECT channel_id, failure, since, again_at FROM modlog_failures WHERE guild_id = $1",
        guild_id,
    )


async def seconds_paused(db: Executor, guild_id: GuildId, channel_id: ChannelId) -> float:
    """Return for how long a log is not tried again after a failure in its channel."""
    return await fetch_value(
        db,
        float,
        """
        SELECT coalesce((SELECT greatest(0, extract(epoch FROM again_at - now()))::float8
                           FROM modlog_failures WHERE guild_id = $1 AND channel_id = $2), 0)
        """,
        guild_id,
        channel_id,
    )


async def set_failure(
    db: Executor, guild_id: GuildId, channel_id: ChannelId, why: str, pause: timedelta
) -> bool:
    """Note why a log can't be written; say whether that is news."""
    return await fetch_value(
        db,
        bool,
        """
        WITH before AS (SELECT channel_id, failure FROM modlog_failures WHERE guild_id = $1),
        noted AS (
            INSERT INTO modlog_failures AS f (guild_id, channel_id, failure, again_at)
            VALUES ($1, $2, $3, now() + $4)
            ON CONFLICT (guild_id) DO UPDATE
               SET channel_id = $2, failure = $3, again_at = now() + $4,
                   since = CASE WHEN f.channel_id = $2 THEN f.since ELSE now() END
        )
        SELECT NOT EXISTS (SELECT FROM before WHERE channel_id = $2 AND failure = $3)
        """,
        guild_id,
        channel_id,
        why,
        pause,
    )


async def clear_failure(db: Executor, guild_id: GuildId) -> None:
    """Note that a log can be written."""
    await execute(db, "DELETE FROM modlog_failures WHERE guild_id = $1", guild_id)
