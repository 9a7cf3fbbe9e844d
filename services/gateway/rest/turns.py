"""Turns: one at a time per key, first come first served."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary


class Turns:
    """Whoever comes first has the turn of a key until done; a key nobody wants is forgotten."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def take(self, key: str, deadline: float) -> AsyncGenerator[None]:
        """Have the turn. Raises TimeoutError when it does not come by the deadline."""
        lock = self._locks.get(key)
        if lock is None:
            self._locks[key] = lock = asyncio.Lock()
        async with asyncio.timeout(deadline - time.monotonic()):
            await lock.acquire()
        try:
            yield
        finally:
            lock.release()

    def __len__(self) -> int:
        return len(self._locks)
