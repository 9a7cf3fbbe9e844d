"""The bounded number of events on their way to the broker: full, nothing more is read."""

import asyncio

from services.gateway.metrics import Metrics


class Window:
    """Counts events that were read and not yet confirmed, over all shards of a process."""

    def __init__(self, limit: int, metrics: Metrics) -> None:
        self._limit = limit
        self._used = 0
        self._room = asyncio.Event()
        self._room.set()
        # asked for when somebody looks, as it changes with every event
        metrics.window.set_function(lambda: self._used)

    @property
    def used(self) -> int:
        """How many are on their way."""
        return self._used

    @property
    def limit(self) -> int:
        """How many may be on their way."""
        return self._limit

    def take(self) -> None:
        """Count one that was read."""
        self._used += 1
        if self.full:
            self._room.clear()

    def give_back(self) -> None:
        """Count one that was confirmed."""
        self._used -= 1
        if not self.full:
            self._room.set()

    @property
    def full(self) -> bool:
        """Whether nothing more may be read for now."""
        return self._used >= self._limit

    async def room(self) -> None:
        """Wait until one more may be read."""
        await self._room.wait()
