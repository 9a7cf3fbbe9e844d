"""Ids in JSON that browsers and scripts see: strings there, as JavaScript rounds such numbers."""

from typing import Annotated, Final, TypeAlias

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

LARGEST: Final = 2**63 - 1


def _parse(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        number = value
    elif isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 20:  # noqa: PLR2004 - digits of 2**63
        number = int(value)
    else:
        raise ValueError("an id is a whole number, as a string")
    if not 0 <= number <= LARGEST:
        raise ValueError("an id is between 0 and 2^63 - 1")
    return number


SnowflakeText: TypeAlias = Annotated[
    int,
    BeforeValidator(_parse),
    PlainSerializer(str, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": "^[0-9]{1,19}$", "example": "81384788765712384"}),
]
"""A snowflake: an int in Python, a string of digits in JSON."""


def _text(value: object) -> object:
    if isinstance(value, str):
        return value
    raise ValueError("an id is sent as a string")


SnowflakeGiven: TypeAlias = Annotated[SnowflakeText, BeforeValidator(_text)]
"""A snowflake in what clients send: numbers are refused, as they may be rounded already."""
