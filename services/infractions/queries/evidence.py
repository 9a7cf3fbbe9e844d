"""Keeping evidence: messages and files of infractions, the contents once per guild."""

from datetime import timedelta
from typing import Final

from services.infractions.evidence_model import Evidence, EvidenceState, Held
from services.infractions.model import Infraction, Person
from shared.contracts.discord import Attachment, MessageRef
from shared.contracts.ids import GuildId
from shared.postgres import (
    Connection,
    Executor,
    execute,
    fetch_all,
    fetch_maybe,
    fetch_one,
    fetch_value,
)


async def held(tx: Connection, infraction: Infraction) -> Held:
    """Return how much an infraction has."""
    found = await fetch_one(
        tx,
        Held,
        """
        SELECT count(*) FILTER (WHERE kind = 'message') AS messages,
               count(*) FILTER (WHERE kind = 'file') AS files,
               coalesce(sum(size) FILTER (WHERE kind = 'file'), 0) AS bytes
          FROM evidence WHERE guild_id = $1 AND number = $2 AND state IN ('wanted', 'kept')
        """,
        infraction.guild_id,
        infraction.number,
    )
    assert found is not None
    return found


async def add_message(  # what is kept, by whom, and for how long
    tx: Connection,
    infraction: Infraction,
    message: MessageRef,
    by: Person,
    retention: timedelta | None,
) -> Evidence | None:
    """Keep a message with a locked infraction; None where it is there already."""
    return await fetch_one(
        tx,
        Evidence,
        """
        INSERT INTO evidence (guild_id, number, id, kind, state, added_by_id, added_by_name,
                              expires_at, channel_id, message_id, author_id, author_name, content,
                              size, sha256)
        SELECT $1, $2, coalesce((SELECT max(id) FROM evidence WHERE guild_id = $1 AND number = $2),
                                0) + 1,
               'message', 'kept', $3, $4, now() + $5::interval, $6, $7, $8, $9, $10,
               octet_length($10::text), encode(sha256(convert_to($10, 'UTF8')), 'hex')
        ON CONFLICT DO NOTHING
        RETURNING *
        """,
        infraction.guild_id,
        infraction.number,
        by.id,
        by.name,
        retention,
        message.channel_id,
        message.id,
        message.author.id if message.author else None,
        message.author.name if message.author else "",
        message.content.replace("\0", ""),
    )


async def add_file(  # what is kept, of which message, by whom, and for how long
    tx: Connection,
    infraction: Infraction,
    file: Attachment,
    message: MessageRef | None,
    by: Person,
    retention: timedelta | None,
) -> Evidence | None:
    """Want a file with a locked infraction; None where it is there already."""
    return await fetch_one(
        tx,
        Evidence,
        """
        INSERT INTO evidence (guild_id, number, id, kind, state, added_by_id, added_by_name,
                              expires_at, channel_id, message_id, author_id, author_name, name,
                              url, size, attachment_id)
        SELECT $1, $2, coalesce((SELECT max(id) FROM evidence WHERE guild_id = $1 AND number = $2),
                                0) + 1,
               'file', 'wanted', $3, $4, now() + $5::interval, $6, $7, $8, $9, $10, $11, $12, $13
        ON CONFLICT DO NOTHING
        RETURNING *
        """,
        infraction.guild_id,
        infraction.number,
        by.id,
        by.name,
        retention,
        message.channel_id if message else None,
        message.id if message else None,
        message.author.id if message and message.author else None,
        message.author.name if message and message.author else "",
        file.filename.replace("\0", ""),
        file.url,
        file.size,
        file.id,
    )


async def get(db: Executor, guild_id: GuildId, number: int, id_: int) -> Evidence | None:
    """Return a piece of evidence."""
    return await fetch_one(
        db,
        Evidence,
        "SELECT * FROM evidence WHERE guild_id = $1 AND number = $2 AND id = $3",
        guild_id,
        number,
        id_,
    )


