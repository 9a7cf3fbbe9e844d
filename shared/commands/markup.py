"""Text as Discord shows it: timestamps in everybody's own time zone, names that format nothing."""

import re
from datetime import datetime
from typing import Final, Literal

TimestampStyle = Literal["t", "T", "d", "D", "f", "F", "R"]

_URL: Final = re.compile(r"(https?://[^\s<>]+)")
_MARKUP: Final = re.compile(r"([\\*_~`|\[\]<])")
_TURNS: Final = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Invisible signs that turn the direction of all that follows them on a line."""

_AT_LINE_START: Final = re.compile(r"(?m)^(\s*)([#>-])")


def timestamp(at: datetime, style: TimestampStyle = "f") -> str:
    """Write a time so that everybody reads it in their own zone; style `R` is "in 5 minutes"."""
    return f"<t:{int(at.timestamp())}:{style}>"


def escape(text: str) -> str:
    """Make somebody's text show as they wrote it: no formatting, no mentions; links stay links.

    What would turn the direction of our own words behind it is left out.
    """
    parts = _URL.split(_TURNS.sub("", text))
    parts[::2] = [_MARKUP.sub(r"\\\1", part) for part in parts[::2]]
    return _AT_LINE_START.sub(r"\1\\\2", "".join(parts))


def code(text: str, longest: int = 80) -> str:
    """Show text as code on one line, cut to a length; backticks in it become quotes."""
    flat = " ".join(text.replace("`", "'").split())
    cut = flat if len(flat) <= longest else flat[: longest - 1] + "…"
    return f"`{cut}`"
