"""Taking a person out of a guild's record, batch by batch."""

from datetime import datetime
from typing import Final

from msgspec import Struct

from services.infractions.evidence_model import Evidence
from services.infractions.model import Infraction, Person
from shared.contracts.ids import GuildId, UserId
from shared.postgres import (
    Connection,
    Executor,
    execute,
    fetch_all,
    fetch_maybe,
    fetch_one,
    fetch_value,
)

ERASED: Final = "[erased]"
"""What stands in the place of names and texts."""

DONE_AND_ERASED: Final = (
    '{"type":"/docs#problem-erased","title":"Gone","status":410,"code":"erased",'
    '"detail":"This was done before; whom its answer named has been erased since."}'
)
"""What answers a request that is sent again after the person in its answer was erased."""

TELLING: Final = (
    "reason", "evidence", "failed", "not told", "not lifted", "not escalated", "imported",
    "not reapplied",
)  # fmt: skip
"""The changes whose detail can hold somebody's words or name; others only say what was done."""


class Erasure(Struct, kw_only=True, frozen=True):
    """That a person's data is to be erased, and who wanted it."""

    guild_id: GuildId
    user_id: UserId
    actor_id: UserId
    actor_name: str
    asked_at: datetime

    @property
    def by(self) -> Person:
        """Who wanted it."""
        return Person(self.actor_id, self.actor_name)


async def ask(tx: Connection, guild_id: GuildId, user_id: UserId, by: Person) -> None:
    """Note that somebody is to be erased with all that is there by now."""
    await execute(
        tx,
        """
        INSERT INTO erasures (guild_id, user_id, actor_id, actor_name) VALUES ($1, $2, $3, $4)
        ON CONFLICT (guild_id, user_id) DO UPDATE SET asked_at = now()
        """,
        guild_id,
        user_id,
        by.id,
        by.name,
    )


async def asked(db: Executor, guild_id: GuildId, user_id: UserId) -> Erasure | None:
    """Return that somebody is to be erased, if so."""
    return await fetch_one(
        db,
        Erasure,
        "SELECT * FROM erasures WHERE guild_id = $1 AND user_id = $2",
        guild_id,
        user_id,
    )


async def forget(db: Executor, erasure: Erasure) -> None:
    """Drop the last mention of an erased person, unless they were asked about again meanwhile."""
    await execute(
        db,
        "DELETE FROM erasures WHERE guild_id = $1 AND user_id = $2 AND asked_at = $3",
        erasure.guild_id,
        erasure.user_id,
        erasure.asked_at,
    )


async def guilds_of(db: Executor, user_id: UserId) -> list[GuildId]:
    """Return the guilds that have anything about somebody."""
    found = await fetch_maybe(
        db,
        list[GuildId],
        """
        SELECT array(SELECT guild_id FROM infractions WHERE user_id = $1 OR moderator_id = $1
                     UNION SELECT guild_id FROM evidence WHERE author_id = $1
                     UNION SELECT guild_id FROM reports
                            WHERE author_id = $1 OR reporter_id = $1)
        """,
        user_id,
    )
    return found or []


# --- as the member ------------------------------------------------------------------------------


async def about(tx: Connection, erasure: Erasure, limit: int) -> list[Infraction]:
    """Return and lock infractions of a person that still name them, newest first.

    What took a measure of theirs back belongs to it, also when it came after the erasure was asked.
    """
    return await fetch_all(
        tx,
        Infraction,
        """
        SELECT * FROM infractions
         WHERE guild_id = $1 AND user_id = $2
           AND (created_at <= $3 OR user_name = $4 OR kind IN ('unban', 'unmute'))
           AND (state NOT IN ('pending', 'active') OR user_name <> $4)
         ORDER BY number DESC LIMIT $5 FOR UPDATE
        """,
        erasure.guild_id,
        erasure.user_id,
        erasure.asked_at,
        ERASED,
        limit,
    )


