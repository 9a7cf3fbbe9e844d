"""Work in lanes: one key in order, different keys side by side."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class Lanes(Generic[T]):
    """Runs items of one key one after another, and at most `concurrency` keys at once.

    `work` must not raise.
    """

    def __init__(self, work: Callable[[T], Awaitable[None]], concurrency: int) -> None:
        self._work = work
        self._concurrency = concurrency
        self._lanes: dict[Hashable, deque[T]] = {}
        self._waiting: deque[Hashable] = deque()
        self._tasks: set[asyncio.Task[None]] = set()

    def put(self, key: Hashable, item: T) -> None:
        """Add an item behind the others of its key."""
        lane = self._lanes.get(key)
        if lane is not None:
            lane.append(item)
            return
        self._lanes[key] = deque((item,))
        self._waiting.append(key)
        self._start_waiting()

    def clear(self) -> None:
        """Forget what has not begun."""
        for lane in self._lanes.values():
            lane.clear()

    async def idle(self) -> None:
        """Wait until nothing runs."""
        while self._tasks:
            await asyncio.wait(tuple(self._tasks))

    def cancel(self) -> None:
        """Cancel what runs."""
        for task in self._tasks:
            task.cancel()

    def _start_waiting(self) -> None:
        while self._waiting and len(self._tasks) < self._concurrency:
            task = asyncio.create_task(self._run(self._waiting.popleft()))
            self._tasks.add(task)
            task.add_done_callback(self._after)

    async def _run(self, key: Hashable) -> None:
        """Work on a lane until it is empty, or other keys wait for their turn."""
        lane = self._lanes[key]
        while lane:
            await self._work(lane.popleft())
            if self._waiting and lane:
                self._waiting.append(key)
                return
        del self._lanes[key]

    def _after(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._start_waiting()
