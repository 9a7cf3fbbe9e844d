"""Charts as their panel has them: columns to draw, a summary in words, the numbers as a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from services.web.answers import DailyMembers, DayCount, HourCount
from services.web.rendering import thousands

HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True)
class Range:
    """How far back somebody looks."""

    key: str
    label: str
    words: str
    hours: int

    @property
    def length(self) -> timedelta:
        """As a length of time."""
        return timedelta(hours=self.hours)


RANGES: Final = (
    Range("24h", "24 hours", "24 hours", 24),
    Range("7d", "7 days", "7 days", 7 * 24),
    Range("30d", "30 days", "30 days", 30 * 24),
)
BY_KEY: Final = {each.key: each for each in RANGES}
ORDINARY: Final = BY_KEY["7d"]
SHORTEST: Final = RANGES[0]


@dataclass(frozen=True)
class Entry:
    """One entry of a legend; `look` is a name of the stylesheet."""

    label: str
    look: str


@dataclass(frozen=True)
class TableRow:
    """One row of the table beside a chart."""

    at: datetime | date
    numbers: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Chart:
    """Everything about a chart that the browser is given."""

    kind: str
    summary: str
    legend: tuple[Entry, ...]
    columns: tuple[Sequence[int], ...]
    step: str
    caption: str = ""
    heads: tuple[str, ...] = ()
    rows: tuple[TableRow, ...] = ()
    time_style: str = "hour"
    low: bool = False

    @property
    def data(self) -> dict[str, object]:
        """What the script draws; times in Unix seconds."""
        labels = [entry.label for entry in self.legend]
        return {"columns": self.columns, "labels": labels, "step": self.step}


def worth_showing(hours: Sequence[HourCount], span: Range) -> Range:
    """Return a day instead where nothing is older, as of a week it would be the last line."""
    older = hours[: -SHORTEST.hours]
    return span if any(each.count for each in older) else SHORTEST


def messages_chart(
    hours: Sequence[HourCount], span: Range, zone: ZoneInfo, *, brief: bool
) -> Chart:
    """Draw messages by hour over those of as long a time before; `hours` has both."""
    before, now = hours[-2 * span.hours : -span.hours], hours[-span.hours :]
    by_hour = span.hours <= 24  # noqa: PLR2004 - a day by the hour, more by the day
    rows = _by_hour(now) if by_hour else _by_day(now, zone)
    compared = span.length <= ORDINARY.length
    legend = (Entry("Messages", ""), Entry(f"The {span.words} before", "before"))
    columns = (
        [_seconds(each.hour) for each in now],
        [each.count for each in now],
        [each.count for each in before],
    )
    return Chart(
        kind="bars" if by_hour else "hours",
        summary=_messages_in_words(now, before, span),
        legend=legend if compared else legend[:1],
        columns=columns if compared else columns[:2],
        step="hour",
        caption=f"Messages by {'hour' if by_hour else 'day'}, the last {span.words}",
        heads=("Hour" if by_hour else "Day", "Messages"),
        rows=() if brief else rows,
        time_style="hour" if by_hour else "day",
        low=brief,
    )


def members_chart(found: DailyMembers, span: Range) -> Chart:
    """Draw joins upwards and leaves downwards, by day."""
    rows = tuple(TableRow(day.day, (day.joins, day.leaves, day.net)) for day in found.days)
    return Chart(
        kind="members",
        summary=_members_in_words(found, span),
        legend=(Entry("Joins", "good"), Entry("Leaves", "bad")),
        columns=(
            [_noon(day) for day in found.days],
            [day.joins for day in found.days],
            [-day.leaves for day in found.days],
        ),
        step="day",
        caption=f"Joins and leaves by day, the last {span.words}",
        heads=("Day", "Joins", "Leaves", "Net"),
        rows=rows,
        time_style="day",
        low=True,
    )


def _by_hour(hours: Sequence[HourCount]) -> tuple[TableRow, ...]:
    return tuple(TableRow(each.hour, (each.count,)) for each in hours)


def _by_day(hours: Sequence[HourCount], zone: ZoneInfo) -> tuple[TableRow, ...]:
    days: dict[date, int] = {}
    for each in hours:
        day = each.hour.astimezone(zone).date()
        days[day] = days.get(day, 0) + each.count
    return tuple(TableRow(day, (count,)) for day, count in days.items())


def _messages_in_words(now: Sequence[HourCount], before: Sequence[HourCount], span: Range) -> str:
    total, earlier = sum(each.count for each in now), sum(each.count for each in before)
    if total == 0:
        return f"No messages in the last {span.words}."
    compared = "" if earlier == 0 else f", {_compared(total, earlier)} the {span.words} before"
    return f"{_counted(total, 'message')} in the last {span.words}{compared}."


def _members_in_words(found: DailyMembers, span: Range) -> str:
    net = f"{found.net:+}".replace("-", "\N{MINUS SIGN}") if found.net else "no change"
    return (
        f"{_counted(found.joins, 'join')} and {_counted(found.leaves, 'leave')}"
        f" in the last {span.words}: {net} in all."
    )


def _compared(now: int, before: int) -> str:
    if now == before:
        return "as many as in"
    share = round(100 * abs(now - before) / before)
    return f"{share} % {'more' if now > before else 'fewer'} than in"


def _counted(number: int, noun: str) -> str:
    return f"{thousands(number)} {noun}{'' if number == 1 else 's'}"


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def _noon(day: DayCount) -> int:
    return _seconds(datetime(day.day.year, day.day.month, day.day.day, 12, tzinfo=UTC))
