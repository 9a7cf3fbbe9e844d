"""Statements about guilds as they were stored."""

from msgspec import Struct

from services.gateway.snapshots import Applied
from shared.contracts.discord import GuildSnapshot
from shared.contracts.ids import GuildId
from shared.postgres import (
    Executor,
    fetch_all,
    fetch_one,
)


class _SnapshotRow(Struct, frozen=True):
    snapshot: GuildSnapshot


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
        SELECT snapshot, session_id, seq, audit_entry_id FROM guilds
         WHERE (guild_id >> 22) % $2::bigint = $1::bigint
        """,
        shard_id,
        count,
    )
