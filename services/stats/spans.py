"""Which part of a stretch of time is read from the sums of finished days, and which from events."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

DAY: Final = timedelta(days=1)
HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time, from a moment up to and without another."""

    start: datetime
    end: datetime

    @property
    def days(self) -> Iterator[date]:
        """The days in UTC that it touches."""
        day = self.start.astimezone(UTC).date()
        while midnight(day) < self.end:
            yield day
            day += DAY

    def cut(self, day: date) -> "Span":
        """Return the part of it that is in a day."""
        return Span(max(self.start, midnight(day)), min(self.end, midnight(day + DAY)))

    def before(self) -> "Span":
        """Return the stretch of the same length that ends where this one begins."""
        return Span(self.start - (self.end - self.start), self.start)


@dataclass(frozen=True, slots=True)
class Split:
    """Where each part of a span is read."""

    summed: tuple[Span, ...]
    events: tuple[Span, ...]


def midnight(day: date) -> datetime:
    """Return when a day begins in UTC."""
    return datetime.combine(day, time(), UTC)


def split(span: Span, summed: Collection[date], *, whole_days: bool = False) -> Split:
    """Divide a span into what the sums of those days know and what only the events do.

    With `whole_days` a day of which the span has but a part is left to the events.
    """
    parts: dict[bool, list[Span]] = {True: [], False: []}
    for day in span.days:
        cut = span.cut(day)
        whole = cut.end - cut.start == DAY
        _append(parts[day in summed and (whole or not whole_days)], cut)
    return Split(tuple(parts[True]), tuple(parts[False]))


def _append(spans: list[Span], span: Span) -> None:
    """Add a span, as one with the last if it goes on where that ends."""
    if spans and spans[-1].end == span.start:
        spans[-1] = Span(spans[-1].start, span.end)
    else:
        spans.append(span)
