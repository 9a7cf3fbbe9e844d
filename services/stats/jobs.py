"""What stats does by the clock: sum finished days, and watch how far it is behind."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from services.stats import actions
from services.stats.deps import Deps
from shared.postgres import is_unavailable

WATCH_EVERY: Final = timedelta(seconds=5)
LOCK: Final = 0x57A76
"""The number of the lock in Postgres: one process at a time sums, in a room that is one."""

log = structlog.get_logger()


async def run(deps: Deps) -> None:
    """Run both, until cancelled."""
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(sum_finished_days(deps))
        tasks.create_task(watch_queue(deps))


async def sum_finished_days(deps: Deps) -> None:
    """Bring the sums up to date every few minutes; what fails is tried again the next time.

    No row in a table says when: whatever was missed is found behind the next time.
    """
    await deps.migrated.wait()
    while True:
        try:
            await sum_if_nobody_does(deps)
        except Exception as error:
            if not is_unavailable(error):
                log.exception("days_not_summed")
            else:
                log.warning("days_not_summed", error=repr(error))
        await asyncio.sleep(deps.settings.sum_every.total_seconds())


async def sum_if_nobody_does(deps: Deps) -> bool:
    """Bring the sums up to date, unless another process is at it; tells whether it was us."""
    async with deps.db.acquire() as connection:
        if not await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK):
            return False
        try:
            await actions.sum_days(deps, datetime.now(UTC))
        finally:
            await connection.execute("SELECT pg_advisory_unlock($1)", LOCK)
    return True


async def watch_queue(deps: Deps) -> None:
    """Keep the number of waiting events in the metrics."""
    while True:
        behind = await deps.progress.behind()
        if behind is not None:
            deps.metrics.waiting.set(behind)
        await asyncio.sleep(WATCH_EVERY.total_seconds())
