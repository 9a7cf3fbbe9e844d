"""Turns: work of a guild that one process does at a time, until it is done or dead."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from shared.contracts.ids import GuildId
from shared.postgres import Executor, execute

LENGTH: Final = timedelta(seconds=45)
"""How long a turn is held without a sign of life: longer than any single step of the work."""


async def take_turn(db: Executor, guild_id: GuildId, name: str, holder: UUID) -> bool:
    """Take a turn that is free, or hold one's own for longer; say whether it is ours."""
    taken = await execute(
        db,
        """
        INSERT INTO turns (guild_id, name, holder, until) VALUES ($1, $2, $3, now() + $4)
        ON CONFLICT (guild_id, name) DO UPDATE
           SET holder = excluded.holder, until = excluded.until
         WHERE turns.until < now() OR turns.holder = excluded.holder
        """,
        guild_id,
        name,
        holder,
        LENGTH,
    )
    return taken > 0


async def end_turn(db: Executor, guild_id: GuildId, name: str, holder: UUID) -> None:
    """Let others have their turn."""
    await execute(
        db,
        "DELETE FROM turns WHERE guild_id = $1 AND name = $2 AND holder = $3",
        guild_id,
        name,
        holder,
    )
