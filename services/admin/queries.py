"""Every SQL statement of admin."""

import msgspec
from msgspec import Struct

from services.admin.model import Key, Revision
from shared.contracts.codec import decode
from shared.contracts.domain import ApiKey
from shared.contracts.ids import GuildId
from shared.contracts.invocations import CommandsAnnounced, CommandSpec
from shared.postgres import Connection, Db, Executor, execute, fetch_all, fetch_one, fetch_value


class _Commands(Struct, frozen=True):
    commands: str


class _GuildId(Struct, frozen=True):
    guild_id: GuildId


async def newest(db: Executor, guild_id: GuildId) -> Revision | None:
    """Return the revision that holds, if one was ever saved."""
    return await fetch_one(
        db,
        Revision,
        "SELECT * FROM revisions WHERE guild_id = $1 ORDER BY revision DESC LIMIT 1",
        guild_id,
    )


async def revision(db: Executor, guild_id: GuildId, number: int) -> Revision | None:
    """Return one revision."""
    return await fetch_one(
        db,
        Revision,
        "SELECT * FROM revisions WHERE guild_id = $1 AND revision = $2",
        guild_id,
        number,
    )


async def revisions(
    db: Executor, guild_id: GuildId, *, before: int | None, limit: int
) -> list[Revision]:
    """Return the revisions below a number, newest first."""
    return await fetch_all(
        db,
        Revision,
        """
        SELECT * FROM revisions
         WHERE guild_id = $1 AND ($2::int IS NULL OR revision < $2)
         ORDER BY revision DESC LIMIT $3
        """,
        guild_id,
        before,
        limit,
    )


async def insert_revision(tx: Connection, new: Revision) -> bool:
    """Add a revision; False when somebody else has added that one."""
    added = await execute(
        tx,
        """
        INSERT INTO revisions (guild_id, revision, yaml, note, author_id, author_name, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT DO NOTHING
        """,
        new.guild_id,
        new.revision,
        new.yaml,
        new.note,
        new.author_id,
        new.author_name,
        new.created_at,
    )
    return added > 0


async def newest_of_all(db: Db, after: GuildId, limit: int) -> list[Revision]:
    """Return the revision that holds in each guild, by guild, beginning after one."""
    return await fetch_all(
        db,
        Revision,
        """
        SELECT DISTINCT ON (guild_id) * FROM revisions
         WHERE guild_id > $1 ORDER BY guild_id, revision DESC LIMIT $2
        """,
        after,
        limit,
    )


# --- keys ---------------------------------------------------------------------------------------


async def insert_key(tx: Connection, guild_id: GuildId, key: ApiKey) -> bool:
    """Add a key; False when it is there already."""
    added = await execute(
        tx,
        """
        INSERT INTO api_keys
               (guild_id, id, name, sha256, scopes, created_by, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT DO NOTHING
        """,
        guild_id,
        key.id,
        key.name,
        key.sha256,
        msgspec.to_builtins(key.scopes),
        key.created_by,
        key.created_at,
        key.expires_at,
    )
    return added > 0


async def revoke_key(tx: Connection, guild_id: GuildId, key_id: str) -> bool:
    """Take a key back; False when there is none that is in force."""
    revoked = await execute(
        tx,
        """
        UPDATE api_keys SET revoked_at = now()
         WHERE guild_id = $1 AND id = $2 AND revoked_at IS NULL
        """,
        guild_id,
        key_id,
    )
    return revoked > 0


async def keys(db: Executor, guild_id: GuildId) -> list[Key]:
    """Return the keys that are in force, oldest first."""
    return await fetch_all(
        db,
        Key,
        """
        SELECT * FROM api_keys
         WHERE guild_id = $1 AND revoked_at IS NULL
           AND (expires_at IS NULL OR expires_at > now())
         ORDER BY created_at, id
        """,
        guild_id,
    )


async def next_key_revision(tx: Connection, guild_id: GuildId) -> int:
    """Count a change of a guild's keys; other changes of them wait for this transaction."""
    return await fetch_value(
        tx,
        int,
        """
        INSERT INTO key_revisions (guild_id, revision) VALUES ($1, 1)
        ON CONFLICT (guild_id) DO UPDATE SET revision = key_revisions.revision + 1
        RETURNING revision
        """,
        guild_id,
    )


async def key_revision(db: Executor, guild_id: GuildId) -> int:
    """Return how often a guild's keys changed."""
    sql = "SELECT coalesce((SELECT revision FROM key_revisions WHERE guild_id = $1), 0)"
    return await fetch_value(db, int, sql, guild_id)


async def guilds_with_keys(db: Executor) -> list[GuildId]:
    """Return the guilds that have ever had a key."""
    found = await fetch_all(db, _GuildId, "SELECT guild_id FROM key_revisions ORDER BY guild_id")
    return [row.guild_id for row in found]


# --- announced commands -------------------------------------------------------------------------


async def save_announced(db: Executor, event: CommandsAnnounced) -> None:
    """Keep what a service announced, in place of what it did before."""
    await execute(
        db,
        """
        INSERT INTO announced (service, commands) VALUES ($1, $2)
        ON CONFLICT (service) DO UPDATE
           SET commands = excluded.commands, announced_at = now()
        """,
        event.service,
        msgspec.to_builtins(event.commands),
    )


async def announced(db: Executor) -> list[CommandSpec]:
    """Return the commands of all services, by name."""
    rows = await fetch_all(db, _Commands, "SELECT commands::text AS commands FROM announced")
    specs = [
        spec for row in rows for spec in decode(row.commands.encode(), tuple[CommandSpec, ...])
    ]
    return sorted(specs, key=lambda spec: spec.name)


async def services(db: Executor) -> list[str]:
    """Return the names of the services that have announced commands."""
    rows = await db.fetch("SELECT service FROM announced ORDER BY service")
    return [row["service"] for row in rows]
