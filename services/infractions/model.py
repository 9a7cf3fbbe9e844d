"""What an infraction is: its kinds, its states, and the rows that keep it."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from msgspec import Struct

from shared.contracts.actions import Status
from shared.contracts.ids import ChannelId, GuildId, MessageId, UserId


class Kind(StrEnum):
    """What happened to the member."""

    NOTE = "note"
    WARNING = "warning"
    KICK = "kick"
    MUTE = "mute"
    BAN = "ban"
    SOFTBAN = "softban"
    UNBAN = "unban"
    UNMUTE = "unmute"
    TEMPROLE = "temprole"


class State(StrEnum):
    """How far it has come.

    A measure that lasts goes from pending to active to expired or lifted; what is over at once
    goes from pending to done; failed is what Discord refused.
    """

    PENDING = "pending"
    ACTIVE = "active"
    EXPIRED = "expired"
    LIFTED = "lifted"
    FAILED = "failed"
    DONE = "done"


LASTING: Final = frozenset({Kind.MUTE, Kind.BAN, Kind.TEMPROLE})
"""The kinds that are in force until they are lifted; only they can be active."""

ALREADY_DONE: Final = frozenset({Kind.NOTE, Kind.WARNING})
"""The kinds that need nothing from Discord."""


class Person(Struct, kw_only=True, frozen=True):
    """Somebody as they were called when it happened."""

    id: UserId
    name: str


class Order(Struct, kw_only=True, frozen=True):
    """A measure that somebody orders; `source_key` makes it happen once."""

    guild_id: GuildId
    kind: Kind
    user: Person
    moderator: Person
    reason: str
    source: str
    source_key: str
    duration: timedelta | None = None
    delete_message_seconds: int = 0
    channel_id: ChannelId | None = None
    message_id: MessageId | None = None


class Infraction(Struct, kw_only=True, frozen=True):
    """The row of an infraction; `moderator_id` is None where a rule acted."""

    guild_id: GuildId
    number: int
    kind: Kind
    state: State
    user_id: UserId
    user_name: str
    moderator_id: UserId | None
    moderator_name: str
    reason: str
    source: str
    created_at: datetime
    expires_at: datetime | None = None
    ended_at: datetime | None = None
    channel_id: ChannelId | None = None
    message_id: MessageId | None = None
    delete_message_seconds: int = 0
    failure: str | None = None

    @property
    def temporary(self) -> bool:
        """Whether it ends by itself."""
        return self.expires_at is not None


class Step(Struct, kw_only=True, frozen=True):
    """One entry of an infraction's history; `actor_id` is None where Flotilla itself acted."""

    step: int
    at: datetime
    actor_id: UserId | None
    actor_name: str
    change: str
    detail: str


class Outcome(Struct, kw_only=True, frozen=True):
    """What came of asking Discord: done, refused, or nothing there that it could be done to."""

    status: Status
    message: str


FLOTILLA: Final = Person(id=UserId(0), name="Flotilla")
"""Stands in the history for what nobody ordered."""
