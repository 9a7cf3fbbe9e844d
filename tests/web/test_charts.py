"""What charts are made of: columns of one length, and a sentence that says the same."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.web.answers import DailyMembers, DayCount, HourCount
from services.web.charts import BY_KEY, RANGES, Range, members_chart, messages_chart, worth_showing

START = datetime(2026, 11, 1, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


def hours(count: int, *, each: int = 1) -> list[HourCount]:
    return [HourCount(START + timedelta(hours=number), each) for number in range(count)]


@pytest.mark.parametrize("span", RANGES, ids=lambda span: span.key)
@pytest.mark.parametrize("more", [0, 1])
def test_columns_are_as_long_as_the_range(span: Range, more: int) -> None:
    chart = messages_chart(hours(2 * span.hours + more), span, BERLIN, brief=False)
    assert {len(column) for column in chart.columns} == {span.hours}
    assert len(chart.legend) == len(chart.columns) - 1


def test_a_new_server_is_shown_by_its_first_day() -> None:
    week = BY_KEY["7d"]
    quiet = hours(13 * 24, each=0)
    assert worth_showing([*quiet, *hours(24)], week) == BY_KEY["24h"]
    assert worth_showing([*quiet, *hours(25)], week) == week


def test_days_in_the_table_are_those_of_the_server() -> None:
    chart = messages_chart(hours(2 * 7 * 24), BY_KEY["7d"], BERLIN, brief=False)
    first, *whole, last = chart.rows
    assert (first.at, first.numbers) == (date(2026, 11, 8), (23,))
    assert {row.numbers for row in whole} == {(24,)}
    assert (last.at, last.numbers) == (date(2026, 11, 15), (1,))


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        (0, 0, "No messages in the last 24 hours."),
        (0, 2, "48 messages in the last 24 hours."),
        (2, 1, "24 messages in the last 24 hours, 50 % fewer than in the 24 hours before."),
        (1, 1, "24 messages in the last 24 hours, as many as in the 24 hours before."),
        (1, 3, "72 messages in the last 24 hours, 200 % more than in the 24 hours before."),
    ],
)
def test_a_chart_says_in_words_what_it_shows(before: int, now: int, told: str) -> None:
    both = [*hours(24, each=before), *hours(24, each=now)]
    assert messages_chart(both, BY_KEY["24h"], BERLIN, brief=False).summary == told


def test_leaves_are_drawn_downwards_and_told_upwards() -> None:
    day = DayCount(date(2026, 11, 1), joins=1, leaves=3, net=-2)
    chart = members_chart(DailyMembers((day,), joins=1, leaves=3, net=-2), BY_KEY["7d"])
    assert chart.columns[1:] == ([1], [-3])
    assert chart.rows[0].numbers == (1, 3, -2)
    assert chart.summary.startswith("1 join and 3 leaves in the last 7 days")
