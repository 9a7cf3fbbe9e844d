"""Lengths of time, timestamps and other people's text, in and out."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.commands import Reply, code, escape, format_duration, parse_duration, timestamp
from shared.commands.durations import LONGEST, UNITS
from shared.commands.reply import to_message
from shared.contracts.actions import Embed, EmbedField


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("30m", timedelta(minutes=30)),
        ("1w2d3h", timedelta(days=9, hours=3)),
        ("1y2mo3w4d5h6m7s", timedelta(days=365 + 60 + 21 + 4, hours=5, minutes=6, seconds=7)),
        ("2H", timedelta(hours=2)),
        ("1 day, 2 hours", timedelta(days=1, hours=2)),
        ("3h1d", timedelta(days=1, hours=3)),
        ("90 minutes", timedelta(minutes=90)),
        ("100y", timedelta(days=36500)),
    ],
)
def test_a_length_of_time_is_read(text: str, length: timedelta) -> None:
    assert parse_duration(text) == length


@pytest.mark.parametrize(
    "text", ["", "7", "d", "7x", "1h1h", "-1h", "1.5h", "0s", "101y", "9" * 40 + "d", "1h x", "٣h"]
)
def test_what_is_no_length_of_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^(is|has) "):
        parse_duration(text)


@given(st.integers(min_value=1, max_value=int(LONGEST.total_seconds())))
def test_every_length_of_time_is_read_as_it_was_written(seconds: int) -> None:
    length = timedelta(seconds=seconds)

    assert parse_duration(format_duration(length)) == length


@given(st.dictionaries(st.sampled_from(list(UNITS)), st.integers(0, 99), min_size=1))
def test_units_add_up_in_any_order(parts: dict[str, int]) -> None:
    length = sum((UNITS[unit] * count for unit, count in parts.items()), timedelta())
    text = "".join(f"{count}{unit}" for unit, count in parts.items())

    if timedelta(seconds=1) <= length <= LONGEST:
        assert parse_duration(text) == length


def test_a_timestamp_is_shown_in_the_readers_own_zone() -> None:
    at = datetime(2026, 11, 23, 12, 0, 0, 900_000, tzinfo=UTC)

    assert timestamp(at) == "<t:1795435200:f>"
    assert timestamp(at, "R") == "<t:1795435200:R>"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("*bold* _and_ ~gone~", r"\*bold\* \_and\_ \~gone\~"),
        ("||spoiler|| `code`", r"\|\|spoiler\|\| \`code\`"),
        ("<@123> <#1>", r"\<@123> \<#1>"),
        ("[a](https://x.y/a_b)", r"\[a\](https://x.y/a_b)"),
        ("see https://x.y/a_b_c now_", r"see https://x.y/a_b_c now\_"),
        ("# title\n> quote\n- item", "\\# title\n\\> quote\n\\- item"),
        ("a - b > c", "a - b > c"),
        ("back\\slash", r"back\\slash"),
        ("\u202egnp.\u202c \u2066abc\u2069", "gnp. abc"),
    ],
)
def test_somebodys_text_is_shown_as_they_wrote_it(text: str, shown: str) -> None:
    assert escape(text) == shown


def test_code_is_one_line_without_backticks() -> None:
    assert code("a `b`\nc") == "`a 'b' c`"
    assert len(code("x" * 500)) == 82


def test_an_answer_is_cut_to_what_discord_takes() -> None:
    fields = tuple(EmbedField(name="n" * 300, value="") for _ in range(30))
    reply = Reply(embeds=(Embed(title="t" * 300, description="d" * 5000, fields=fields),))

    (embed,) = to_message(reply).embeds

    assert embed.title == "t" * 255 + "…"
    assert len(embed.description or "") == 4096
    assert len(embed.fields) == 25
    assert embed.fields[0] == EmbedField(name="n" * 255 + "…", value="—")


def test_an_answer_is_never_empty() -> None:
    assert to_message(Reply()).content == "Done."
