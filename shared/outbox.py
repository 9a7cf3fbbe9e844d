"""The outbox: domain events leave with the transaction of what they tell about, or not at all."""

import asyncio
from contextlib import suppress
from typing import ClassVar, Final, Protocol
from uuid import UUID

import structlog
from msgspec import Struct

from shared.bus import Bus
from shared.bus.link import Backoff
from shared.contracts.codec import encode
from shared.contracts.topology import FLOTILLA_EVENTS
from shared.postgres import Connection, Db, execute, fetch_all, is_unavailable, listen

BATCH: Final = 200
POLL: Final = 1.0
"""Seconds after which the table is looked at, woken or not."""

log = structlog.get_logger()


class DomainEvent(Protocol):
    """What every domain event has: the key it is routed by, and its guild (0 for none)."""

    KEY: ClassVar[str]

    @property
    def guild_id(self) -> int:
        """The guild it is about."""
        ...


class _Row(Struct, frozen=True):
    """An event that waits to leave."""

    id: int
    message_id: UUID
    routing_key: str
    guild_id: int
    body: bytes


async def put(connection: Connection, event: DomainEvent) -> None:
    """Have an event published once the connection's transaction has committed."""
    await connection.execute(
        """
        WITH put AS (
            INSERT INTO outbox (routing_key, guild_id, body) VALUES ($1, $2, $3)
        )
        SELECT pg_notify(current_schema() || '_outbox', '')
        """,
        event.KEY,
        event.guild_id,
        encode(event),
    )


class Outbox:
    """Publishes what waits in the outbox, in order, and forgets what the broker has confirmed.

    Several processes may run one: the holder of an advisory lock publishes, the others stand by.
    """

    def __init__(self, db: Db, bus: Bus, *, poll: float = POLL) -> None:
        self._db = db
        self._poll = poll
        self._bus = bus
        self._wake = asyncio.Event()
        self._elected = asyncio.Event()

    async def run(self) -> None:
        """Publish until cancelled."""
        electing = asyncio.create_task(listen(self._db, "outbox", self._wake.set, hold=self._stand))
        backoff = Backoff()
        try:
            while True:
                await self._elected.wait()
                try:
                    more = await self._publish_some()
                    backoff.reset()
                except Exception as error:
                    log.warning("outbox_waits", error=repr(error), exc_info=_unless_away(error))
                    await backoff.wait()
                    continue
                if not more:
                    await self._sleep()
        finally:
            electing.cancel()
            with suppress(asyncio.CancelledError):
                await electing

    async def _stand(self, connection: Connection) -> None:
        """Stand for election, and hold the office for as long as the connection lives."""
        self._elected.clear()
        lock = "SELECT pg_try_advisory_lock(hashtextextended(current_schema() || '.outbox', 0))"
        while not await connection.fetchval(lock):  # noqa: ASYNC110 - no event tells of a lock
            await asyncio.sleep(POLL)
        self._elected.set()

    async def _publish_some(self) -> bool:
        """Publish a batch; say whether more may wait."""
        rows = await fetch_all(
            self._db,
            _Row,
            """
            SELECT id, message_id, routing_key, guild_id, body
              FROM outbox ORDER BY id LIMIT $1
            """,
            BATCH,
        )
        if not rows:
            return False
        await asyncio.gather(*(self._publish(row) for row in rows))
        ids = [row.id for row in rows]
        await execute(self._db, "DELETE FROM outbox WHERE id = ANY($1)", ids)
        return len(rows) == BATCH

    async def _publish(self, row: _Row) -> None:
        await self._bus.publish(
            FLOTILLA_EVENTS,
            row.routing_key,
            row.body,
            message_id=row.message_id.hex,
            guild_id=row.guild_id,
            type=row.routing_key,
        )

    async def _sleep(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._poll):
                await self._wake.wait()
        self._wake.clear()


def _unless_away(error: Exception) -> bool:
    """Say whether an error deserves its traceback in the log."""
    return not is_unavailable(error)
