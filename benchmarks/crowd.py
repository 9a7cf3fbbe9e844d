"""Five million infractions of a thousand guilds, made by Postgres itself; few guilds have most."""

from typing import Final

import asyncpg

INFRACTIONS: Final = 5_000_000
GUILDS: Final = 1_000
MODERATORS: Final = 40
FIRST_GUILD: Final = 700_000_000_000_000_000
APART: Final = 1 << 32
"""How far the ids of two guilds are apart."""

PATIENCE: Final = 900.0

_SIZES: Final = """
CREATE TEMP TABLE guilds AS
SELECT rank, {first} + rank::bigint * {apart} AS guild_id,
       greatest(1, round({infractions} / (rank * (SELECT sum(1.0 / each)
           FROM generate_series(1, {guilds}) AS each))))::integer AS size
  FROM generate_series(1, {guilds}) AS rank
"""
_MADE: Final = """
SELECT guilds.*, number,
       (random() * random() * random() * (10 + size / 3))::integer AS who,
       (random() * random() * {moderators})::integer AS moderator,
       (ARRAY['warning', 'warning', 'warning', 'warning', 'mute', 'mute', 'mute', 'note', 'kick',
              'ban', 'ban', 'unban', 'softban', 'unmute', 'temprole'])
           [1 + floor(random() * 15)::integer] AS kind,
       random() AS a, random() AS b, random() AS c,
       timestamptz '2021-01-01' + number * (interval '5 years' / size) AS at
  FROM guilds, generate_series(1, size) AS number
OFFSET 0
"""
_INFRACTIONS: Final = """
INSERT INTO infractions (
    guild_id, number, kind, state, user_id, user_name, moderator_id, moderator_name, reason, source,
    source_key, created_at, expires_at, role_id, points, version, updated_at)
SELECT guild_id, number, kind,
       CASE WHEN a < 0.001 THEN 'failed'
            WHEN kind NOT IN ('mute', 'ban', 'temprole') THEN 'done'
            WHEN number > size - 200 OR a < 0.05 THEN 'active'
            WHEN a < 0.2 THEN 'lifted' ELSE 'expired' END,
       guild_id + who, translate(substr(md5(who::text), 1, 9), '0123456789', 'aeioulnrst'),
       nullif(guild_id + 1000000 + moderator, guild_id + 1000000),
       translate(substr(md5('m' || moderator), 1, 9), '0123456789', 'aeioulnrst'),
       CASE WHEN c < 0.3 THEN 'spam ' WHEN c < 0.4 THEN 'invite link '
            WHEN c > 0.99999 THEN 'parrot ' ELSE '' END
           || CASE WHEN kind = 'ban' THEN 'raid ' WHEN number < size / 4 THEN 'covid ' ELSE '' END
           || translate(
               substr(md5((random() * random() * random() * 4000)::int::text), 1, 6) || ' ' ||
               substr(md5((random() * random() * random() * 4000)::int::text), 1, 4) || ' ' ||
               substr(md5((random() * random() * 4000)::int::text), 1, 9),
               '0123456789', 'aeioulnrst'),
       CASE WHEN b < 0.6 THEN 'slash' WHEN b < 0.8 THEN 'text' WHEN b < 0.99 THEN 'client'
            ELSE 'rule' END,
       number::text, at,
       CASE WHEN kind IN ('mute', 'temprole') THEN at + interval '1 day' END,
       CASE WHEN kind = 'temprole' THEN guild_id + 77
            WHEN kind = 'mute' AND b < 0.3 THEN guild_id + 78 END,
       CASE WHEN kind = 'warning' THEN 1 ELSE 0 END, 1, at
  FROM ({made}) AS made
"""


def guild(rank: int) -> int:
    """Return the id of a guild by its size: 1 is the biggest."""
    return FIRST_GUILD + rank * APART


async def fill(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Fill the table, as fast as a restore would: indexes afterwards, nothing in the log."""
    for statement in (
        "SET maintenance_work_mem = '1GB'",
        "ALTER TABLE history SET UNLOGGED",
        "ALTER TABLE infractions SET UNLOGGED",
        "ALTER TABLE infractions SET (autovacuum_enabled = off)",
    ):
        await connection.execute(statement)
    indexes = await connection.fetch(
        """
        SELECT indexname, indexdef FROM pg_indexes
         WHERE schemaname = current_schema() AND tablename = 'infractions'
           AND indexname <> 'infractions_pkey'
        """
    )
    for index in indexes:
        await connection.execute(f"DROP INDEX {index['indexname']}")
    await _insert(connection)
    for index in indexes:
        await connection.execute(index["indexdef"], timeout=PATIENCE)
    await connection.execute("VACUUM (ANALYZE) infractions", timeout=PATIENCE)


async def _insert(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    sizes = _SIZES.format(first=FIRST_GUILD, apart=APART, infractions=INFRACTIONS, guilds=GUILDS)
    await connection.execute(sizes)
    made = _MADE.format(moderators=MODERATORS)
    await connection.execute(_INFRACTIONS.format(made=made), timeout=PATIENCE)
