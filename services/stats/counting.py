"""From Discord's events to rows to count: what is read of each, and when and as what it counts."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Annotated, Final, Literal, TypeVar

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from shared.contracts.ids import DISCORD_EPOCH_MS

Kind = Literal["message", "join", "leave"]

WRITTEN: Final = frozenset({0, 19, 20, 23})
"""Types of messages that somebody wrote (a message, a reply, a command's answer), as Discord
numbers them; the others Discord posts itself: joins, pins, boosts."""


Id = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class Author(Struct, frozen=True):
    """Who did something, as far as counting needs it."""

    id: Id
    bot: bool = False


class Posted(Struct, frozen=True):
    """The fields of MESSAGE_CREATE that are counted; never what was said."""

    id: Id
    channel_id: Id
    author: Author
    guild_id: Id = 0
    type: int = 0
    webhook_id: int | None = None


class Joined(Struct, frozen=True):
    """The fields of GUILD_MEMBER_ADD that are counted."""

    guild_id: Id
    user: Author
    joined_at: datetime | None = None


class Left(Struct, frozen=True):
    """The fields of GUILD_MEMBER_REMOVE that are counted."""

    guild_id: Id
    user: Author


@dataclass(frozen=True, slots=True)
class Row:
    """An event to count.

    `at_ms` is in Unix milliseconds, and None where the event doesn't say when it was: then the
    first delivery's time holds for it, for good.
    """

    guild_id: int
    kind: Kind
    event_id: int
    at_ms: int | None
    user_id: int
    channel_id: int = 0
    target_id: int = 0
    subkind: str = ""
    value: int = 1
    is_bot: bool = False

    @property
    def day(self) -> int:
        """The day in UTC, counted from 1970."""
        assert self.at_ms is not None
        return self.at_ms // DAY_MS


DAY_MS: Final = 86_400_000
LAST_MS: Final = 4_102_444_800_000
"""The year 2100: nobody joins after it."""

S = TypeVar("S", bound=Struct)
Read = Callable[[bytes, str], Row | None]


class Readers:
    """Which events are counted, and how each becomes a row: one function each, by declaration."""

    def __init__(self) -> None:
        self._reads: dict[str, Read] = {}

    @property
    def events(self) -> tuple[str, ...]:
        """The types of events that are counted."""
        return tuple(self._reads)

    def reads(
        self, event: str, type_: type[S]
    ) -> Callable[[Callable[[S, str], Row | None]], Callable[[S, str], Row | None]]:
        """Declare what an event, decoded and with its broker's message id, counts as."""
        decoder = msgspec.json.Decoder(type_, strict=False)

        def declare(make: Callable[[S, str], Row | None]) -> Callable[[S, str], Row | None]:
            self._reads[event] = lambda body, message_id: make(decoder.decode(body), message_id)
            return make

        return declare

    def row(self, event: str, body: bytes, message_id: str) -> Row | None:
        """Return what an event counts as; None when it does not count (direct messages).

        Raises msgspec.DecodeError (of which ValidationError is one) when the body is not of the
        event's shape, and LookupError for an event that nobody counts.
        """
        return self._reads[event](body, message_id)


readers: Final = Readers()


@readers.reads("MESSAGE_CREATE", Posted)
def message(posted: Posted, _: str) -> Row | None:
    """Count a message under its own id, at the time that is in it."""
    if not posted.guild_id:
        return None
    return Row(
        guild_id=posted.guild_id,
        kind="message",
        event_id=posted.id,
        at_ms=(posted.id >> 22) + DISCORD_EPOCH_MS,
        user_id=posted.author.id,
        channel_id=posted.channel_id,
        subkind=_writer(posted),
        is_bot=posted.author.bot or posted.webhook_id is not None,
    )


@readers.reads("GUILD_MEMBER_ADD", Joined)
def join(joined: Joined, message_id: str) -> Row:
    """Count a join at the time that Discord gives for it: one member joins once at a time."""
    row = Row(
        guild_id=joined.guild_id,
        kind="join",
        event_id=identify("join", message_id),
        at_ms=None,
        user_id=joined.user.id,
        is_bot=joined.user.bot,
    )
    if joined.joined_at is None or not _is_possible(joined.joined_at):
        return row
    at_ms = unix_ms(joined.joined_at)
    event_id = identify("join", f"{joined.user.id}:{joined.joined_at.isoformat()}")
    return replace(row, at_ms=at_ms, event_id=event_id)


@readers.reads("GUILD_MEMBER_REMOVE", Left)
def leave(left: Left, message_id: str) -> Row:
    """Count a leave; it has no time of its own, and only the message's id to tell it apart."""
    return Row(
        guild_id=left.guild_id,
        kind="leave",
        event_id=identify("leave", message_id),
        at_ms=None,
        user_id=left.user.id,
        is_bot=left.user.bot,
    )


def _is_possible(moment: datetime) -> bool:
    return DISCORD_EPOCH_MS <= unix_ms(moment) < LAST_MS


def _writer(posted: Posted) -> str:
    if posted.author.bot or posted.webhook_id is not None:
        return "bot"
    return "person" if posted.type in WRITTEN else "system"


def identify(kind: str, what: str) -> int:
    """Return a positive 63 bit number for something that has no snowflake of its own."""
    digest = hashlib.blake2b(f"{kind}:{what}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) >> 1


def unix_ms(moment: datetime) -> int:
    """Return a moment in Unix milliseconds, rounded down."""
    return int(moment.astimezone(UTC).timestamp() * 1000 // 1)


Column = NDArray[np.generic]


def columns(rows: Sequence[Row]) -> dict[str, Column]:
    """Turn rows, all with their time settled, into the columns of the table `events`."""
    return {
        "guild_id": np.fromiter((row.guild_id for row in rows), np.uint64, len(rows)),
        "kind": np.array([row.kind for row in rows], dtype=object),
        "ts": _moments(rows),
        "event_id": np.fromiter((row.event_id for row in rows), np.uint64, len(rows)),
        "channel_id": np.fromiter((row.channel_id for row in rows), np.uint64, len(rows)),
        "user_id": np.fromiter((row.user_id for row in rows), np.uint64, len(rows)),
        "target_id": np.fromiter((row.target_id for row in rows), np.uint64, len(rows)),
        "subkind": np.array([row.subkind for row in rows], dtype=object),
        "value": np.fromiter((row.value for row in rows), np.uint32, len(rows)),
        "is_bot": np.fromiter((row.is_bot for row in rows), np.uint8, len(rows)),
    }


def _moments(rows: Sequence[Row]) -> Column:
    """Return the rows' times as numpy has them; the driver takes nanoseconds only."""
    settled = [row.at_ms for row in rows if row.at_ms is not None]
    assert len(settled) == len(rows), "a row's time was not settled"
    return np.array(settled, dtype="datetime64[ms]").astype("datetime64[ns]")
