"""The kinds of options: for each, Discord's type of it, and how a word becomes its value."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Annotated, Final, LiteralString

from shared.commands.durations import parse_duration
from shared.commands.markup import code
from shared.contracts.discord import Attachment
from shared.contracts.ids import ChannelId, MessageId, RoleId, Snowflake, UserId
from shared.contracts.invocations import Choice, OptionType


class Mismatch(Exception):  # noqa: N818 - not an error yet: the word may belong to the next option
    """A word is not of a kind; `meant` when it was surely meant to be, and is just wrong."""

    def __init__(self, problem: str, *, meant: bool = False) -> None:
        super().__init__(problem)
        self.meant = meant


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of option; `read` turns a word, or Discord's value as text, into the value.

    `rest` takes all that follows, `many` every next word that is of it: `read` is then given them
    all, with blanks between. `expected` completes the sentence "expected ...".
    """

    name: str
    type: OptionType
    expected: str
    read: Callable[[str], object]
    rest: bool = False
    many: bool = False
    choices: tuple[Choice, ...] = ()
    min_value: float | None = None
    max_value: float | None = None
    max_length: int | None = None


# --- what stands beside a type in `Annotated` ---------------------------------------------------


@dataclass(frozen=True, slots=True)
class Describe:
    """The description of an option, 100 characters at most."""

    text: str


@dataclass(frozen=True, slots=True)
class Range:
    """The smallest and the largest value of a number, both allowed."""

    least: float | None = None
    most: float | None = None


@dataclass(frozen=True, slots=True)
class Length:
    """The most characters that a text may have."""

    most: int


# --- reading words ------------------------------------------------------------------------------

_ID: Final = re.compile(r"(\d{15,20})", re.ASCII)
_LARGEST_ID: Final = 2**63 - 1
_LINK: Final = re.compile(r"https?://\S+/channels/\S+/(\d{15,20})/?", re.ASCII)
_DIGITS: Final = re.compile(r"[+-]?\d+", re.ASCII)
_DECIMAL: Final = re.compile(r"[+-]?\d+(\.\d+)?", re.ASCII)
_LIKE_A_DURATION: Final = re.compile(r"(\d+[a-z]*)+", re.ASCII | re.IGNORECASE)
_LIKE_A_DATE: Final = re.compile(r"\d{4}-\d", re.ASCII)
_LARGEST: Final = 2**53
"""Discord's INTEGER and NUMBER go no further than this, either way."""

_PERMANENT: Final = ("permanent", "forever", "never")
_BOOLEANS: Final[Mapping[str, bool]] = {
    **dict.fromkeys(("true", "yes", "on", "1"), True),
    **dict.fromkeys(("false", "no", "off", "0"), False),
}


def _reads_id(mention: LiteralString, expected: str) -> Callable[[str], int]:
    """Read an id, bare or in a mention such as `<@...>`."""
    pattern = re.compile(mention, re.ASCII)

    def read(word: str) -> int:
        match = pattern.fullmatch(word) or _ID.fullmatch(word)
        if match is None or int(match[1]) > _LARGEST_ID:
            raise Mismatch(f"{code(word)} is not {expected}.", meant=word.startswith("<"))
        return int(match[1])

    return read


def _read_message(word: str) -> int:
    match = _LINK.fullmatch(word)
    return _reads_id(r"<(\d{1,20})>", _MESSAGE_WORDS)(match[1] if match else word)


def _read_duration(word: str) -> timedelta:
    if word.lower() in _PERMANENT:
        raise Mismatch("This can't be permanent: expected a length of time.", meant=True)
    try:
        return parse_duration(word)
    except ValueError as error:
        meant = _LIKE_A_DURATION.fullmatch(word) is not None
        message = f"{code(word)} {error}: expected one such as `30m`, `7d` or `1w2d3h`."
        raise Mismatch(message, meant=meant) from None


def _read_duration_or_permanent(word: str) -> timedelta | None:
    return None if word.lower() in _PERMANENT else _read_duration(word)


def _read_int(word: str) -> int:
    if not _DIGITS.fullmatch(word) or abs(int(word[:20])) > _LARGEST:
        raise Mismatch(f"{code(word)} is not a whole number.")
    return int(word)


def _read_float(word: str) -> float:
    if not _DECIMAL.fullmatch(word) or abs(float(word)) > _LARGEST:
        raise Mismatch(f"{code(word)} is not a number.")
    return float(word)


def _read_bool(word: str) -> bool:
    if word.lower() not in _BOOLEANS:
        raise Mismatch(f"{code(word)} is neither yes nor no.")
    return _BOOLEANS[word.lower()]


def _read_moment(word: str) -> datetime:
    """Read a date, a time of UTC, or how long ago."""
    try:
        return datetime.now(UTC) - parse_duration(word.lower().removesuffix(" ago"))
    except ValueError:
        pass
    except OverflowError:  # longer ago than there is a calendar
        raise Mismatch(f"{code(word)} is too long ago.", meant=True) from None
    try:
        found = datetime.fromisoformat(word.upper())
    except ValueError:
        problem = f"{code(word)} is not a time: expected {_MOMENT_WORDS}."
        raise Mismatch(problem, meant=_LIKE_A_DATE.match(word) is not None) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _read_users(words: str) -> tuple[int, ...]:
    """Read several members, each once, in the order in which they were named."""
    each = words.replace("><", "> <").replace(",", " ").split()
    if not each:
        raise Mismatch(f"Nobody is named: expected {_USERS_WORDS}.", meant=True)
    return tuple(dict.fromkeys(int(str(USER.read(word))) for word in each))


