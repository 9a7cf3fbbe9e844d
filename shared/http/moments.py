"""Moments as JSON and queries have them: RFC 3339 with a zone, and no numbers that mean seconds."""

import re
from typing import Annotated, Final, TypeAlias

from pydantic import AwareDatetime, BeforeValidator, Field

WRITTEN: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d", re.ASCII)


def _written(value: object) -> object:
    if isinstance(value, str) and WRITTEN.match(value):
        return value
    raise ValueError("a moment is written such as 2026-11-23T18:05:00Z")


MomentText: TypeAlias = Annotated[AwareDatetime, Field(strict=False), BeforeValidator(_written)]
"""A moment in what clients send, as text with a zone."""
