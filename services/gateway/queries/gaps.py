"""Statements about gaps: opened with a new session, due when the guild is back, told at the end."""

from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

from shared.contracts.discord import GuildSnapshot
from shared.contracts.ids import GuildId
from shared.postgres import Executor, execute, fetch_all

GAPS_CHANNEL: Final = "gaps"
"""Notified when a gap is due."""


class Gap(Struct, frozen=True, kw_only=True):
    """A guild's gap that is due; `event_id` is of the event with which the guild came back."""

    guild_id: GuildId
    shard_id: int
    since: datetime
    until: datetime
    event_id: str
    has_left: bool
    before: GuildSnapshot | None
    after: GuildSnapshot | None
    after_entry_id: int
    entries: int
    attempts: int


class Opening(Struct, frozen=True, kw_only=True):
    """A guild of whose events some were missed, and the newest audit log entry that was not."""

    guild_id: GuildId
    since: datetime
    after_entry_id: int


async def open_gaps(db: Executor, shard_id: int, openings: list[Opening]) -> None:
    """Open the gaps of a shard's guilds, with what was stored of them; one not told yet goes on."""
    await execute(
        db,
        """
        INSERT INTO gaps AS gap (guild_id, shard_id, state, since, until, before, after_entry_id)
        SELECT o.guild_id, $1, 'waiting', o.since, o.since, g.snapshot,
               greatest(o.after_entry_id, g.audit_entry_id)
          FROM unnest($2::bigint[], $3::timestamptz[], $4::bigint[])
            AS o (guild_id, since, after_entry_id) LEFT JOIN guilds g USING (guild_id)
            ON CONFLICT (guild_id) DO UPDATE
           SET shard_id = excluded.shard_id, state = 'waiting', has_left = false, attempts = 0,
               event_id = '',
               since = CASE gap.state WHEN 'told' THEN excluded.since
                       ELSE least(gap.since, excluded.since) END,
               before = CASE gap.state WHEN 'told' THEN excluded.before ELSE gap.before END,
               after = NULL,
               after_entry_id = CASE gap.state
                       WHEN 'told' THEN greatest(gap.after_entry_id, excluded.after_entry_id)
                       ELSE gap.after_entry_id END,
               entries = CASE gap.state WHEN 'told' THEN 0 ELSE gap.entries END
        """,
        shard_id,
        [opening.guild_id for opening in openings],
        [opening.since for opening in openings],
        [opening.after_entry_id for opening in openings],
    )


async def close_gap(
    db: Executor, shard_id: int, opening: Opening, event_id: str, after: GuildSnapshot
) -> None:
    """Note that a guild is back as it is now; the same event twice changes nothing."""
    await execute(
        db,
        """
        WITH closed AS (
            INSERT INTO gaps AS gap
                   (guild_id, shard_id, state, since, until, event_id, after, after_entry_id)
            VALUES ($1, $2, 'due', $3, now(), $5, $6, $4)
                ON CONFLICT (guild_id) DO UPDATE
               SET state = 'due', until = now(), event_id = excluded.event_id,
                   after = excluded.after, attempts = 0, due_at = now(),
                   since = CASE gap.state WHEN 'told' THEN excluded.since
                           ELSE least(gap.since, excluded.since) END,
                   after_entry_id = CASE gap.state
                           WHEN 'told' THEN greatest(gap.after_entry_id, excluded.after_entry_id)
                           ELSE gap.after_entry_id END,
                   entries = CASE gap.state WHEN 'told' THEN 0 ELSE gap.entries END
             WHERE gap.event_id <> excluded.event_id
            RETURNING guild_id)
        SELECT pg_notify(current_schema() || '_' || $7, guild_id::text) FROM closed
        """,
        opening.guild_id,
        shard_id,
        opening.since,
        opening.after_entry_id,
        event_id,
        after,
        GAPS_CHANNEL,
    )


async def note_left(db: Executor, shard_id: int, openings: list[Opening], event_id: str) -> None:
    """Note that the bot is not in these guilds any more; the same event twice changes nothing."""
    await execute(
        db,
        """
        WITH closed AS (
            INSERT INTO gaps AS gap (guild_id, shard_id, state, since, until, event_id, has_left)
            SELECT o.guild_id, $1, 'due', o.since, now(), $4, true
              FROM unnest($2::bigint[], $3::timestamptz[]) AS o (guild_id, since)
                ON CONFLICT (guild_id) DO UPDATE
               SET state = 'due', since = excluded.since, until = now(), has_left = true,
                   event_id = excluded.event_id, before = NULL, after = NULL, entries = 0,
                   attempts = 0, due_at = now()
             WHERE gap.event_id <> excluded.event_id
            RETURNING guild_id)
        SELECT pg_notify(current_schema() || '_' || $5, guild_id::text) FROM closed
        """,
        shard_id,
        [opening.guild_id for opening in openings],
        [opening.since for opening in openings],
        event_id,
        GAPS_CHANNEL,
    )


async def forget_gap(db: Executor, guild_id: GuildId) -> None:
    """Forget the gap of a guild that the bot has left before it came back."""
    await execute(db, "DELETE FROM gaps WHERE guild_id = $1 AND state = 'waiting'", guild_id)


async def due_gaps(db: Executor, limit: int) -> list[Gap]:
    """Return the gaps that are due, the longest due first."""
    return await fetch_all(
        db,
        Gap,
        """
        SELECT guild_id, shard_id, since, until, event_id, has_left, before, after,
               after_entry_id, entries, attempts
          FROM gaps WHERE state = 'due' AND due_at <= now() ORDER BY due_at, guild_id LIMIT $1
        """,
        limit,
    )


async def advance_gap(db: Executor, gap: Gap, after_entry_id: int, entries: int) -> None:
    """Note up to which entry a guild's audit log was replayed, and how many that were in all."""
    await execute(
        db,
        """
        UPDATE gaps SET after_entry_id = greatest(after_entry_id, $3), entries = $4
         WHERE guild_id = $1 AND event_id = $2 AND state = 'due'
        """,
        gap.guild_id,
        gap.event_id,
        after_entry_id,
        entries,
    )


async def put_off_gap(db: Executor, gap: Gap, pause: timedelta) -> None:
    """Try again later."""
    await execute(
        db,
        """
        UPDATE gaps SET attempts = attempts + 1, due_at = now() + $3
         WHERE guild_id = $1 AND event_id = $2 AND state = 'due'
        """,
        gap.guild_id,
        gap.event_id,
        pause,
    )


async def note_told(db: Executor, gap: Gap) -> None:
    """Note that everything about a gap was told."""
    await execute(
        db,
        """
        UPDATE gaps SET state = 'told', before = NULL, after = NULL
         WHERE guild_id = $1 AND event_id = $2 AND state = 'due'
        """,
        gap.guild_id,
        gap.event_id,
    )
