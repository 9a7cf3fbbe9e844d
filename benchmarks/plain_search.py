"""The plain way to search, to measure beside: one statement for everything, and OFFSET."""

import asyncpg

from services.infractions.model import Filter, Infraction
from shared.postgres import Db, fetch_all


async def prepare(connection: "asyncpg.Connection[asyncpg.Record]", guild_id: int) -> None:
    """Copy a guild to a table with the indexes that come to mind first."""
    await connection.execute(
        f"""
        CREATE UNLOGGED TABLE plain AS SELECT * FROM infractions WHERE guild_id = {int(guild_id)};
        ALTER TABLE plain ADD PRIMARY KEY (guild_id, number);
        CREATE INDEX plain_user ON plain (guild_id, user_id, number DESC);
        CREATE INDEX plain_moderator ON plain (guild_id, moderator_id, number DESC);
        """,  # noqa: S608 - an int
        timeout=120,
    )
    await connection.execute("VACUUM (ANALYZE) plain")


async def plain_search(
    db: Db, guild_id: int, matching: Filter, *, limit: int, offset: int
) -> list[Infraction]:
    """Return a page."""
    return await fetch_all(
        db,
        Infraction,
        """
        SELECT * FROM plain
         WHERE guild_id = $1
           AND ($2::bigint IS NULL OR user_id = $2)
           AND ($3::bigint IS NULL OR moderator_id = $3)
           AND ($4::text IS NULL OR kind = $4)
           AND ($5::text IS NULL OR state = $5)
           AND ($6::text IS NULL OR source = $6)
           AND ($7::bigint IS NULL OR role_id = $7)
           AND ($8::timestamptz IS NULL OR created_at >= $8)
           AND ($9::timestamptz IS NULL OR created_at < $9)
           AND ($10::text IS NULL OR reason ILIKE '%' || $10 || '%')
           AND (hidden_at IS NOT NULL) = $11
         ORDER BY number DESC LIMIT $12 OFFSET $13
        """,
        guild_id,
        matching.user_id,
        matching.moderator_id,
        matching.kind,
        matching.state,
        matching.source,
        matching.role_id,
        matching.since,
        matching.until,
        matching.text.strip('"-') or None,
        matching.hidden,
        limit,
        offset,
    )
