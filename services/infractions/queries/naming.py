"""Finding infractions by the beginning of what somebody types, and keeping searches for buttons."""

import msgspec

from services.infractions.model import Filter, Infraction
from shared.contracts.codec import encode
from shared.contracts.ids import GuildId
from shared.postgres import Executor, execute, fetch_all, fetch_maybe, fetch_value

NEWEST = 2000
"""How many infractions are looked through while somebody types."""


async def offered(
    db: Executor, guild_id: GuildId, typed: str, *, hidden: bool, limit: int
) -> list[Infraction]:
    """Return the newest infractions whose number begins so, or whose member's name has it."""
    return await fetch_all(
        db,
        Infraction,
        f"""
        SELECT * FROM (
            SELECT * FROM infractions WHERE guild_id = $1 ORDER BY number DESC LIMIT {NEWEST}
        ) AS newest
         WHERE (hidden_at IS NOT NULL) = $3
           AND (starts_with(number::text, $2) OR position(lower($2) IN lower(user_name)) > 0)
         ORDER BY number DESC LIMIT $4
        """,  # noqa: S608 - a constant of this file
        guild_id,
        typed,
        hidden,
        limit,
    )


async def keep_filter(db: Executor, guild_id: GuildId, matching: Filter) -> int:
    """Keep what somebody searches for, and return the number that their buttons carry."""
    return await fetch_value(
        db,
        int,
        "INSERT INTO kept_filters (guild_id, matching) VALUES ($1, $2::text::jsonb) RETURNING id",
        guild_id,
        encode(matching).decode(),
    )


async def kept_filter(db: Executor, guild_id: GuildId, filter_id: int) -> Filter | None:
    """Return what somebody of the guild searched for, if it is still known."""
    found = await fetch_maybe(
        db,
        str,
        "SELECT matching::text FROM kept_filters WHERE guild_id = $1 AND id = $2",
        guild_id,
        filter_id,
    )
    return None if found is None else msgspec.json.decode(found, type=Filter)


async def forget_filters(db: Executor) -> int:
    """Forget the searches of a week ago and before."""
    return await execute(db, "DELETE FROM kept_filters WHERE kept_at < now() - interval '7 days'")
