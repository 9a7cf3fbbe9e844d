"""Discord's answers as results: done, refused, gone or worth a retry; errors in plain words."""

from collections.abc import Iterator
from typing import Any, Final, cast

import msgspec

from services.gateway.rest.client import Answer
from shared.contracts.actions import ActionResult

GONE: Final[dict[int, str]] = {
    10003: "That channel no longer exists.",
    10004: "The bot is not in that server.",
    10006: "That invite no longer exists.",
    10007: "They are not in the server.",
    10008: "That message no longer exists.",
    10009: "Nothing is allowed or denied to them in that channel.",
    10011: "That role no longer exists.",
    10013: "There is no such user.",
    10014: "There is no such emoji.",
    10015: "The time to answer has passed.",
    10026: "They are not banned.",
    10062: "The time to answer has passed.",
    50027: "The time to answer has passed.",
}
"""Codes that mean that what the action was about is not there."""

EXPIRED: Final = frozenset({10015, 10062, 50027})
"""Codes that mean that the time to answer somebody has passed."""

REFUSED: Final[dict[int, str]] = {
    20028: "Discord limits how often this can be done in this channel. Try again in a while.",
    30001: "The limit of servers has been reached.",
    30003: "The channel has as many pinned messages as Discord allows.",
    30010: "The message has the most reactions that it can have.",
    30013: "The server has the most channels that it can have.",
    30016: "The server has as many invites as Discord allows.",
    30035: "The server has as many bans as Discord allows.",
    40001: "Discord did not accept the bot's authorization.",
    40007: "They are banned from this server.",
    40032: "They are not in a voice channel.",
    40060: "This has been answered already.",
    50001: "The bot has no access there. Give it the permission to see that channel.",
    50005: "The bot can only change its own messages.",
    50007: "They don't take direct messages from the bot.",
    50008: "Messages can't be sent in that kind of channel.",
    50013: "The bot lacks a permission for this, or their highest role is not below the bot's.",
    50019: "A message can only be pinned in its own channel.",
    50021: "That can't be done to a message of Discord's own.",
    50024: "That can't be done in this kind of channel.",
    50033: "Discord did not accept the recipient.",
    50034: "Messages older than 14 days can't be deleted together.",
    50035: "Discord did not accept the values: {details}",
    50083: "That thread is archived.",
    50109: "Discord did not accept the request.",
    60003: "Discord asks the bot's owner for two-factor authentication to do this.",
    90001: "They have blocked the bot.",
    160002: "A message that can't be read can't be answered.",
    200000: "The server's AutoMod has blocked the message.",
    240000: "Discord has blocked a link in the message.",
    500000: "None of them could be banned.",
}
"""Codes that mean that it will not work like this."""

NOT_FOUND, UNAUTHORIZED, TOO_MANY, SERVER_ERROR = 404, 401, 429, 500
LATE: Final = "It came too late to be done."
NO_ANSWER: Final = "Discord does not answer at the moment."
MAYBE_DONE: Final = "Discord did not answer: it may or may not have been done."
NOT_AGAIN: Final = MAYBE_DONE + " It is not done again, as that could do it twice."
LIMITED: Final = "Discord limits how often this can be done. Try again in {seconds:.0f} s."


def result_of(answer: Answer, *, safe: bool = True, missing: int = 0) -> ActionResult:
    """Return what an answer means; `safe` and `missing` as a Call has them."""
    if answer.ok:
        data = msgspec.Raw(answer.body) if answer.body else msgspec.Raw(b"null")
        return ActionResult(status="done", http_status=answer.status, data=data)
    if answer.status in (0, TOO_MANY) or answer.status >= SERVER_ERROR:
        if answer.unsure and not safe:
            return ActionResult(status="refused", http_status=answer.status, message=NOT_AGAIN)
        return _later(answer)
    code = answer.error.code
    if answer.unsure and code == missing != 0:
        return ActionResult(status="done", http_status=answer.status)
    if code in GONE or answer.status == NOT_FOUND:
        words = GONE.get(code) or answer.error.message or "It is not there."
        return ActionResult(status="gone", code=code, http_status=answer.status, message=words)
    return ActionResult(
        status="refused", code=code, http_status=answer.status, message=_refusal(answer)
    )


def gone(code: int) -> ActionResult:
    """Return that something is not there, by Discord's code."""
    return ActionResult(status="gone", code=code, http_status=NOT_FOUND, message=GONE[code])


def refused(words: str) -> ActionResult:
    """Return that the gateway itself will not do it."""
    return ActionResult(status="refused", message=words)


def late() -> ActionResult:
    """Return that the deadline passed before it was begun."""
    return ActionResult(status="retry", message=LATE)


def _later(answer: Answer) -> ActionResult:
    if answer.status == TOO_MANY:
        words = LIMITED.format(seconds=answer.retry_after + 0.5)
    elif answer.unsure:
        words = MAYBE_DONE
    else:
        words = NO_ANSWER
    return ActionResult(
        status="retry",
        code=answer.error.code,
        http_status=answer.status,
        message=words,
        retry_after=answer.retry_after or 1.0,
    )


def _refusal(answer: Answer) -> str:
    error = answer.error
    known = REFUSED.get(error.code)
    if known is not None:
        return known.format(details="; ".join(details(error.errors)) or error.message)
    if answer.status == UNAUTHORIZED:
        return "Discord refuses the bot's token."
    said = error.message or f"HTTP status {answer.status}"
    return f"Discord refuses this: {said}"


def details(errors: dict[str, Any], path: str = "") -> Iterator[str]:
    """Yield `field: what is wrong` for each error that Discord nests by field.

    Any: Discord's shape is as deep as the request was.
    """
    for entry in cast("list[dict[str, str]]", errors.get("_errors", ())):
        yield f"{path}: {entry.get('message', '')}" if path else entry.get("message", "")
    for name, inside in errors.items():
        if isinstance(inside, dict):
            deeper = f"{path}.{name}" if path else name
            yield from details(cast("dict[str, Any]", inside), deeper)
