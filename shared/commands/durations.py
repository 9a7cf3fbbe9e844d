"""Lengths of time as people write them: `1w2d3h`, `90m`, `1y6mo`."""

import re
from datetime import timedelta
from typing import Final

UNITS: Final[dict[str, timedelta]] = {
    "y": timedelta(days=365),
    "mo": timedelta(days=30),
    "w": timedelta(weeks=1),
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "s": timedelta(seconds=1),
}
"""Longest first. A year has 365 days and a month 30, as nobody names the month they mean."""

LONGEST: Final = timedelta(days=365 * 100)

_WORDS: Final[dict[str, str]] = {
    "year": "y", "years": "y", "month": "mo", "months": "mo", "week": "w", "weeks": "w",
    "day": "d", "days": "d", "hour": "h", "hours": "h", "hr": "h", "hrs": "h",
    "minute": "m", "minutes": "m", "min": "m", "mins": "m",
    "second": "s", "seconds": "s", "sec": "s", "secs": "s",
}  # fmt: skip
_PART: Final = re.compile(r"(\d+)\s*([a-z]+)[\s,]*", re.ASCII)


def parse_duration(text: str) -> timedelta:
    """Read a length of time such as `1w2d3h`; units in any order, each once, at least a second.

    Raises ValueError, whose message says what is wrong with the text.
    """
    parts = _split(text.strip().lower())
    total = timedelta()
    for unit, count in parts.items():
        if count > LONGEST // UNITS[unit]:
            raise ValueError("is longer than 100 years")
        total += UNITS[unit] * count
    if total > LONGEST:
        raise ValueError("is longer than 100 years")
    if total < timedelta(seconds=1):
        raise ValueError("is no time at all")
    return total


def _split(text: str) -> dict[str, int]:
    parts: dict[str, int] = {}
    end = 0
    for match in _PART.finditer(text):
        unit = _WORDS.get(match[2], match[2])
        if match.start() != end or unit not in UNITS:
            break
        if unit in parts:
            raise ValueError(f"has `{unit}` twice")
        parts[unit] = int(match[1][:18])
        end = match.end()
    if not parts or end != len(text):
        raise ValueError("is not a length of time")
    return parts


def format_duration(length: timedelta) -> str:
    """Write a length of time so that `parse_duration` reads it, to the second: `1w2d3h`."""
    left = timedelta(seconds=int(length.total_seconds()))
    if left < timedelta(seconds=1):
        return "0s"
    written = ""
    for unit, size in UNITS.items():
        count, left = divmod(left, size)
        written += f"{count}{unit}" if count else ""
    return written
