"""Requests with an idempotency key: who works on one, and what was answered."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from services.infractions.repeats import Kept, Repeatable
from shared.postgres import Executor, execute, fetch_maybe, fetch_one

KEPT_FOR: Final = timedelta(hours=24)
"""How long an answer is kept."""

FORGOTTEN_AT_ONCE: Final = 10
"""Old answers that each new request forgets, so that they never pile up."""


async def claim_request(
    db: Executor, asked: Repeatable, source_key: str, lease: timedelta
) -> str | None:
    """Begin to work on a request and return the key of what it orders.

    None when it is worked on, or was answered, or was another request. One that was cut off is
    begun again, with the key that it had.
    """
    return await fetch_maybe(
        db,
        str,
        """
        WITH forgotten AS (
            DELETE FROM repeats WHERE ctid = ANY (ARRAY(
                SELECT ctid FROM repeats
                 WHERE begun_at < now() - $7::interval AND (guild_id, who, key) <> ($1, $2, $3)
                 ORDER BY begun_at LIMIT $8 FOR UPDATE SKIP LOCKED))
        )
        INSERT INTO repeats AS r (guild_id, who, key, request, source_key, working_until)
        VALUES ($1, $2, $3, $4, $5, now() + $6::interval)
        ON CONFLICT (guild_id, who, key) DO UPDATE
           SET request = $4, working_until = now() + $6::interval, status = NULL,
               source_key = CASE WHEN r.begun_at < now() - $7::interval THEN $5
                                 ELSE r.source_key END,
               begun_at = CASE WHEN r.begun_at < now() - $7::interval THEN now()
                               ELSE r.begun_at END
         WHERE r.begun_at < now() - $7::interval
            OR (r.status IS NULL AND r.working_until <= now() AND r.request = $4)
        RETURNING source_key
        """,
        asked.guild_id,
        asked.who,
        asked.key,
        asked.request,
        source_key,
        lease,
        KEPT_FOR,
        FORGOTTEN_AT_ONCE,
    )


async def kept_request(db: Executor, asked: Repeatable) -> Kept | None:
    """Return what is known of the request that came first under a key."""
    return await fetch_one(
        db,
        Kept,
        """
        SELECT request, status, headers, body,
               greatest(ceil(extract(epoch FROM working_until - now())), 1)::integer AS wait
          FROM repeats WHERE guild_id = $1 AND who = $2 AND key = $3
        """,
        asked.guild_id,
        asked.who,
        asked.key,
    )


async def keep_answer(
    db: Executor, asked: Repeatable, status: int, headers: Mapping[str, str], body: str
) -> None:
    """Keep the answer to a request; the first one stays."""
    await execute(
        db,
        """
        UPDATE repeats SET status = $5, headers = $6, body = $7
         WHERE guild_id = $1 AND who = $2 AND key = $3 AND request = $4 AND status IS NULL
        """,
        asked.guild_id,
        asked.who,
        asked.key,
        asked.request,
        status,
        dict(headers),
        body,
    )


async def release_request(db: Executor, asked: Repeatable) -> None:
    """Let a request that could not be answered be begun again at once."""
    await execute(
        db,
        """
        UPDATE repeats SET working_until = now()
         WHERE guild_id = $1 AND who = $2 AND key = $3 AND request = $4 AND status IS NULL
        """,
        asked.guild_id,
        asked.who,
        asked.key,
        asked.request,
    )
