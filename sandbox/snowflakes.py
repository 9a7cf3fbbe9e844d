"""Snowflakes: ids made from the time, unique and always growing."""

from datetime import UTC, datetime, timedelta

from sandbox.clock import Clock

EPOCH_MS = 1_420_070_400_000  # the first second of 2015, as Discord defines it
SEQUENCE_BITS = 22


class Snowflakes:
    """Make ids from a clock; more than fit into one millisecond borrow from the next."""

    def __init__(self, clock: Clock, last: int = 0) -> None:
        self._clock = clock
        self.last = last

    def next(self) -> int:
        """Return an id greater than all before it."""
        earliest = at_time(self._clock.now())
        self.last = earliest if earliest > self.last else self.last + 1
        return self.last


def at_time(moment: datetime) -> int:
    """Return the smallest snowflake of a moment."""
    return (int(moment.timestamp() * 1000) - EPOCH_MS) << SEQUENCE_BITS


def created_at(snowflake: int) -> datetime:
    """Return the moment that a snowflake was made."""
    milliseconds = (snowflake >> SEQUENCE_BITS) + EPOCH_MS
    return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=milliseconds)