_MOMENT_WORDS: Final = "a date such as `2026-11-01`, or how long ago, such as `7d`"
_USERS_WORDS: Final = "one or more members: mention them, or give their ids"
_USER_WORDS: Final = "a member: mention them, or give their id"
_ROLE_WORDS: Final = "a role: mention it, or give its id"
_CHANNEL_WORDS: Final = "a channel: mention it, or give its id"
_MESSAGE_WORDS: Final = "a message: give its link or id"

WORD: Final = Kind(name="word", type=OptionType.STRING, expected="a word", read=str)
TEXT: Final = Kind(name="text", type=OptionType.STRING, expected="some text", read=str, rest=True)
DURATION: Final = Kind(
    name="duration",
    type=OptionType.STRING,
    expected="a length of time such as `30m`, `7d` or `1w2d3h`",
    read=_read_duration,
)
DURATION_OR_PERMANENT: Final = replace(
    DURATION,
    expected="a length of time such as `30m`, `7d` or `1w2d3h`, or `permanent`",
    read=_read_duration_or_permanent,
)
USER: Final = Kind(
    name="user",
    type=OptionType.USER,
    expected=_USER_WORDS,
    read=_reads_id(r"<@!?(\d{1,20})>", _USER_WORDS),
)
USERS: Final = Kind(
    name="users",
    type=OptionType.STRING,
    expected=_USERS_WORDS,
    read=_read_users,
    many=True,
)
MOMENT: Final = Kind(
    name="moment", type=OptionType.STRING, expected=_MOMENT_WORDS, read=_read_moment
)
ROLE: Final = Kind(
    name="role",
    type=OptionType.ROLE,
    expected=_ROLE_WORDS,
    read=_reads_id(r"<@&(\d{1,20})>", _ROLE_WORDS),
)
CHANNEL: Final = Kind(
    name="channel",
    type=OptionType.CHANNEL,
    expected=_CHANNEL_WORDS,
    read=_reads_id(r"<#(\d{1,20})>", _CHANNEL_WORDS),
)
MESSAGE: Final = Kind(
    name="message", type=OptionType.STRING, expected=_MESSAGE_WORDS, read=_read_message
)
SNOWFLAKE: Final = Kind(
    name="snowflake",
    type=OptionType.STRING,
    expected="an id, 15 to 20 digits",
    read=_reads_id(r"<(?:@[!&]?|#)(\d{1,20})>", "an id, 15 to 20 digits"),
)
INTEGER: Final = Kind(
    name="integer", type=OptionType.INTEGER, expected="a whole number", read=_read_int
)
NUMBER: Final = Kind(name="number", type=OptionType.NUMBER, expected="a number", read=_read_float)
BOOLEAN: Final = Kind(
    name="boolean", type=OptionType.BOOLEAN, expected="yes or no", read=_read_bool
)
ATTACHMENT: Final = Kind(
    name="attachment", type=OptionType.ATTACHMENT, expected="an attached file", read=int
)

KINDS: Final[Mapping[object, Kind]] = {
    UserId: USER,
    RoleId: ROLE,
    ChannelId: CHANNEL,
    MessageId: MESSAGE,
    Snowflake: SNOWFLAKE,
    str: WORD,
    int: INTEGER,
    float: NUMBER,
    bool: BOOLEAN,
    Attachment: ATTACHMENT,
}
"""Which kind an annotation in a command's signature stands for."""

Duration = Annotated[timedelta, DURATION]
"""A length of time; `Duration | None` also takes `permanent`, which is None."""

Moment = Annotated[datetime, MOMENT]
"""A time in the past: a date, a date with a time of UTC, or how long ago."""

Users = Annotated[tuple[UserId, ...], USERS]
"""Several members; in a text command every next word that names one, as a slash option a text."""

Text = Annotated[str, TEXT]
"""The rest of the line of a text command, an ordinary text option of a slash command."""


def one_of(values: tuple[object, ...]) -> Kind:
    """Return the kind of an option that is one of a few values: of a Literal, or an Enum's."""
    by_name = {_shown(value).lower(): value for value in values}
    listed = ", ".join(f"`{_shown(value)}`" for value in values)

    def read(word: str) -> object:
        if word.lower() not in by_name:
            raise Mismatch(f"{code(word)} is not one of {listed}.")
        return by_name[word.lower()]

    choices = tuple(Choice(name=_shown(value), value=_shown(value)) for value in values)
    return Kind(
        name="choice",
        type=OptionType.STRING,
        expected=f"one of {listed}",
        read=read,
        choices=choices,
    )


def _shown(value: object) -> str:
    return str(value.value) if isinstance(value, Enum) else str(value)


def within(kind: Kind, limits: Range) -> Kind:
    """Return the kind of a number that stays within limits."""

    def read(word: str) -> object:
        value = kind.read(word)
        assert isinstance(value, int | float)
        below = limits.least is not None and value < limits.least
        if below or (limits.most is not None and value > limits.most):
            raise Mismatch(f"{code(word)} is not {expected}.", meant=True)
        return value

    expected = f"{kind.expected} {_limits(limits)}"
    return replace(
        kind, expected=expected, read=read, min_value=limits.least, max_value=limits.most
    )


def _limits(limits: Range) -> str:
    if limits.least is None:
        return f"up to {limits.most:g}"
    return f"from {limits.least:g}" + ("" if limits.most is None else f" to {limits.most:g}")


def no_longer_than(kind: Kind, limit: Length) -> Kind:
    """Return the kind of a text that has a longest length."""

    def read(word: str) -> object:
        if len(word) > limit.most:
            problem = f"The text has {len(word)} characters: expected {limit.most} at most."
            raise Mismatch(problem, meant=True)
        return kind.read(word)

    return replace(kind, read=read, max_length=limit.most)
