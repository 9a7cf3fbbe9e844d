"""Cursors for pages: where the last page ended, opaque to the client."""

import base64
import binascii
from typing import TypeVar

import msgspec

from shared.errors import UserError

T = TypeVar("T")


def encode_cursor(position: object) -> str:
    """Make a cursor of what the next page begins after."""
    return base64.urlsafe_b64encode(msgspec.json.encode(position)).rstrip(b"=").decode()


def decode_cursor(cursor: str, type_: type[T]) -> T:
    """Read a cursor. Raises UserError when it is not one that we made."""
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        text = base64.b64decode(padded, altchars=b"-_", validate=True)
        return msgspec.json.decode(text, type=type_)
    except (binascii.Error, UnicodeEncodeError, msgspec.DecodeError):
        raise UserError(
            "This cursor is broken. Take it from `next` of the page before, or leave it out.",
            code="bad_cursor",
        ) from None
