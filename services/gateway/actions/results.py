"""The first result of every action that has a key: in memory, and in Postgres for a day."""

import asyncio
from collections import OrderedDict
from datetime import timedelta
from typing import Final

import structlog
from msgspec import Struct

from services.gateway import queries
from services.gateway.queries import StoredResult
from shared.contracts.ids import InteractionId, MessageId
from shared.contracts.invocations import reply_key
from shared.postgres import Db, is_unavailable

KEPT: Final = timedelta(days=1)
RECENT: Final = timedelta(minutes=20)
"""What is read into memory at the start: longer than any interaction lives."""

IN_MEMORY: Final = 20_000
SWEEP: Final = 3600.0
"""Seconds between two deletions of what is older than a day."""

PATIENCE: Final = 1.0
"""Seconds that an answer waits for its result to be stored; Postgres being away, it goes ahead."""

GLANCE: Final = 0.3
"""Seconds that a look for an answer may take, as an interaction waits to be deferred."""

AGAIN: Final = 0.5

log = structlog.get_logger()


class _Waiting(Struct, eq=False):
    result: StoredResult
    durable: bool
    stored: "asyncio.Future[None]"


class Results:
    """Remembers results; everything of the last 20 minutes is in memory, older ones in Postgres."""

    def __init__(self, db: Db) -> None:
        self._db = db
        self._known: OrderedDict[str, StoredResult] = OrderedDict()
        self._answers: OrderedDict[int, MessageId] = OrderedDict()
        self._waiting: list[_Waiting] = []
        self._wake = asyncio.Event()

    async def load(self) -> None:
        """Read the recent results."""
        for stored in await queries.results_since(self._db, RECENT):
            self._remember(stored)

    def recent(self, key: str) -> StoredResult | None:
        """Return the result of a key, if it is of the last 20 minutes."""
        return self._known.get(key)

    async def find(self, key: str) -> StoredResult | None:
        """Return the result of a key, however old. Raises what Postgres says when it is away."""
        return self._known.get(key) or await queries.result(self._db, key)

    async def answer_of(self, command_id: int) -> MessageId | None:
        """Return the message that answered a text command."""
        known = self._answers.get(command_id)
        if known is not None:
            return known
        stored = await queries.answer_to(self._db, command_id)
        return None if stored is None else MessageId(stored)

    async def answered(self, interaction_id: InteractionId) -> bool:
        """Say whether any process has answered an interaction; when Postgres is slow, not known."""
        try:
            async with asyncio.timeout(GLANCE):
                stored = await self.find(reply_key(str(interaction_id)))
        except Exception as error:
            if not is_unavailable(error) and not isinstance(error, TimeoutError):
                raise
            return False
        return stored is not None and stored.result.status == "done"

    async def store(self, result: StoredResult, *, durable: bool) -> None:
        """Store a result, together with what else comes meanwhile; waits a second at most.

        `durable` ones survive a crash of Postgres too.
        """
        self._remember(result)
        waiting = _Waiting(result, durable, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        self._wake.set()
        try:
            async with asyncio.timeout(PATIENCE):
                await asyncio.shield(waiting.stored)
        except TimeoutError:
            log.warning("result_is_not_stored_yet", key=result.key)

    async def run(self) -> None:
        """Write what is to be stored, until cancelled; what waits then is written first."""
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                await self._write()
        finally:
            await self._write_last()

    async def sweep(self) -> None:
        """Delete what is older than a day, every hour, until cancelled."""
        while True:
            try:
                count = await queries.forget_results(self._db, KEPT)
                log.info("old_results_deleted", count=count)
            except Exception as error:
                if not is_unavailable(error):
                    raise
            await asyncio.sleep(SWEEP)

    async def _write(self) -> None:
        """Write everything that waits, again and again while Postgres is away."""
        while self._waiting:
            batch, self._waiting = self._waiting, []
            try:
                await self._write_once(batch)
            except Exception as error:
                if not is_unavailable(error):
                    raise
                self._waiting = batch + self._waiting
                await asyncio.sleep(AGAIN)

    async def _write_last(self) -> None:
        """Write what is left at the end; Postgres being away, that is lost."""
        try:
            if self._waiting:
                async with asyncio.timeout(PATIENCE):
                    await self._write_once(self._waiting)
        except Exception as error:
            if not is_unavailable(error) and not isinstance(error, TimeoutError):
                raise
            log.warning("results_not_stored", count=len(self._waiting), error=repr(error))

    async def _write_once(self, batch: list[_Waiting]) -> None:
        await queries.save_results(
            self._db,
            [waiting.result for waiting in batch],
            durable=any(waiting.durable for waiting in batch),
        )
        for waiting in batch:
            if not waiting.stored.done():
                waiting.stored.set_result(None)

    def _remember(self, stored: StoredResult) -> None:
        self._known.setdefault(stored.key, stored)
        if stored.command_id is not None and stored.answer_id is not None:
            self._answers.setdefault(stored.command_id, MessageId(stored.answer_id))
            _shorten(self._answers)
        _shorten(self._known)


def _shorten(kept: "OrderedDict[str, StoredResult] | OrderedDict[int, MessageId]") -> None:
    while len(kept) > IN_MEMORY:
        kept.popitem(last=False)
