"""Statements about sessions: where each shard resumes, saved with its guilds."""

from datetime import datetime, timedelta

from msgspec import Struct

from services.gateway.snapshots import Applied
from shared.contracts.ids import GuildId
from shared.postgres import (
    Executor,
    fetch_all,
    fetch_maybe,
    fetch_one,
    fetch_value,
)


class Session(Struct, frozen=True, kw_only=True):
    """Where a shard resumes."""

    shard_id: int
    shard_count: int
    session_id: str
    seq: int
    resume_url: str | None
    user_id: int
    application_id: int = 0
    saved_at: datetime | None = None


async def session(db: Executor, shard_id: int) -> Session | None:
    """Return where a shard resumes, if it can."""
    return await fetch_one(db, Session, "SELECT * FROM sessions WHERE shard_id = $1", shard_id)


async def sessions(db: Executor) -> list[Session]:
    """Return where every shard resumes."""
    return await fetch_all(db, Session, "SELECT * FROM sessions ORDER BY shard_id")


async def live_shard_count(db: Executor, within: timedelta) -> int | None:
    """Return how many shards there were a short while ago, when their sessions may still live."""
    return await fetch_maybe(
        db,
        int,
        """
        SELECT shard_count FROM sessions WHERE saved_at > now() - $1::interval
         ORDER BY saved_at DESC LIMIT 1
        """,
        within,
    )


async def save_shard(
    db: Executor,
    session: Session,
    *,
    lease: str,
    fence: int,
    stored: list[Applied],
    gone: list[GuildId],
) -> bool:
    """Save where a shard resumes with its guilds as they were then: all of it, or nothing.

    Says False when the shard's lease has passed to another process. A crash of Postgres may lose
    the last moment: then a little more is read again.
    """
    return await fetch_value(
        db,
        bool,
        """
        WITH commit AS (SELECT set_config('synchronous_commit', 'off', true)),
        held AS (SELECT FROM leases WHERE name = $8 AND fence = $9 FOR SHARE),
        saved AS (
            INSERT INTO sessions
            SELECT $1::int, $2::int, $3::text, $4::bigint, $5::text, $6::bigint, $7::bigint, now()
              FROM commit, held
                ON CONFLICT (shard_id) DO UPDATE
                   SET shard_count = excluded.shard_count, session_id = excluded.session_id,
                       seq = excluded.seq, resume_url = excluded.resume_url,
                       user_id = excluded.user_id, application_id = excluded.application_id,
                       saved_at = excluded.saved_at
            RETURNING shard_id),
        stored AS (
            INSERT INTO guilds AS known
                   (guild_id, shard_id, snapshot, session_id, seq, audit_entry_id)
            SELECT g.guild_id, saved.shard_id, g.snapshot, g.session_id, g.seq, g.audit_entry_id
              FROM saved,
                   unnest($10::bigint[], $11::jsonb[], $12::text[], $13::bigint[], $15::bigint[])
                AS g (guild_id, snapshot, session_id, seq, audit_entry_id)
                ON CONFLICT (guild_id) DO UPDATE
                   SET shard_id = excluded.shard_id, snapshot = excluded.snapshot,
                       session_id = excluded.session_id, seq = excluded.seq, updated_at = now(),
                       audit_entry_id = greatest(known.audit_entry_id, excluded.audit_entry_id)),
        gone AS (DELETE FROM guilds USING saved WHERE guild_id = ANY($14::bigint[]))
        SELECT EXISTS (SELECT FROM saved)
        """,
        session.shard_id,
        session.shard_count,
        session.session_id,
        session.seq,
        session.resume_url,
        session.user_id,
        session.application_id,
        lease,
        fence,
        [row.snapshot.id for row in stored],
        [row.snapshot for row in stored],
        [row.session_id for row in stored],
        [row.seq for row in stored],
        gone,
        [row.audit_entry_id for row in stored],
    )
