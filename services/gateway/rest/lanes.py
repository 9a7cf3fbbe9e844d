"""Discord's rate limit buckets: who waits for which, first come first served."""

import asyncio
import time
from collections import deque
from collections.abc import Mapping
from typing import Final

from services.gateway.rest.routes import Route

IDLE_LANES: Final = 2000
"""More lanes than this, and those that nobody waits in and whose limits have passed are dropped."""


class TooLateError(Exception):
    """The turn would come after the deadline; `after` is when it would come, in seconds."""

    def __init__(self, after: float) -> None:
        super().__init__(f"rate limited for another {after:.1f} s")
        self.after = after


class Lane:
    """One bucket: how many requests it still takes, and who is waiting.

    Until Discord has told its limit, one request runs at a time. All times are of the loop's
    monotonic clock, in seconds.
    """

    def __init__(self) -> None:
        self._known = False
        self._limit = 1
        self._remaining = 1
        self._reset_at = 0.0
        self._running = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    async def enter(self, deadline: float) -> None:
        """Wait for a turn. Raises TooLateError when it would come after the deadline."""
        if not self._waiting and self._free():
            self._take()
            return
        self._refuse_if_late(deadline)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        self._arm()
        try:
            async with asyncio.timeout(deadline - time.monotonic()):
                await turn
        except TimeoutError:
            self._give_up(turn)
            raise TooLateError(max(0.0, self._reset_at - time.monotonic())) from None
        except asyncio.CancelledError:
            self._give_up(turn)
            raise

    def leave(self, headers: Mapping[str, str]) -> None:
        """End a turn with what Discord said about the bucket."""
        self._running -= 1
        if "X-RateLimit-Limit" in headers:
            self._learn(
                int(headers["X-RateLimit-Limit"]),
                int(headers.get("X-RateLimit-Remaining", "1")),
                time.monotonic() + float(headers.get("X-RateLimit-Reset-After", "0")),
            )
        self._wake()

    def pause(self, seconds: float) -> None:
        """Let nobody through for a while (an answer 429)."""
        self._known = True
        self._remaining = 0
        self._reset_at = max(self._reset_at, time.monotonic() + seconds)
        self._arm()

    def closed_for(self) -> float:
        """Return for how many seconds its limit lets nobody through."""
        used_up = self._known and self._remaining == 0
        return max(0.0, self._reset_at - time.monotonic()) if used_up else 0.0

    @property
    def waiting(self) -> int:
        """How many requests wait for their turn."""
        return len(self._waiting)

    @property
    def idle(self) -> bool:
        """Whether forgetting it loses nothing."""
        return not (self._running or self._waiting) and self._reset_at < time.monotonic()

    def _learn(self, limit: int, remaining: int, reset_at: float) -> None:
        same_window = self._known and abs(reset_at - self._reset_at) < 1.0
        left = remaining if remaining == 0 else max(0, remaining - self._running)
        self._limit = max(1, limit)
        self._remaining = min(self._remaining, left) if same_window else left
        self._reset_at = max(reset_at, self._reset_at) if self._remaining == 0 else reset_at
        self._known = True

    def _free(self) -> bool:
        if not self._known:
            return self._running == 0
        if self._remaining == 0 and time.monotonic() >= self._reset_at:
            self._remaining = max(1, self._limit - self._running)
        return self._remaining > 0

    def _take(self) -> None:
        self._running += 1
        self._remaining = max(0, self._remaining - 1)

    def _wake(self) -> None:
        while self._waiting and self._free():
            turn = self._waiting.popleft()
            if not turn.done():
                self._take()
                turn.set_result(None)
        self._arm()

    def _arm(self) -> None:
        """Set the timer that wakes the next one when the window has passed."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._waiting and self._known and self._remaining == 0:
            wait = max(0.0, self._reset_at - time.monotonic())
            self._timer = asyncio.get_running_loop().call_later(wait + 0.001, self._wake)

    def _refuse_if_late(self, deadline: float) -> None:
        now = time.monotonic()
        if self._known and self._remaining == 0 and self._reset_at > deadline:
            raise TooLateError(self._reset_at - now)

    def _give_up(self, turn: asyncio.Future[None]) -> None:
        """Leave the queue, or give a turn back that came just as nobody wanted it any more."""
        if turn in self._waiting:
            self._waiting.remove(turn)
        elif turn.done() and not turn.cancelled():
            self.leave({})


class Lanes:
    """Finds the lane of a route; routes that Discord says share a bucket share a lane."""

    def __init__(self) -> None:
        self._hashes: dict[str, str] = {}
        self._lanes: dict[tuple[str, str], Lane] = {}

    def of(self, route: Route) -> Lane:
        """Return the lane that a request on this route waits in."""
        key = (self.bucket_of(route), route.major)
        lane = self._lanes.get(key)
        if lane is None:
            self._drop_idle()
            lane = self._lanes[key] = Lane()
        return lane

    def bucket_of(self, route: Route) -> str:
        """Return Discord's name for the limit of a route; the route's while it is not known."""
        return self._hashes.get(route.name, route.name)

    @property
    def waiting(self) -> int:
        """How many requests wait in all lanes."""
        return sum(lane.waiting for lane in set(self._lanes.values()))

    def learn(self, route: Route, lane: Lane, headers: Mapping[str, str]) -> None:
        """Note the bucket that an answer named."""
        bucket = headers.get("X-RateLimit-Bucket")
        if bucket is None or self._hashes.get(route.name) == bucket:
            return
        self._hashes[route.name] = bucket
        self._lanes.setdefault((bucket, route.major), lane)

    def __len__(self) -> int:
        return len(self._lanes)

    def _drop_idle(self) -> None:
        if len(self._lanes) >= IDLE_LANES:
            self._lanes = {key: lane for key, lane in self._lanes.items() if not lane.idle}
