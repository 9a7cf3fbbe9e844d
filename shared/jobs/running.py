"""One run of one job, and what comes of it."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Final

import msgspec
import structlog
from msgspec import Struct

from shared.errors import Retry
from shared.jobs import store
from shared.jobs.finishing import Finisher
from shared.jobs.store import Claimed
from shared.logging import bound
from shared.postgres import Db, is_unavailable, transaction

UNKNOWN_KIND_WAIT: Final = timedelta(minutes=1)
AWAY_FIRST: Final = 0.25
AWAY_LONGEST: Final = 5.0
"""Seconds until a job is tried again that waits for something that is away."""

log = structlog.get_logger()


class Kind(Struct, frozen=True):
    """A kind of job and the function that does it."""

    type: type[Struct]
    handler: Callable[..., Awaitable[Any]]  # with or without a transaction; returns nothing of use
    max_failures: int
    in_transaction: bool = False


class LeaseLostError(Exception):
    """The job was taken over, moved or cancelled meanwhile: this run must leave no trace."""


class Runner:
    """Runs claimed jobs and writes down what came of each."""

    def __init__(
        self,
        db: Db,
        deps: object,
        kinds: dict[str, Kind],
        lease: timedelta,
        finisher: Finisher,
    ) -> None:
        self._db = db
        self._deps = deps
        self._kinds = kinds
        self._lease = lease
        self._finisher = finisher
        # half of the pool, so that handlers in a transaction can't starve other queries
        self._transactions = asyncio.Semaphore(max(1, db.get_max_size() // 2))

    async def run(self, job: Claimed) -> str:
        """Run a job to its end, and say what came of it."""
        with bound(job_id=job.id, job=job.kind):
            kind = self._kinds.get(job.kind)
            if kind is None:
                return await self._put_off(
                    job, None, "no function does this kind of job", UNKNOWN_KIND_WAIT
                )
            if job.failures >= kind.max_failures:
                return await self._bury(job, f"its worker died {job.crashes} times while doing it")
            try:
                payload = msgspec.convert(job.payload, kind.type, strict=False)
            except msgspec.ValidationError as error:
                return await self._bury(job, f"not a {kind.type.__name__}: {error}")
            return await self._attempt(job, kind, payload)

    async def _attempt(self, job: Claimed, kind: Kind, payload: Struct) -> str:
        try:
            if kind.in_transaction:
                await self._run_in_transaction(job, kind, payload)
                return "done"
            await kind.handler(self._deps, payload)
        except LeaseLostError:
            return "lost"
        except Retry as order:
            return await self._put_off(job, kind, order.reason, order.after)
        except Exception as error:
            if is_unavailable(error):
                return await self._wait_for_it(job, error)
            log.exception("job_failed")
            return await self._put_off(job, kind, repr(error), None)
        return "done" if await self._finisher.finish(job) else "refused"

    async def _run_in_transaction(self, job: Claimed, kind: Kind, payload: Struct) -> None:
        """Run a handler whose writes and completion happen both or not at all."""
        async with self._transactions, transaction(self._db) as tx:
            if not await store.take_out(tx, job, self._lease):
                raise LeaseLostError
            await kind.handler(self._deps, payload, tx)

    async def _put_off(
        self, job: Claimed, kind: Kind | None, error: str, after: timedelta | None
    ) -> str:
        """Count a failure: try again later, or never."""
        if kind is not None and job.failures + 1 >= kind.max_failures:
            return await self._bury(job, error)
        moved = await store.put_off(self._db, job, error=error, after=after, counted=True)
        return "retry" if moved else "lost"

    async def _wait_for_it(self, job: Claimed, error: Exception) -> str:
        """Try again soon, without counting it, as something that the job needs is away."""
        log.warning("job_waits", error=repr(error))
        longest = min(AWAY_FIRST * 2 ** min(job.attempt / 2, 10), AWAY_LONGEST)
        after = timedelta(seconds=longest * random.uniform(0.5, 1))  # noqa: S311 - only to spread
        await store.put_off(self._db, job, error=repr(error), after=after, counted=False)
        return "away"

    async def _bury(self, job: Claimed, error: str) -> str:
        log.error("job_is_dead", error=error)
        return "dead" if await store.bury(self._db, job, error=error) else "lost"
