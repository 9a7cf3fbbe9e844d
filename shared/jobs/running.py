"""One run of a job, or of a batch of them, and what comes of it."""

import asyncio
import random
from collections import Counter
from datetime import timedelta
from typing import Final, TypeAlias

import msgspec
import structlog
from msgspec import Struct

from shared.errors import Retry
from shared.jobs import store
from shared.jobs.finishing import Finisher
from shared.jobs.kinds import Kind
from shared.jobs.store import Claimed
from shared.logging import bound
from shared.postgres import Db, is_unavailable, transaction

AWAY_FIRST: Final = 0.25
AWAY_LONGEST: Final = 5.0
"""Seconds until a job is tried again that waits for something that is away."""

Outcomes: TypeAlias = Counter[str]
"""What came of the jobs of a run: how many were done, lost, refused, put off, buried."""

log = structlog.get_logger()


class LeaseLostError(Exception):
    """The job was taken over, moved or cancelled meanwhile: this run must leave no trace."""


class Runner:
    """Runs claimed jobs and writes down what came of each."""

    def __init__(self, db: Db, deps: object, lease: timedelta, finisher: Finisher) -> None:
        self._db = db
        self._deps = deps
        self._lease = lease
        self._finisher = finisher
        # half of the pool, so that handlers in a transaction can't starve other queries
        self._transactions = asyncio.Semaphore(max(1, db.get_max_size() // 2))

    async def run(self, kind: Kind, jobs: list[Claimed]) -> Outcomes:
        """Run jobs that belong together to their end, and say what came of them."""
        outcomes: Outcomes = Counter()
        ready: list[tuple[Claimed, Struct]] = []
        for job in jobs:
            problem, payload = _read(kind, job)
            if payload is None:
                outcomes[await self._bury(job, problem)] += 1
            else:
                ready.append((job, payload))
        if kind.batch and ready:
            with bound(job=kind.name):
                outcomes += await self._attempt_together(kind, ready)
        elif ready:
            with bound(job_id=jobs[0].id, job=kind.name):
                outcomes += await self._attempt(kind, *ready[0])
        return outcomes

    # --- one job --------------------------------------------------------------------------------

    async def _attempt(self, kind: Kind, job: Claimed, payload: Struct) -> Outcomes:
        try:
            if kind.in_transaction:
                await self._run_in_transaction(kind, job, payload)
                return Counter(done=1)
            await kind.handler(self._deps, payload)
        except LeaseLostError:
            return Counter(lost=1)
        except Exception as error:  # noqa: BLE001 - whatever a handler raises has a consequence
            return await self._failed(kind, [job], error)
        ours = await self._finisher.finish(job)
        return Counter(done=1) if ours else Counter(refused=1)

    async def _run_in_transaction(self, kind: Kind, job: Claimed, payload: Struct) -> None:
        """Run a handler whose writes and completion happen both or not at all."""
        async with self._transactions, transaction(self._db) as tx:
            if not await store.take_out(tx, [job], self._lease):
                raise LeaseLostError
            await kind.handler(self._deps, payload, tx)

    # --- a batch --------------------------------------------------------------------------------

    async def _attempt_together(self, kind: Kind, ready: list[tuple[Claimed, Struct]]) -> Outcomes:
        """Run a batch; when it fails, each half of it, until what is poisonous is alone."""
        try:
            done = await self._run_together(kind, ready)
        except Exception as error:  # noqa: BLE001 - whatever a handler raises has a consequence
            alone = len(ready) == 1
            if alone or isinstance(error, Retry) or is_unavailable(error):
                return await self._failed(kind, [job for job, _ in ready], error)
            log.info("batch_is_split", jobs=len(ready), error=repr(error))
        else:
            return Counter(done=done) + Counter(lost=len(ready) - done)
        middle = len(ready) // 2
        first = await self._attempt_together(kind, ready[:middle])
        return first + await self._attempt_together(kind, ready[middle:])

    async def _run_together(self, kind: Kind, ready: list[tuple[Claimed, Struct]]) -> int:
        """Run a handler for the jobs that are still ours; return how many those were."""
        async with self._transactions, transaction(self._db) as tx:
            ours = await store.take_out(tx, [job for job, _ in ready], self._lease)
            if ours:
                payloads = [payload for job, payload in ready if job.id in ours]
                await kind.handler(self._deps, payloads, tx)
        return len(ours)

    # --- failures -------------------------------------------------------------------------------

    async def _failed(self, kind: Kind, jobs: list[Claimed], error: Exception) -> Outcomes:
        """Write down what a handler raised, for each of the jobs that it was called with."""
        if isinstance(error, Retry):
            return await self._put_off(kind, jobs, error.reason, error.after)
        if is_unavailable(error):
            return await self._wait_for_it(jobs, error)
        log.error("job_failed", exc_info=error)
        return await self._put_off(kind, jobs, repr(error), None)

    async def _put_off(
        self, kind: Kind, jobs: list[Claimed], error: str, after: timedelta | None
    ) -> Outcomes:
        """Count a failure: try again later, or never."""
        outcomes: Outcomes = Counter()
        later = [job for job in jobs if job.failures + 1 < kind.max_failures]
        for job in jobs:
            if job.failures + 1 >= kind.max_failures:
                outcomes[await self._bury(job, error)] += 1
        if later:
            moved = await store.put_off(self._db, later, error=error, after=after, counted=True)
            outcomes += Counter(retry=len(moved)) + Counter(lost=len(later) - len(moved))
        return outcomes

    async def _wait_for_it(self, jobs: list[Claimed], error: Exception) -> Outcomes:
        """Try again soon, without counting it, as something that the jobs need is away."""
        log.warning("job_waits", error=repr(error))
        tries = min(job.attempt for job in jobs)
        longest = min(AWAY_FIRST * 2 ** min(tries / 2, 10), AWAY_LONGEST)
        after = timedelta(seconds=longest * random.uniform(0.5, 1))  # noqa: S311 - only to spread
        await store.put_off(self._db, jobs, error=repr(error), after=after, counted=False)
        return Counter(away=len(jobs))

    async def _bury(self, job: Claimed, error: str) -> str:
        log.error("job_is_dead", job_id=job.id, job=job.kind, error=error)
        return "dead" if await store.bury(self._db, job, error=error) else "lost"


def _read(kind: Kind, job: Claimed) -> tuple[str, Struct | None]:
    """Give a job its type, or say why it must not be run."""
    if job.failures >= kind.max_failures:
        return f"its worker died {job.crashes} times while doing it", None
    try:
        return "", msgspec.convert(job.payload, kind.type, strict=False)
    except msgspec.ValidationError as error:
        return f"not a {kind.type.__name__}: {error}", None
