"""Ending tasks within a time, though a server that hangs may keep them."""

import asyncio

import structlog

log = structlog.get_logger()


async def wait_for(task: asyncio.Task[None], within: float) -> None:
    """Wait for a task to end, and cancel it when so many seconds have passed."""
    await asyncio.wait((task,), timeout=within)
    await cancel([task], 0)


async def cancel(tasks: list[asyncio.Task[None]], within: float) -> None:
    """Cancel tasks, and wait no longer for their end than so many seconds.

    A query that is cancelled waits for the server to confirm that. Halfway through the time that
    waiting is cancelled too; the pool then throws the connection away once it has waited enough.
    """
    for _ in range(2):
        pending = [task for task in tasks if not task.done()]
        for task in pending:
            task.cancel()
        if pending:
            await asyncio.wait(pending, timeout=within / 2)
    if left := sum(not task.done() for task in tasks):
        log.warning("tasks_do_not_end", tasks=left)
