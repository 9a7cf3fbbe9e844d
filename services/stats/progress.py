"""How far counting is behind, so that a number can say how fresh it is."""

import asyncio
import time
from typing import Final

from shared.bus import Bus
from shared.bus.link import CHANNEL_LOST
from shared.errors import NotFoundError

MEMORY: Final = 1.0
"""Seconds for which the queue's length is not asked again."""
PATIENCE: Final = 2.0
"""Seconds after which the broker counts as one that can't be asked."""


class Progress:
    """Counts what is in hand, and asks the broker what waits."""

    def __init__(self, bus: Bus, queue: str) -> None:
        self._bus = bus
        self._queue = queue
        self._in_hand = 0
        self._waiting = 0
        self._asked_at = -MEMORY

    def begin(self, number: int) -> None:
        """Note that so many events are in hand, until they have been counted."""
        self._in_hand = number

    def end(self) -> None:
        """Note that they have been counted."""
        self._in_hand = 0

    async def behind(self) -> int | None:
        """Return how many events wait at least; None while the broker can't be asked."""
        if not self._bus.connected:
            return None
        if time.monotonic() - self._asked_at >= MEMORY:
            try:
                async with asyncio.timeout(PATIENCE):
                    self._waiting, _ = await self._bus.queue_stats(self._queue)
            except (NotFoundError, *CHANNEL_LOST):
                return None
            self._asked_at = time.monotonic()
        return self._waiting + self._in_hand