async def in_force(db: Executor, guild_id: GuildId, user_id: UserId) -> list[Infraction]:
    """Return the erased measures whose id is still needed to lift them."""
    return await fetch_all(
        db,
        Infraction,
        """
        SELECT * FROM infractions
         WHERE guild_id = $1 AND user_id = $2 AND state IN ('pending', 'active') AND user_name = $3
         ORDER BY number
        """,
        guild_id,
        user_id,
        ERASED,
    )


async def erase_infraction(tx: Connection, infraction: Infraction, user_id: UserId) -> None:
    """Replace who an infraction is about, and the words about them, in it and in its history."""
    await execute(
        tx,
        """
        UPDATE infractions
           SET user_id = $3, user_name = $4, channel_id = NULL, message_id = NULL,
               reason = CASE WHEN reason = '' THEN '' ELSE $4 END,
               failure = CASE WHEN failure IS NOT NULL THEN $4 END,
               source_key = replace(source_key, $5, $6)
         WHERE guild_id = $1 AND number = $2
        """,
        infraction.guild_id,
        infraction.number,
        user_id,
        ERASED,
        str(infraction.user_id),
        str(user_id),
    )
    await execute(
        tx,
        """
        UPDATE history SET detail = CASE WHEN change = ANY($3) THEN $4
                                         ELSE replace(detail, $5, $4) END
         WHERE guild_id = $1 AND number = $2 AND detail <> ''
        """,
        infraction.guild_id,
        infraction.number,
        list(TELLING),
        ERASED,
        str(infraction.user_id),
    )


async def drop_deliveries(tx: Connection, guild_id: GuildId, numbers: list[int]) -> None:
    """Drop what webhooks were told, or are yet to be, of infractions before they are erased."""
    await execute(
        tx,
        "DELETE FROM deliveries WHERE guild_id = $1 AND number = ANY($2)",
        guild_id,
        numbers,
    )


async def evidence_about(tx: Connection, infraction: Infraction) -> list[Evidence]:
    """Return the evidence of an infraction that is not erased."""
    return await fetch_all(
        tx,
        Evidence,
        "SELECT * FROM evidence WHERE guild_id = $1 AND number = $2 AND state <> 'erased'",
        infraction.guild_id,
        infraction.number,
    )


async def evidence_by(tx: Connection, erasure: Erasure, limit: int) -> list[Evidence]:
    """Return what a person wrote that is evidence of somebody else's infraction."""
    return await fetch_all(
        tx,
        Evidence,
        """
        SELECT * FROM evidence
         WHERE guild_id = $1 AND author_id = $2 AND state <> 'erased' LIMIT $3
        """,
        erasure.guild_id,
        erasure.user_id,
        limit,
    )


async def erase_evidence(tx: Connection, piece: Evidence) -> None:
    """Leave nothing of a piece of evidence but that it was there, when, and by whom."""
    await execute(
        tx,
        """
        UPDATE evidence
           SET state = 'erased', ended_at = coalesce(ended_at, now()), channel_id = NULL,
               message_id = NULL, attachment_id = NULL, author_id = NULL, author_name = '',
               content = '', name = '', url = '', sha256 = NULL, failure = NULL
         WHERE guild_id = $1 AND number = $2 AND id = $3
        """,
        piece.guild_id,
        piece.number,
        piece.id,
    )


# --- as the moderator ---------------------------------------------------------------------------


async def ordered_by(tx: Connection, erasure: Erasure, limit: int) -> list[Infraction]:
    """Return and lock infractions that name a person as the moderator."""
    return await fetch_all(
        tx,
        Infraction,
        """
        SELECT * FROM infractions
         WHERE guild_id = $1 AND moderator_id = $2 AND moderator_name <> $3
         ORDER BY number DESC LIMIT $4 FOR UPDATE
        """,
        erasure.guild_id,
        erasure.user_id,
        ERASED,
        limit,
    )


