"""Completions of many jobs in few statements."""

import asyncio

import structlog

from shared.jobs.store import Claimed, finish
from shared.postgres import Db

FIRST_WAIT = 0.05
LONGEST_WAIT = 2.0

log = structlog.get_logger()


class Finisher:
    """Deletes finished jobs, whatever is ready in one statement."""

    def __init__(self, db: Db) -> None:
        self._db = db
        self._ready: list[tuple[Claimed, asyncio.Future[bool]]] = []
        self._wake = asyncio.Event()

    async def finish(self, job: Claimed) -> bool:
        """Complete a job; False when it was not ours any more. Waits while Postgres is away."""
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._ready.append((job, done))
        self._wake.set()
        return await done

    async def run(self) -> None:
        """Complete until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            ready, self._ready = self._ready, []
            ours = await self._delete([job for job, _ in ready])
            for job, done in ready:
                if not done.done():
                    done.set_result(job.id in ours)

    async def _delete(self, jobs: list[Claimed]) -> set[int]:
        wait = FIRST_WAIT
        while True:
            try:
                return await finish(self._db, jobs)
            except Exception as error:  # noqa: BLE001 - whatever it is, the jobs are done
                log.warning("completion_waits", jobs=len(jobs), error=repr(error))
            await asyncio.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT)
