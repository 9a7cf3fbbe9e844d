"""Every SQL statement of the gateway: leases, sessions, guilds, commands and results."""

from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

from services.gateway.snapshots import Applied
from shared.contracts.actions import ActionResult
from shared.contracts.codec import decode, encode
from shared.contracts.discord import GuildSnapshot
from shared.contracts.ids import GuildId
from shared.contracts.invocations import CommandsAnnounced, CommandSpec
from shared.postgres import (
    Connection,
    Db,
    Executor,
    execute,
    fetch_all,
    fetch_maybe,
    fetch_one,
    fetch_value,
)

COMMANDS_CHANNEL: Final = "commands"
"""NOTIFY channel: what services announced has changed."""


class Lease(Struct, frozen=True, kw_only=True):
    """Who holds a piece of work."""

    name: str
    fence: int
    owner: str | None = None
    expires_at: datetime | None = None
    acquired_at: datetime | None = None


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


class StoredResult(Struct, frozen=True, kw_only=True):
    """The first result of an action, by its key; which message answered which text command."""

    key: str
    result: ActionResult
    command_id: int | None = None
    answer_id: int | None = None


class _ResultRow(Struct, frozen=True, kw_only=True):
    key: str
    result: str
    command_id: int | None
    answer_id: int | None

    def stored(self) -> StoredResult:
        return StoredResult(
            key=self.key,
            result=decode(self.result.encode(), ActionResult),
            command_id=self.command_id,
            answer_id=self.answer_id,
        )


class _SnapshotRow(Struct, frozen=True):
    snapshot: GuildSnapshot


# --- leases -------------------------------------------------------------------------------------


async def claim_lease(on: Connection, name: str, owner: str, lease: timedelta) -> int | None:
    """Take a lease that nobody holds any more; return its fence, or None while somebody does.

    The holder becomes the connection that this runs on.
    """
    return await fetch_maybe(
        on,
        int,
        """
        INSERT INTO leases AS l
               (name, fence, owner, backend_pid, backend_start, expires_at, acquired_at)
        SELECT $1, 1, $2, pid, backend_start, clock_timestamp() + $3, clock_timestamp()
          FROM pg_stat_activity WHERE pid = pg_backend_pid()
            ON CONFLICT (name) DO UPDATE
               SET fence = l.fence + 1, owner = excluded.owner,
                   backend_pid = excluded.backend_pid, backend_start = excluded.backend_start,
                   expires_at = excluded.expires_at, acquired_at = excluded.acquired_at
             WHERE l.owner IS NULL
                OR l.expires_at < clock_timestamp()
                OR NOT EXISTS (SELECT FROM pg_stat_activity a
                                WHERE a.pid = l.backend_pid AND a.backend_start = l.backend_start)
        RETURNING fence
        """,
        name,
        owner,
        lease,
    )


async def renew_leases(
    on: Connection, fences: dict[str, int], owner: str, lease: timedelta
) -> set[str]:
    """Prolong the leases that are still held under these fences, and return their names."""
    rows = await on.fetch(
        """
        UPDATE leases l
           SET expires_at = clock_timestamp() + $4, backend_pid = a.pid,
               backend_start = a.backend_start
          FROM unnest($1::text[], $2::bigint[]) AS held (name, fence), pg_stat_activity a
         WHERE l.name = held.name AND l.fence = held.fence AND l.owner = $3
           AND a.pid = pg_backend_pid()
        RETURNING l.name
        """,
        list(fences),
        list(fences.values()),
        owner,
        lease,
    )
    return {row["name"] for row in rows}


async def release_lease(db: Executor, name: str, fence: int) -> None:
    """Give a lease back at once."""
    await execute(
        db,
        "UPDATE leases SET owner = NULL, expires_at = '-infinity' WHERE name = $1 AND fence = $2",
        name,
        fence,
    )


async def leases(db: Executor) -> list[Lease]:
    """Return every lease that somebody holds."""
    return await fetch_all(
        db,
        Lease,
        """
        SELECT name, fence, owner, expires_at, acquired_at
          FROM leases WHERE owner IS NOT NULL ORDER BY name
        """,
    )


# --- sessions -----------------------------------------------------------------------------------


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
        "SELECT max(shard_count) FROM sessions WHERE saved_at > now() - $1::interval",
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
            INSERT INTO guilds (guild_id, shard_id, snapshot, session_id, seq)
            SELECT g.guild_id, saved.shard_id, g.snapshot, g.session_id, g.seq
              FROM saved, unnest($10::bigint[], $11::jsonb[], $12::text[], $13::bigint[])
                AS g (guild_id, snapshot, session_id, seq)
                ON CONFLICT (guild_id) DO UPDATE
                   SET shard_id = excluded.shard_id, snapshot = excluded.snapshot,
                       session_id = excluded.session_id, seq = excluded.seq, updated_at = now()),
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
    )


# --- identify gate ------------------------------------------------------------------------------


async def enter_gate(db: Executor, bucket: int, hold: timedelta) -> float:
    """Take the turn to identify; return 0, or after how many seconds to ask again."""
    return await fetch_value(
        db,
        float,
        """
        WITH turn AS (
            INSERT INTO identify_gate AS g (bucket, free_at)
            VALUES ($1, clock_timestamp() + $2)
                ON CONFLICT (bucket) DO UPDATE SET free_at = excluded.free_at
                   WHERE g.free_at <= clock_timestamp()
            RETURNING bucket)
        SELECT CASE WHEN EXISTS (SELECT FROM turn) THEN 0
               ELSE coalesce((SELECT greatest(0.05, extract(epoch FROM free_at - clock_timestamp()))
                                FROM identify_gate WHERE bucket = $1), 0.05) END::float
        """,
        bucket,
        hold,
    )


