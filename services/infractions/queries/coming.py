"""Writing what comes from elsewhere: many rows at a time, under numbers of the guild."""

from collections.abc import Sequence
from typing import Final

from services.infractions.model import Infraction, Step
from shared.contracts.ids import GuildId, UserId
from shared.postgres import Connection, Executor, execute, fetch_value

_COLUMNS: Final = (
    "guild_id", "number", "kind", "state", "user_id", "user_name", "moderator_id",
    "moderator_name", "reason", "source", "source_key", "created_at", "expires_at", "ended_at",
    "channel_id", "message_id", "delete_message_seconds", "failure", "lift_refusals", "role_id",
    "points", "counts_until", "pardoned_at", "hidden_at", "version",
    "applied_until", "replaced_by",
)  # fmt: skip
_STEPS: Final = (
    "guild_id", "number", "step", "at", "actor_id", "actor_name", "change", "detail",
)  # fmt: skip


async def lock_numbers(tx: Connection, guild_id: GuildId) -> int:
    """Return the guild's last number, and keep others from taking one in this transaction."""
    return await fetch_value(
        tx,
        int,
        """
        INSERT INTO counters AS c (guild_id, last_number) VALUES ($1, 0)
        ON CONFLICT (guild_id) DO UPDATE SET last_number = c.last_number
        RETURNING last_number
        """,
        guild_id,
    )


async def set_last_number(tx: Connection, guild_id: GuildId, number: int) -> None:
    """Say which number is the last that is taken."""
    sql = "UPDATE counters SET last_number = $2 WHERE guild_id = $1"
    await execute(tx, sql, guild_id, number)


async def known_sources(db: Executor, guild_id: GuildId, keys: Sequence[str]) -> set[str]:
    """Return which of these sources led to an infraction already."""
    sql = "SELECT source_key FROM infractions WHERE guild_id = $1 AND source_key = ANY($2::text[])"
    return {row["source_key"] for row in await db.fetch(sql, guild_id, list(keys))}


async def taken_numbers(db: Executor, guild_id: GuildId, numbers: Sequence[int]) -> set[int]:
    """Return which of these numbers are taken."""
    sql = "SELECT number FROM infractions WHERE guild_id = $1 AND number = ANY($2::integer[])"
    return {row["number"] for row in await db.fetch(sql, guild_id, list(numbers))}


async def under(
    db: Executor, guild_id: GuildId, user_ids: Sequence[UserId]
) -> set[tuple[UserId, str]]:
    """Return which of these members are under a measure, or about to be, and of which kind."""
    rows = await db.fetch(
        """
        SELECT DISTINCT user_id, kind FROM infractions
         WHERE guild_id = $1 AND user_id = ANY($2::bigint[]) AND state IN ('pending', 'active')
        """,
        guild_id,
        list(user_ids),
    )
    return {(row["user_id"], row["kind"]) for row in rows}


async def copy_in(tx: Connection, rows: Sequence[tuple[Infraction, str, Sequence[Step]]]) -> None:
    """Write infractions with their source keys and histories; numbers and versions are theirs."""
    await tx.copy_records_to_table(
        "infractions",
        columns=_COLUMNS,
        records=[
            tuple(key if name == "source_key" else _plain(one, name) for name in _COLUMNS)
            for one, key, _ in rows
        ],
    )
    await tx.copy_records_to_table(
        "history",
        columns=_STEPS,
        records=[
            (one.guild_id, one.number, *(getattr(step, name) for name in _STEPS[2:]))
            for one, _, steps in rows
            for step in steps
        ],
    )


def _plain(infraction: Infraction, name: str) -> object:
    return (
        str(getattr(infraction, name)) if name in ("kind", "state") else getattr(infraction, name)
    )
