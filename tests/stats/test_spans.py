"""Which part of a stretch of time is read where."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.stats.spans import Span, split

START = datetime(2026, 3, 1, tzinfo=UTC)
MOMENTS = st.integers(0, 24 * 12).map(lambda hour: START + timedelta(hours=hour))
DAYS = st.frozensets(st.integers(0, 13).map(lambda d: date(2026, 3, 1) + timedelta(days=d)))


def hours(spans: tuple[Span, ...]) -> list[datetime]:
    found: list[datetime] = []
    for span in spans:
        moment = span.start
        while moment < span.end:
            found.append(moment)
            moment += timedelta(hours=1)
    return found


@given(MOMENTS, st.integers(1, 24 * 12), DAYS, st.booleans())
def test_every_hour_is_read_exactly_once(
    start: datetime, length: int, summed: frozenset[date], whole_days: bool
) -> None:
    span = Span(start, start + timedelta(hours=length))
    parts = split(span, summed, whole_days=whole_days)
    assert sorted(hours(parts.summed) + hours(parts.events)) == hours((span,))
    assert {hour.date() for hour in hours(parts.summed)} <= summed


@given(MOMENTS, st.integers(1, 24 * 12), DAYS)
def test_days_by_user_are_read_whole_or_not_at_all(
    start: datetime, length: int, summed: frozenset[date]
) -> None:
    parts = split(Span(start, start + timedelta(hours=length)), summed, whole_days=True)
    for part in parts.summed:
        assert part.start.hour == part.end.hour == 0


def test_neighbouring_days_are_read_together() -> None:
    days = frozenset({date(2026, 3, 1), date(2026, 3, 2)})
    span = Span(datetime(2026, 3, 1, 6, tzinfo=UTC), datetime(2026, 3, 4, tzinfo=UTC))
    parts = split(span, days)
    midnight = datetime(2026, 3, 3, tzinfo=UTC)
    assert parts.summed == (Span(span.start, midnight),)
    assert parts.events == (Span(midnight, span.end),)