async def erase_moderator(tx: Connection, infraction: Infraction) -> None:
    """Replace the name of who ordered an infraction; their id stays."""
    await execute(
        tx,
        "UPDATE infractions SET moderator_name = $3 WHERE guild_id = $1 AND number = $2",
        infraction.guild_id,
        infraction.number,
        ERASED,
    )


async def last_number(db: Executor, guild_id: GuildId) -> int:
    """Return how many infractions a guild has."""
    sql = "SELECT last_number FROM counters WHERE guild_id = $1"
    return await fetch_maybe(db, int, sql, guild_id) or 0


async def erase_actor(db: Executor, erasure: Erasure, first: int, last: int) -> None:
    """Replace a person's name where they acted, in the history of some infractions."""
    await execute(
        db,
        """
        UPDATE history SET actor_name = $5
         WHERE guild_id = $1 AND actor_id = $2 AND number BETWEEN $3 AND $4 AND actor_name <> $5
        """,
        erasure.guild_id,
        erasure.user_id,
        first,
        last,
        ERASED,
    )


# --- around the record --------------------------------------------------------------------------


async def erase_around(tx: Connection, erasure: Erasure, user_id: UserId) -> None:
    """Take a person out of what commands and members keep beside the record."""
    of_person = (erasure.guild_id, erasure.user_id)
    named = (*of_person, ERASED)
    replaced = (*named, user_id)
    await execute(
        tx,
        "UPDATE evidence SET added_by_name = $3 WHERE guild_id = $1 AND added_by_id = $2",
        *named,
    )
    await execute(
        tx,
        """
        UPDATE mass_orders SET moderator_name = $3, answer = NULL
         WHERE guild_id = $1 AND moderator_id = $2
        """,
        *named,
    )
    await execute(
        tx,
        """
        DELETE FROM mass_rows
         WHERE user_id = $2 AND order_id IN (
               SELECT id FROM mass_orders WHERE guild_id = $1 AND state = 'preview')
        """,
        *of_person,
    )
    await execute(
        tx,
        """
        UPDATE mass_rows SET user_id = $4, user_name = $3, detail = ''
         WHERE user_id = $2 AND order_id IN (
               SELECT id FROM mass_orders WHERE guild_id = $1 AND state IN ('done', 'cancelled'))
        """,
        *replaced,
    )
    await execute(
        tx,
        """
        UPDATE reports SET author_id = $4, author_name = $3, content = $3
         WHERE guild_id = $1 AND author_id = $2
        """,
        *replaced,
    )
    await execute(
        tx,
        """
        UPDATE reports SET reporter_id = $4, reporter_name = $3
         WHERE guild_id = $1 AND reporter_id = $2
        """,
        *replaced,
    )
    await execute(
        tx,
        "DELETE FROM kept_filters WHERE guild_id = $1 AND matching::text LIKE $2",
        erasure.guild_id,
        f"%{erasure.user_id}%",
    )
    await execute(
        tx,
        """
        UPDATE repeats SET status = 410, headers = $3, body = $4
         WHERE guild_id = $1 AND status IS NOT NULL AND body LIKE $2
        """,
        erasure.guild_id,
        f"%{erasure.user_id}%",
        {"content-type": "application/problem+json"},
        DONE_AND_ERASED,
    )
    await execute(
        tx,
        """
        DELETE FROM timer_dead
         WHERE payload->'guild_id' = to_jsonb($1::bigint)
           AND (payload::text LIKE $2 OR key LIKE $2 OR error LIKE $2)
        """,
        erasure.guild_id,
        f"%{erasure.user_id}%",
    )


async def is_under_way(db: Executor, erasure: Erasure) -> bool:
    """Say whether a mass order that runs is about a person."""
    return await fetch_value(
        db,
        bool,
        """
        SELECT EXISTS (SELECT FROM mass_rows r JOIN mass_orders o ON o.id = r.order_id
                        WHERE o.guild_id = $1 AND r.user_id = $2 AND o.state = 'running')
        """,
        erasure.guild_id,
        erasure.user_id,
    )
