"""What has been used of the rate limits."""

from msgspec import Struct

_PRUNE_ABOVE = 20_000


class Window(Struct):
    """The calls since a moment; a window begins with its first call."""

    ends_at: float
    used: int = 0


class Buckets:
    """What has been used of the limits."""

    def __init__(self) -> None:
        self._windows: dict[tuple[str, ...], Window] = {}

    def take(self, key: tuple[str, ...], calls: int, seconds: float, now: float) -> Window | None:
        """Count a call and return its window, or nothing when the window is used up."""
        window = self.window(key, seconds, now)
        if window.used >= calls:
            return None
        window.used += 1
        return window

    def window(self, key: tuple[str, ...], seconds: float, now: float) -> Window:
        """Return the present window of a bucket."""
        window = self._windows.get(key)
        if window is None or window.ends_at <= now:
            if len(self._windows) > _PRUNE_ABOVE:
                self._prune(now)
            window = self._windows[key] = Window(now + seconds)
        return window

    def _prune(self, now: float) -> None:
        ended = [key for key, window in self._windows.items() if window.ends_at <= now]
        for key in ended:
            del self._windows[key]
