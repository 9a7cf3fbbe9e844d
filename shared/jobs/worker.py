"""The worker: claims what is due, no sooner and hardly later, and holds it under a lease."""

import asyncio
import os
import secrets
import socket
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Final

import structlog

from shared.jobs import store
from shared.jobs.ending import cancel, wait_for
from shared.jobs.finishing import Finisher
from shared.jobs.kinds import Kind
from shared.jobs.lanes import Lane
from shared.jobs.metrics import JobMetrics
from shared.jobs.running import Outcomes, Runner
from shared.jobs.store import Claimed
from shared.postgres import Db, is_unavailable, listen

LONGEST_SLEEP: Final = 5.0
"""Seconds; a lost NOTIFY costs no more than this."""
SHORTEST_SLEEP: Final = 0.001
LOCKED_SLEEP: Final = 0.01
"""Seconds until a job is asked for again that is due and that somebody else holds a lock on."""
STALE: Final = 0.2
"""Seconds that a claimed job may wait before its lease is looked at again when it begins."""
SUSPECT: Final = 3
"""Crashes after which a job is run as the only one of its like, to find out which one it is."""
SUSPECT_WAIT: Final = timedelta(seconds=1)
COUNT_EVERY: Final = 10.0
GRACE: Final = 8.0
"""Seconds that a stop takes at most, whatever the server does."""
CLAIM_SHARE: Final = 8
"""A claim that is under way at a stop has so small a part of the time."""
LEAVING: Final = 2.5
"""Seconds of the time that are kept for cancelling, and for giving back."""
GIVING_BACK: Final = 1.5
CANCELLING: Final = 0.5
"""Seconds; over a stalled connection a cancelled query would wait for a minute."""

log = structlog.get_logger()


