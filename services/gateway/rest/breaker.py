"""Stops before Discord does: too many refused requests get an address banned for a while."""

import time
from collections import deque
from typing import Final

WINDOW: Final = 600.0
"""Seconds that Discord counts invalid requests over (reference, "Invalid Request Limit")."""

ALLOWED: Final = 8000
"""Discord bans the address at 10 000 in the window; the rest is for what else runs there."""


class Breaker:
    """Counts answers 401, 403 and 429 and says when to stop asking."""

    def __init__(self, allowed: int = ALLOWED) -> None:
        self._allowed = allowed
        self._seen: deque[float] = deque()
        self._token_refused = False

    def count(self, status: int, *, shared: bool = False) -> None:
        """Note an answer; 429s of scope `shared` are others' doing and don't count."""
        if status not in (401, 403, 429) or shared:
            return
        self._token_refused |= status == 401  # noqa: PLR2004 - the HTTP status is its own name
        self._seen.append(time.monotonic())

    def closed_for(self) -> float:
        """Return for how many seconds nothing may be asked; 0 when all is well."""
        now = time.monotonic()
        while self._seen and self._seen[0] < now - WINDOW:
            self._seen.popleft()
        if self._token_refused:
            return WINDOW
        if len(self._seen) < self._allowed:
            return 0.0
        return self._seen[0] + WINDOW - now

    @property
    def counted(self) -> int:
        """How many invalid requests the last ten minutes saw."""
        return len(self._seen)
