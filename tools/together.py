"""Several things at once, all of which have to succeed."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
U = TypeVar("U")


async def together(*jobs: Coroutine[object, object, T]) -> list[T]:
    """Run jobs side by side; the first error ends the others and is raised as it is."""
    tasks = [asyncio.create_task(job) for job in jobs]
    try:
        return await asyncio.gather(*tasks)
    except BaseException:
        await _end(*tasks)
        raise


async def both(
    one: Coroutine[object, object, T], other: Coroutine[object, object, U]
) -> tuple[T, U]:
    """Run two jobs side by side and return what each returned."""
    first, second = asyncio.create_task(one), asyncio.create_task(other)
    try:
        return await asyncio.gather(first, second)
    except BaseException:
        await _end(first, second)
        raise


async def _end(*tasks: asyncio.Task[Any]) -> None:
    """Cancel tasks and wait for them; Any as nobody looks at what they return."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