async def all_of(db: Executor, guild_id: GuildId, number: int) -> list[Evidence]:
    """Return the evidence of an infraction in the order in which it was added."""
    return await fetch_all(
        db,
        Evidence,
        "SELECT * FROM evidence WHERE guild_id = $1 AND number = $2 ORDER BY id",
        guild_id,
        number,
    )


async def content(db: Executor, guild_id: GuildId, sha256: str) -> bytes | None:
    """Return what a file holds."""
    return await fetch_maybe(
        db,
        bytes,
        "SELECT content FROM evidence_files WHERE guild_id = $1 AND sha256 = $2",
        guild_id,
        sha256,
    )


async def keep_content(tx: Connection, guild_id: GuildId, sha256: str, body: bytes) -> None:
    """Keep a file's content, once in a guild; nobody can drop it until the transaction ends."""
    await execute(
        tx,
        """
        INSERT INTO evidence_files (guild_id, sha256, content) VALUES ($1, $2, $3)
        ON CONFLICT (guild_id, sha256) DO UPDATE SET sha256 = excluded.sha256
        """,
        guild_id,
        sha256,
        body,
    )


async def set_kept(tx: Connection, piece: Evidence, sha256: str, size: int) -> None:
    """Note that a file is there; its address is needed no more."""
    await execute(
        tx,
        """
        UPDATE evidence SET state = 'kept', sha256 = $4, size = $5, failure = NULL, url = ''
         WHERE guild_id = $1 AND number = $2 AND id = $3
        """,
        piece.guild_id,
        piece.number,
        piece.id,
        sha256,
        size,
    )


async def note_try(db: Executor, piece: Evidence, failure: str, *, last: bool) -> None:
    """Note why a file was not fetched, for now or (`last`) for good."""
    await execute(
        db,
        """
        UPDATE evidence SET tries = tries + 1, failure = $4,
               state = CASE WHEN $5 THEN 'failed' ELSE state END,
               ended_at = CASE WHEN $5 THEN now() END
         WHERE guild_id = $1 AND number = $2 AND id = $3 AND state = 'wanted'
        """,
        piece.guild_id,
        piece.number,
        piece.id,
        failure,
        last,
    )


async def end(tx: Connection, piece: Evidence, state: EvidenceState) -> None:
    """Throw a piece of evidence away but for its hash, and its content if nothing else has it."""
    await execute(
        tx,
        """
        UPDATE evidence SET state = $4, ended_at = now(), content = '', url = ''
         WHERE guild_id = $1 AND number = $2 AND id = $3
        """,
        piece.guild_id,
        piece.number,
        piece.id,
        state.value,
    )
    if piece.kind == "file" and piece.sha256 is not None:
        await drop_content(tx, piece.guild_id, piece.sha256)


async def drop_content(tx: Connection, guild_id: GuildId, sha256: str) -> None:
    """Drop a content that no piece of evidence has any more.

    Locked before it is looked at, so that who adds the same file at this moment is seen.
    """
    await execute(
        tx,
        "SELECT FROM evidence_files WHERE guild_id = $1 AND sha256 = $2 FOR UPDATE",
        guild_id,
        sha256,
    )
    await execute(
        tx,
        """
        DELETE FROM evidence_files f
         WHERE guild_id = $1 AND sha256 = $2
           AND NOT EXISTS (SELECT FROM evidence e
                            WHERE e.guild_id = $1 AND e.sha256 = $2 AND e.kind = 'file'
                              AND e.state = 'kept')
        """,
        guild_id,
        sha256,
    )


TAKEN: Final = "taken: "
"""How the history's entry begins that the last messages were taken."""


async def was_taken(db: Executor, infraction: Infraction) -> bool:
    """Say whether the member's last messages were taken with a measure."""
    return await fetch_value(
        db,
        bool,
        """
        SELECT EXISTS (SELECT FROM history WHERE guild_id = $1 AND number = $2
                          AND change = 'evidence' AND starts_with(detail, $3))
        """,
        infraction.guild_id,
        infraction.number,
        TAKEN,
    )