class Worker:
    """Runs the jobs of one process."""

    def __init__(
        self,
        db: Db,
        deps: object,
        kinds: Mapping[str, Kind],
        *,
        lease: timedelta,
        concurrency: int,
        metrics: JobMetrics,
    ) -> None:
        self._db = db
        self._lease = lease
        self._metrics = metrics
        self._lanes = {name: Lane(kind, concurrency) for name, kind in kinds.items()}
        self._finisher = Finisher(db)
        self._runner = Runner(db, deps, lease, self._finisher)
        self.owner = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._held: dict[int, Claimed] = {}
        self._running: dict[asyncio.Task[None], list[Claimed]] = {}
        self._wake = asyncio.Event()
        self._stopping = False
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
        """Finish what runs, and give back the rest, within a time, whatever the server does.

        What can't be given back is done by others when its lease ends.
        """
        end = time.monotonic() + within
        finishing, claiming, *others = self._background
        self._stopping = True
        self._wake.set()
        # or what it got would look crashed
        await asyncio.wait((claiming,), timeout=within / CLAIM_SHARE)
        await cancel([claiming, *others], CANCELLING)
        await self._give_back([job for lane in self._lanes.values() for job in lane.give_up()])
        if self._running:
            left = max(0.0, end - LEAVING - time.monotonic())
            await asyncio.wait(tuple(self._running), timeout=left)
        unfinished = [job for jobs in self._running.values() for job in jobs]
        await cancel(list(self._running), CANCELLING)
        await self._give_back(unfinished)
        await cancel([finishing], CANCELLING)

    # --- claiming -------------------------------------------------------------------------------

    async def _claim_forever(self) -> None:
        while not self._stopping:
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

    async def _claim(self) -> float:
        """Claim until nothing is due or there is no room; return how long to sleep at most."""
        while not self._stopping:
            rooms = {name: room for name, lane in self._lanes.items() if (room := lane.room())}
            jobs = await self._claim_in_order(rooms) if rooms else []
            look = await self._look_for_others()
            if any(self._lanes[name].filled for name in rooms):
                continue
            if not rooms:
                return look
            next_due = await store.seconds_to_next(self._db, list(rooms))
            if next_due is None:
                return look
            if next_due > 0:
                return min(max(next_due, SHORTEST_SLEEP), look)
            return SHORTEST_SLEEP if jobs else LOCKED_SLEEP
        return 0

    async def _claim_in_order(self, rooms: Mapping[str, int]) -> list[Claimed]:
        """Claim what is due first."""
        jobs = await store.claim(self._db, rooms, self._lease, self.owner)
        counts = Counter(job.kind for job in jobs)
        for name, room in rooms.items():
            self._lanes[name].claimed(counts[name], room)
        for job in await self._admit(jobs):
            self._lanes[job.kind].hold(job)
            self._lanes[job.kind].waiting.append(job)
        for lane in self._lanes.values():
            self._begin(lane)
        return jobs

    async def _look_for_others(self) -> float:
        """Claim for guilds that wait behind others; return how long to sleep at most."""
        wait = LONGEST_SLEEP
        for lane in self._lanes.values():
            if not (room := lane.spare()):
                continue
            if not lane.seconds_to_look():
                await self._look_in(lane, room)
            wait = min(wait, lane.seconds_to_look())
        return max(wait, SHORTEST_SLEEP)

    async def _look_in(self, lane: Lane, room: int) -> None:
        began = time.monotonic()
        rooms = {lane.kind.name: room}
        jobs = await store.claim(self._db, rooms, self._lease, self.owner, passing=lane.guilds())
        lane.looked(found=bool(jobs), took=time.monotonic() - began)
        for job in await self._admit(jobs):
            lane.hold(job)
            self._run_soon(lane, [job], time.monotonic())

    async def _admit(self, jobs: list[Claimed]) -> list[Claimed]:
        """Return what may begin; of jobs that may be crashing their workers only one at a time."""
        suspect_runs = any(job.crashes >= SUSPECT for job in self._held.values())
        put_back: list[Claimed] = []
        for job in jobs:
            if job.crashes >= SUSPECT:
                if suspect_runs:
                    put_back.append(job)
                    continue
                suspect_runs = True
            self._held[job.id] = job
        self._metrics.leased.set(len(self._held))
        if put_back:
            await store.give_back(self._db, put_back, after=SUSPECT_WAIT)
        return [job for job in jobs if job.id in self._held]

    # --- running --------------------------------------------------------------------------------

    def _begin(self, lane: Lane) -> None:
        """Start what there are slots for."""
        while not self._stopping and (together := lane.next()):
            self._run_soon(lane, together, lane.claimed_at)

    def _run_soon(self, lane: Lane, jobs: list[Claimed], claimed_at: float) -> None:
        lane.running += 1
        task = asyncio.create_task(self._run(lane, jobs, claimed_at))
        self._running[task] = jobs
        task.add_done_callback(lambda task: self._after(task, lane))

    async def _run(self, lane: Lane, jobs: list[Claimed], claimed_at: float) -> None:
        outcomes: Outcomes = Counter(failed=len(jobs))
        kind = lane.kind
        try:
            if await self._taken_away(kind, jobs[0], claimed_at):
                outcomes = Counter(lost=1)
                return
            with self._metrics.seconds.labels(kind.name).time():
                outcomes = await self._runner.run(kind, jobs)
        except Exception as error:  # noqa: BLE001 - the lease brings the jobs back
            log.warning("job_outcome_not_written", job=kind.name, error=repr(error))
        finally:
            for job in jobs:
                self._held.pop(job.id, None)
            for outcome, count in outcomes.items():
                self._metrics.done.labels(kind.name, outcome).inc(count)
        if outcomes["retry"] or outcomes["away"]:
            self._wake.set()  # it may be due before whatever the claiming waits for
        if outcomes["lost"]:
            log.warning("job_was_taken_away", job=kind.name, outcomes=dict(outcomes))
        elif outcomes["refused"]:
            # Mostly it was ordered anew while it ran, as may happen all day.
            log.info("job_was_replaced", job=kind.name, outcomes=dict(outcomes))

    async def _taken_away(self, kind: Kind, job: Claimed, claimed_at: float) -> bool:
        """Say whether a job that waited was cancelled, moved, or taken over meanwhile.

        One that is run in a transaction is asked for there.
        """
        if kind.in_transaction or time.monotonic() - claimed_at <= STALE:
            return False
        return not await store.renew(self._db, [job], self._lease)

    def _after(self, task: asyncio.Task[None], lane: Lane) -> None:
        for job in self._running.pop(task, ()):
            lane.gone(job)
        lane.running -= 1
        self._metrics.leased.set(len(self._held))
        self._begin(lane)
        if lane.hungry and not lane.waiting and lane.free:
            self._wake.set()

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
                if unknown := await store.mark_unknown(self._db, list(self._lanes)):
                    log.warning("jobs_of_unknown_kinds", jobs=unknown)
                self._metrics.show(await store.counts(self._db))
            await asyncio.sleep(COUNT_EVERY)

    async def _give_back(self, jobs: list[Claimed]) -> None:
        """Release jobs for others to take at once; their leases end anyway."""
        for job in jobs:
            self._held.pop(job.id, None)
        if jobs:
            await wait_for(asyncio.create_task(self._release(jobs)), GIVING_BACK)

    async def _release(self, jobs: list[Claimed]) -> None:
        try:
            await store.give_back(self._db, jobs, after=timedelta())
        except Exception as error:  # noqa: BLE001 - the leases end by themselves
            log.warning("giving_back_failed", jobs=len(jobs), error=repr(error))
