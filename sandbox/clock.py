"""The sandbox's clock: the machine's time, and as far ahead of it as somebody moved it."""

from datetime import UTC, datetime, timedelta


class Clock:
    """Tell the time; `advance` lets time pass without waiting for it."""

    def __init__(self, offset: timedelta = timedelta()) -> None:
        self.offset = offset

    def now(self) -> datetime:
        """Return the present moment in UTC."""
        return datetime.now(UTC) + self.offset

    def time(self) -> float:
        """Return the present moment in seconds since 1970."""
        return self.now().timestamp()

    def advance(self, by: timedelta) -> None:
        """Move the clock forward."""
        self.offset += by
