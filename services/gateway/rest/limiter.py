"""The limit of 50 requests a second over all routes, with the urgent before the patient."""

import asyncio
import time
from typing import Final, Literal

from services.gateway.rest.lanes import TooLateError

Priority = Literal["interactive", "moderation", "bulk"]

PER_SECOND: Final = 48
"""Discord allows 50; the rest is for clocks that differ."""

RESERVED: Final[dict[Priority, int]] = {"interactive": 0, "moderation": 8, "bulk": 24}
"""How many requests of a second each class must leave to the more urgent ones."""


class Limiter:
    """A bucket of tokens that fills by 48 a second; the patient leave a reserve to the urgent."""

    def __init__(self, per_second: int = PER_SECOND) -> None:
        self._rate = per_second
        self._tokens = float(per_second)
        self._filled_at = time.monotonic()
        self._paused_until = 0.0
        self.waiting = 0
        """How many requests wait here."""

    async def enter(self, priority: Priority, deadline: float) -> None:
        """Wait until a request may be sent. Raises TooLateError when the deadline comes first."""
        while wait := self._wait(RESERVED[priority]):
            if time.monotonic() + wait > deadline:
                raise TooLateError(wait)
            self.waiting += 1
            try:
                await asyncio.sleep(wait)
            finally:
                self.waiting -= 1
        self._tokens -= 1

    def pause(self, seconds: float) -> None:
        """Send nothing for a while: Discord said that the global limit is used up."""
        self._paused_until = max(self._paused_until, time.monotonic() + seconds)

    def _wait(self, reserve: int) -> float:
        """Return how long to wait at least; 0 when a token can be taken now."""
        now = time.monotonic()
        self._tokens = min(float(self._rate), self._tokens + (now - self._filled_at) * self._rate)
        self._filled_at = now
        if self._paused_until > now:
            return self._paused_until - now
        missing = reserve * self._rate / PER_SECOND + 1 - self._tokens
        return max(0.001, missing / self._rate) if missing > 0 else 0.0
