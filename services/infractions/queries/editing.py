"""Changing what an infraction says, and whether it counts or is shown."""

from services.infractions.model import Infraction
from shared.postgres import Connection, fetch_one


async def set_reason(tx: Connection, infraction: Infraction, reason: str) -> Infraction:
    """Put another reason in the place of an infraction's."""
    return await _changed(
        tx,
        "UPDATE infractions SET reason = $3 WHERE guild_id = $1 AND number = $2 RETURNING *",
        infraction,
        reason,
    )


async def unhide(tx: Connection, infraction: Infraction) -> Infraction:
    """Put an infraction back into lists and counts."""
    return await _changed(
        tx,
        """
        UPDATE infractions SET hidden_at = NULL WHERE guild_id = $1 AND number = $2 RETURNING *
        """,
        infraction,
    )


async def set_pardoned(tx: Connection, infraction: Infraction) -> Infraction:
    """Let a warning count no more."""
    return await _changed(
        tx,
        """
        UPDATE infractions SET pardoned_at = now()
         WHERE guild_id = $1 AND number = $2 RETURNING *
        """,
        infraction,
    )


async def _changed(tx: Connection, sql: str, infraction: Infraction, *args: object) -> Infraction:
    row = await fetch_one(tx, Infraction, sql, infraction.guild_id, infraction.number, *args)
    assert row is not None
    return row
