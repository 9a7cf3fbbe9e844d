"""Statements about the first results of actions."""

from datetime import timedelta

from msgspec import Struct

from shared.contracts.actions import ActionResult
from shared.contracts.codec import decode, encode
from shared.postgres import (
    Db,
    execute,
    fetch_all,
    fetch_maybe,
    fetch_one,
)


class StoredResult(Struct, frozen=True, kw_only=True):
    """The first result of an action, by its key; which message answered which text command."""

    key: str
    result: ActionResult
    command_id: int | None = None
    answer_id: int | None = None


class _ResultRow(Struct, frozen=True, kw_only=True):
    key: str
    result: str
    command_id: int | None
    answer_id: int | None

    def stored(self) -> StoredResult:
        return StoredResult(
            key=self.key,
            result=decode(self.result.encode(), ActionResult),
            command_id=self.command_id,
            answer_id=self.answer_id,
        )


async def results_since(db: Db, age: timedelta) -> list[StoredResult]:
    """Return the results of the last while, oldest first."""
    rows = await fetch_all(
        db,
        _ResultRow,
        """
        SELECT key, result, command_id, answer_id FROM action_results
         WHERE at > now() - $1::interval ORDER BY at
        """,
        age,
    )
    return [row.stored() for row in rows]


async def result(db: Db, key: str) -> StoredResult | None:
    """Return the first result of the action with a key."""
    row = await fetch_one(
        db,
        _ResultRow,
        "SELECT key, result, command_id, answer_id FROM action_results WHERE key = $1",
        key,
    )
    return row.stored() if row else None


async def answer_to(db: Db, command_id: int) -> int | None:
    """Return the message that answered a text command."""
    return await fetch_maybe(
        db,
        int,
        """
        SELECT answer_id FROM action_results
         WHERE command_id = $1 AND answer_id IS NOT NULL ORDER BY at LIMIT 1
        """,
        command_id,
    )


async def save_results(db: Db, results: list[StoredResult], *, durable: bool) -> None:
    """Store results; the first one of a key stays.

    Without `durable` a crash of Postgres itself may lose those of the last moment.
    """
    await execute(
        db,
        """
        WITH commit AS (SELECT set_config('synchronous_commit', $5, true))
        INSERT INTO action_results (key, result, command_id, answer_id)
        SELECT new.*
          FROM commit, unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[]) AS new
            ON CONFLICT (key) DO NOTHING
        """,
        [stored.key for stored in results],
        [encode(stored.result).decode() for stored in results],
        [stored.command_id for stored in results],
        [stored.answer_id for stored in results],
        "on" if durable else "off",
    )


async def forget_results(db: Db, age: timedelta) -> int:
    """Delete the results that are older than that, and return how many there were."""
    return await execute(db, "DELETE FROM action_results WHERE at < now() - $1::interval", age)
