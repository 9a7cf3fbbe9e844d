"""The kinds of problems that an API answers with, each with what to do about it."""

from collections.abc import Mapping
from typing import Final

PROBLEMS: Final[Mapping[str, str]] = {
    "refused": "It was understood, and can't be done: the detail says why, often what to do first.",
    "invalid": (
        "The request is not as the description says. Each of `errors` names a place and what "
        "is wrong there. 400 for path, query, headers and broken JSON, 422 for a body's fields."
    ),
    "bad_cursor": "The cursor is none that was given out. Take it from `next`, or leave it out.",
    "unauthorized": "Send a valid key or token: `Authorization: Bearer ...`.",
    "forbidden": "Who asks may not do this: by the key's scopes, the server, or their level in it.",
    "hierarchy": (
        "The moderator, or the bot, may not act on this member: roles and levels decide. For a key "
        "those of who made it count."
    ),
    "not_found": "There is no such thing, or not for who asks.",
    "method_not_allowed": "The path does not take this method; `Allow` says which it takes.",
    "conflict": "It is no longer, or not yet, as this needs. Read it again.",
    "stale": "It has changed since the version of `If-Match`. Read it again, then decide.",
    "too_large": "The body is larger than is taken here.",
    "unavailable": (
        "Something that this needs is away for a moment. Try again after `Retry-After` seconds; "
        "with the same `Idempotency-Key` nothing happens twice."
    ),
    "bug": "Something went wrong here. Tell the operators the `case`.",
}
"""What every service may answer, by code."""


def address(code: str) -> str:
    """Return the `type` of a kind of problem: where the service's own page explains it."""
    return f"/docs#problem-{code}"
