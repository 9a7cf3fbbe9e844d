"""The worker: claims what is due, no sooner and hardly later, and holds it under a lease."""

import asyncio
import os
import secrets
import socket
import time
from collections import deque
from contextlib import suppress
from datetime import timedelta
from typing import Final

import structlog

from shared.jobs import store
from shared.jobs.finishing import Finisher
from shared.jobs.metrics import JobMetrics
from shared.jobs.running import Kind, Runner
from shared.jobs.store import Claimed
from shared.postgres import Db, is_unavailable, listen

LONGEST_SLEEP: Final = 5.0
"""Seconds; a lost NOTIFY costs no more than this."""
BIGGEST_CLAIM: Final = 500
FAST: Final = 0.1
"""Seconds; a worker that did what it claimed in less claims more the next time."""
STALE: Final = 0.2
"""Seconds that a claimed job may wait before its lease is looked at again when it begins."""
SUSPECT: Final = 3
"""Crashes after which a job is run as the only one of its like, to find out which one it is."""
SUSPECT_WAIT: Final = timedelta(seconds=1)
COUNT_EVERY: Final = 15.0
GRACE: Final = 8.0

log = structlog.get_logger()


class Worker:
    """Runs the jobs of one process."""

    def __init__(
        self,
        db: Db,
        deps: object,
        kinds: dict[str, Kind],
        *,
        lease: timedelta,
        concurrency: int,
        metrics: JobMetrics,
    ) -> None:
        self._db = db
        self._lease = lease
        self._concurrency = concurrency
        self._metrics = metrics
        self._finisher = Finisher(db)
        self._runner = Runner(db, deps, kinds, lease, self._finisher)
        self.owner = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._held: dict[int, Claimed] = {}
        self._waiting: deque[Claimed] = deque()
        self._running: dict[asyncio.Task[None], Claimed] = {}
        self._wake = asyncio.Event()
        self._claimed_at = 0.0
        self._bonus = 0
        self._filled = False
        self._hungry = False
        self._background: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begin to claim."""
        loops = (
            self._finisher.run(),
            self._claim_forever(),
            self._renew_forever(),
            self._count_forever(),
            listen(self._db, "timer", self._wake.set),
        )
        self._background = [asyncio.create_task(loop) for loop in loops]

    async def stop(self, within: float = GRACE) -> None:
        """Finish what runs, within a time, and give back the rest."""
        finishing, *others = self._background
        await _cancel(others)
        unbegun, self._waiting = list(self._waiting), deque()
        await self._give_back(unbegun)
        if self._running:
            await asyncio.wait(tuple(self._running), timeout=within)
        unfinished = list(self._running.values())
        await _cancel(list(self._running))
        await self._give_back(unfinished)
        await _cancel([finishing])

    # --- claiming -------------------------------------------------------------------------------

    async def _claim_forever(self) -> None:
        while True:
            try:
                wait = await self._claim()
            except Exception as error:
                if is_unavailable(error):
                    log.warning("claiming_waits", error=repr(error))
                else:
                    log.exception("claiming_failed")
                wait = 0.5
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._wake.wait()
            self._wake.clear()

    async def _claim(self) -> float | None:
        """Claim until nothing is due or there is no room; return how long to sleep at most.

        None: until something is finished.
        """
        while True:
            room = self._room()
            self._hungry = not room
            if not room:
                return None
            self._claimed_at = time.monotonic()
            jobs = await store.claim(self._db, room, self._lease, self.owner)
            self._filled = len(jobs) == room
            await self._admit(jobs)
            if self._filled:
                continue
            next_due = await store.seconds_to_next(self._db)
            self._metrics.lag.set(max(0.0, -(next_due or 0.0)))
            if next_due is None:
                return LONGEST_SLEEP
            if next_due > 0:
                return min(max(next_due, 0.001), LONGEST_SLEEP)
            return 0.001 if jobs else 0.005

    def _room(self) -> int:
        """Return how many jobs to claim: what can begin at once, more where they end quickly."""
        free = self._concurrency - len(self._running)
        if self._waiting or free <= 0:
            return 0
        quick = self._filled and time.monotonic() - self._claimed_at < FAST
        self._bonus = min(BIGGEST_CLAIM, 2 * max(self._bonus, self._concurrency)) if quick else 0
        return max(free, self._bonus)

    async def _admit(self, jobs: list[Claimed]) -> None:
        """Begin what was claimed; of jobs that may be crashing their workers only one at a time."""
        suspect_runs = any(job.crashes >= SUSPECT for job in self._held.values())
        put_back: list[Claimed] = []
        for job in jobs:
            if job.crashes >= SUSPECT:
                if suspect_runs:
                    put_back.append(job)
                    continue
                suspect_runs = True
            self._held[job.id] = job
            self._waiting.append(job)
        self._metrics.leased.set(len(self._held))
        self._begin()
        if put_back:
            await store.give_back(self._db, put_back, after=SUSPECT_WAIT)

    # --- running --------------------------------------------------------------------------------

    def _begin(self) -> None:
        while self._waiting and len(self._running) < self._concurrency:
            job = self._waiting.popleft()
            task = asyncio.create_task(self._run(job, self._claimed_at))
            self._running[task] = job
            task.add_done_callback(self._after)
        if self._hungry and not self._waiting and len(self._running) < self._concurrency:
            self._wake.set()

    async def _run(self, job: Claimed, claimed_at: float) -> None:
        outcome = "failed"
        try:
            if time.monotonic() - claimed_at > STALE and not await self._still_ours(job):
                outcome = "lost"
                return
            with self._metrics.seconds.labels(job.kind).time():
                outcome = await self._runner.run(job)
        except Exception as error:  # noqa: BLE001 - the lease brings the job back
            log.warning("job_outcome_not_written", job_id=job.id, error=repr(error))
        finally:
            self._held.pop(job.id, None)
            self._metrics.done.labels(job.kind, outcome).inc()
        if outcome in {"retry", "away"}:
            self._wake.set()  # it may be due before whatever the claiming waits for
        if outcome in {"lost", "refused"}:
            log.warning("job_was_taken_away", job_id=job.id, job=job.kind)

    async def _still_ours(self, job: Claimed) -> bool:
        """Say whether a job that waited was neither cancelled, moved, nor taken over."""
        return bool(await store.renew(self._db, [job], self._lease))

    def _after(self, task: asyncio.Task[None]) -> None:
        self._running.pop(task, None)
        self._metrics.leased.set(len(self._held))
        self._begin()

    # --- holding and counting -------------------------------------------------------------------

    async def _renew_forever(self) -> None:
        while True:
            await asyncio.sleep(self._lease.total_seconds() / 3)
            held = list(self._held.values())
            if not held:
                continue
            try:
                await store.renew(self._db, held, self._lease)
            except Exception as error:  # noqa: BLE001 - tried again before the lease ends
                log.warning("renewing_failed", jobs=len(held), error=repr(error))

    async def _count_forever(self) -> None:
        while True:
            with suppress(Exception):
                counts = await store.counts(self._db)
                self._metrics.due.set(counts.due)
                self._metrics.dead.set(counts.dead)
            await asyncio.sleep(COUNT_EVERY)

    async def _give_back(self, jobs: list[Claimed]) -> None:
        """Release jobs for others to take at once; their leases end anyway."""
        for job in jobs:
            self._held.pop(job.id, None)
        if jobs:
            try:
                async with asyncio.timeout(2):
                    await store.give_back(self._db, jobs, after=timedelta())
            except Exception as error:  # noqa: BLE001 - the leases end by themselves
                log.warning("giving_back_failed", jobs=len(jobs), error=repr(error))


async def _cancel(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)