async def leave_gate(db: Executor, bucket: int, pause: timedelta) -> None:
    """End the turn: the next one identifies after the pause."""
    await execute(
        db,
        "UPDATE identify_gate SET free_at = clock_timestamp() + $2 WHERE bucket = $1",
        bucket,
        pause,
    )


# --- guilds -------------------------------------------------------------------------------------


async def guild(db: Executor, guild_id: GuildId) -> GuildSnapshot | None:
    """Return the stored snapshot of a guild."""
    found = await fetch_one(
        db, _SnapshotRow, "SELECT snapshot FROM guilds WHERE guild_id = $1", guild_id
    )
    return found.snapshot if found else None


async def guilds_of_shard(db: Executor, shard_id: int, count: int) -> list[Applied]:
    """Return the stored snapshots of a shard's guilds."""
    return await fetch_all(
        db,
        Applied,
        """
        SELECT snapshot, session_id, seq FROM guilds
         WHERE (guild_id >> 22) % $2::bigint = $1::bigint
        """,
        shard_id,
        count,
    )


# --- commands -----------------------------------------------------------------------------------


async def announced(db: Executor) -> list[CommandsAnnounced]:
    """Return what each service announced last, in the order of their names."""
    return await fetch_all(
        db,
        CommandsAnnounced,
        "SELECT service, specs AS commands FROM commands ORDER BY service",
    )


async def save_announced(db: Executor, service: str, commands: tuple[CommandSpec, ...]) -> None:
    """Store what a service announced, and tell every gateway process when it is new."""
    await execute(
        db,
        f"""
        WITH changed AS (
            INSERT INTO commands AS c (service, specs) VALUES ($1, $2)
                ON CONFLICT (service) DO UPDATE
                   SET specs = excluded.specs, announced_at = now()
                   WHERE c.specs IS DISTINCT FROM excluded.specs
            RETURNING service)
        SELECT pg_notify(current_schema() || '_{COMMANDS_CHANNEL}', service) FROM changed
        """,  # noqa: S608 - the channel is a constant
        service,
        commands,
    )


async def forget_service(db: Executor, service: str) -> int:
    """Forget a service's commands; return how many services that were."""
    return await execute(
        db,
        f"""
        WITH gone AS (DELETE FROM commands WHERE service = $1 RETURNING service)
        SELECT pg_notify(current_schema() || '_{COMMANDS_CHANNEL}', service) FROM gone
        """,  # noqa: S608 - the channel is a constant
        service,
    )


async def registered_hash(db: Executor, application_id: int, scope_id: int) -> str | None:
    """Return the hash of the commands that were registered last in a scope."""
    return await fetch_maybe(
        db,
        str,
        "SELECT hash FROM registrations WHERE application_id = $1 AND scope_id = $2",
        application_id,
        scope_id,
    )


async def save_registered(db: Executor, application_id: int, scope_id: int, hash_: str) -> None:
    """Store the hash of the commands that were registered in a scope."""
    await execute(
        db,
        """
        INSERT INTO registrations (application_id, scope_id, hash) VALUES ($1, $2, $3)
            ON CONFLICT (application_id, scope_id) DO UPDATE
               SET hash = excluded.hash, registered_at = now()
        """,
        application_id,
        scope_id,
        hash_,
    )


# --- results of actions -------------------------------------------------------------------------


async def results_since(db: Db, age: timedelta) -> list[StoredResult]:
    """Return the results of the last while, oldest first."""
    rows = await fetch_all(
        db,
        _ResultRow,
        """
        SELECT key, result, command_id, answer_id FROM action_results
         WHERE at > now() - $1::interval ORDER BY at
        """,
        age,
    )
    return [row.stored() for row in rows]


async def result(db: Db, key: str) -> StoredResult | None:
    """Return the first result of the action with a key."""
    row = await fetch_one(
        db,
        _ResultRow,
        "SELECT key, result, command_id, answer_id FROM action_results WHERE key = $1",
        key,
    )
    return row.stored() if row else None


async def answer_to(db: Db, command_id: int) -> int | None:
    """Return the message that answered a text command."""
    return await fetch_maybe(
        db,
        int,
        """
        SELECT answer_id FROM action_results
         WHERE command_id = $1 AND answer_id IS NOT NULL ORDER BY at LIMIT 1
        """,
        command_id,
    )


async def save_results(db: Db, results: list[StoredResult], *, durable: bool) -> None:
    """Store results; the first one of a key stays.

    Without `durable` a crash of Postgres itself may lose those of the last moment.
    """
    await execute(
        db,
        """
        WITH commit AS (SELECT set_config('synchronous_commit', $5, true))
        INSERT INTO action_results (key, result, command_id, answer_id)
        SELECT new.*
          FROM commit, unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[]) AS new
            ON CONFLICT (key) DO NOTHING
        """,
        [stored.key for stored in results],
        [encode(stored.result).decode() for stored in results],
        [stored.command_id for stored in results],
        [stored.answer_id for stored in results],
        "on" if durable else "off",
    )


async def forget_results(db: Db, age: timedelta) -> int:
    """Delete the results that are older than that, and return how many there were."""
    return await execute(db, "DELETE FROM action_results WHERE at < now() - $1::interval", age)
