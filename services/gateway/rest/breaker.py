"""Stops before Discord does: too many refused requests get an address banned for a while."""

import time
from collections import deque
from typing import Final

WINDOW: Final = 600.0
"""Seconds that Discord counts invalid requests over (reference, "Invalid Request Limit")."""

ALLOWED: Final = 8000
"""Discord bans the address at 10 000 in the window; the rest is for what else runs there."""


TOKEN_PAUSE: Final = 10.0
"""Seconds without another request after Discord has refused the bot's token."""

UNAUTHORIZED, FORBIDDEN, TOO_MANY = 401, 403, 429
REFUSALS: Final = (UNAUTHORIZED, FORBIDDEN, TOO_MANY)


class Breaker:
    """Counts answers 401, 403 and 429 and says when to stop asking."""

    def __init__(self, allowed: int = ALLOWED) -> None:
        self._allowed = allowed
        self._seen: deque[float] = deque()
        self._refused_until = 0.0

    def count(self, status: int, *, shared: bool = False, by_token: bool = True) -> None:
        """Note an answer; 429s of scope `shared` are others' doing and don't count.

        `by_token` tells whether the request carried the bot's token.
        """
        if status not in REFUSALS or shared:
            return
        now = time.monotonic()
        self._seen.append(now)
        if status == UNAUTHORIZED and by_token:
            self._refused_until = now + TOKEN_PAUSE

    @property
    def token_is_refused(self) -> bool:
        """Whether Discord has just refused the bot's token."""
        return time.monotonic() < self._refused_until

    def closed_for(self) -> float:
        """Return for how many seconds nothing may be asked; 0 when all is well."""
        if self.counted < self._allowed:
            return 0.0
        return self._seen[0] + WINDOW - time.monotonic()

    @property
    def counted(self) -> int:
        """How many invalid requests the last ten minutes saw."""
        since = time.monotonic() - WINDOW
        while self._seen and self._seen[0] < since:
            self._seen.popleft()
        return len(self._seen)
