"""Contracts to JSON and back, the same way everywhere."""

from typing import TypeVar

import msgspec

T = TypeVar("T")

_encoder = msgspec.json.Encoder(decimal_format="number")


def encode(body: object) -> bytes:
    """Encode a contract as JSON."""
    return _encoder.encode(body)


def decode(body: bytes | msgspec.Raw, type_: type[T]) -> T:
    """Decode JSON as a contract; ids may be numbers (ours) or strings (Discord's).

    Raises msgspec.ValidationError or msgspec.DecodeError when the body is not of that shape.
    """
    return msgspec.json.decode(body, type=type_, strict=False)
