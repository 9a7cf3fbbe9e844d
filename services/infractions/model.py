"""What an infraction is: its kinds, its states, and the rows that keep it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Literal

from msgspec import Struct

from shared.contracts.ids import ChannelId, GuildId, MessageId, RoleId, UserId


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
    goes from pending to done; failed is what Discord refused, or what came to nothing.
    """

    PENDING = "pending"
    ACTIVE = "active"
    EXPIRED = "expired"
    LIFTED = "lifted"
    FAILED = "failed"
    DONE = "done"


LASTING: Final = frozenset({Kind.MUTE, Kind.BAN, Kind.TEMPROLE})
"""The kinds that are in force until they are lifted; only they can be active."""


class Family(StrEnum):
    """What measures can be about: of those about one thing the newest counts."""

    BAN = "ban"
    MUTE = "mute"
    ROLE = "role"


FAMILIES: Final[Mapping[Kind, Family]] = {
    Kind.BAN: Family.BAN,
    Kind.SOFTBAN: Family.BAN,
    Kind.UNBAN: Family.BAN,
    Kind.MUTE: Family.MUTE,
    Kind.UNMUTE: Family.MUTE,
    Kind.TEMPROLE: Family.ROLE,
}
"""What the kinds are about that can supersede each other; the others stand alone."""

REVERSES: Final[Mapping[Kind, Kind]] = {Kind.BAN: Kind.UNBAN, Kind.MUTE: Kind.UNMUTE}
"""The measure that ends another one before its time; a temporary role is just taken away."""

ALREADY_DONE: Final = frozenset({Kind.NOTE, Kind.WARNING})
"""The kinds that need nothing from Discord."""

LARGEST_NUMBER: Final = 2**31 - 1
"""As many infractions as a guild can have."""


class Person(Struct, frozen=True):
    """Somebody as they were called when it happened."""

    id: UserId
    name: str


class Subject(Struct, kw_only=True, frozen=True):
    """What the measures of a family are about: a member's ban or mute, or one role of a member."""

    guild_id: GuildId
    user_id: UserId
    family: Family
    role_id: RoleId | None = None

    @property
    def key(self) -> str:
        """What names it among all, and the one timer that it has."""
        key = f"{self.guild_id}:{self.user_id}:{self.family.value}"
        return key if self.role_id is None else f"{key}:{self.role_id}"

    @property
    def kinds(self) -> list[Kind]:
        """The kinds of measures that are about it."""
        return [kind for kind, family in FAMILIES.items() if family is self.family]


class Order(Struct, kw_only=True, frozen=True):
    """A measure that somebody orders; `source_key` makes it happen once.

    `role_id` is the role that a temporary role, or a mute by role, gives; without one, a mute is by
    the guild's mute role, or else by timeout. `points` are what a warning counts, and `counts_for`
    how long it does; without it, as long as the guild's configuration says.
    """

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
    role_id: RoleId | None = None
    points: int = 1
    counts_for: timedelta | None = None


class Infraction(Struct, kw_only=True, frozen=True):
    """The row of an infraction; `moderator_id` is None where a rule acted, or nobody knows who.

    `failure` says why Discord refused it, or, while it is active, why it could not be lifted;
    `lift_refusals` counts the latter. `version` grows with every change and is the last step of the
    history. `applied_until` is until when Discord was last asked to time the member out, and
    `replaced_by` the number of the newer measure that took its place. One with `hidden_at` was
    deleted by staff and can be restored; a warning with `pardoned_at`, or past `counts_until`,
    stays in the record and counts no more.
    """

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
    lift_refusals: int = 0
    role_id: RoleId | None = None
    points: int = 0
    counts_until: datetime | None = None
    pardoned_at: datetime | None = None
    hidden_at: datetime | None = None
    version: int = 0
    updated_at: datetime | None = None
    applied_until: datetime | None = None
    replaced_by: int | None = None

    @property
    def subject(self) -> Subject | None:
        """What it is about, where a newer measure can take its place."""
        family = FAMILIES.get(self.kind)
        if family is None:
            return None
        role_id = self.role_id if family is Family.ROLE else None
        return Subject(guild_id=self.guild_id, user_id=self.user_id, family=family, role_id=role_id)

    @property
    def key(self) -> str:
        """What names it among those of all guilds."""
        return f"{self.guild_id}:{self.number}"

    @property
    def moderator(self) -> Person:
        """Who ordered it, Flotilla itself where nobody did; somebody unknown has only a name."""
        if not self.moderator_id and not self.moderator_name:
            return FLOTILLA
        return Person(self.moderator_id or UserId(0), self.moderator_name)

    @property
    def in_force(self) -> bool:
        """Whether it holds, or is about to."""
        return self.state in (State.PENDING, State.ACTIVE)


class Step(Struct, kw_only=True, frozen=True):
    """One entry of an infraction's history; `actor_id` is None where Flotilla itself acted."""

    step: int
    at: datetime
    actor_id: UserId | None
    actor_name: str
    change: str
    detail: str


class Count(Struct, kw_only=True, frozen=True):
    """How many infractions of a kind somebody has; the `lapsed` count no more."""

    kind: Kind
    total: int
    newest_at: datetime
    lapsed: int = 0


class Report(Struct, kw_only=True, frozen=True):
    """A message that a member reported; `handled` says what was done about it, if anything was."""

    id: int
    guild_id: GuildId
    channel_id: ChannelId
    message_id: MessageId
    author_id: UserId
    author_name: str
    content: str
    reporter_id: UserId
    reporter_name: str
    reported_at: datetime
    handled: str = ""


class Outcome(Struct, frozen=True):
    """What came of asking Discord; `absent`: what it was about is not there, such as a ban.

    `code` is Discord's, of what is not there. `still_banned`: a softban whose unban was refused.
    """

    status: Literal["done", "refused", "absent"]
    message: str = ""
    code: int = 0
    still_banned: bool = False


class Filter(Struct, kw_only=True, frozen=True):
    """Which infractions of a guild are looked for; None, or no text, is any.

    `since` and `until` (not included) are of the creation. `text` is looked for in the reason and
    the names as they were then: each word, part of a word of three characters or more, or quoted
    phrase is there, and none with a minus before it. `hidden` ones are found alone or not at all.
    """

    user_id: UserId | None = None
    moderator_id: UserId | None = None
    kind: Kind | None = None
    state: State | None = None
    since: datetime | None = None
    until: datetime | None = None
    text: str = ""
    role_id: RoleId | None = None
    source: str | None = None
    hidden: bool = False


FLOTILLA: Final = Person(UserId(0), "Flotilla")
"""Stands in the history for what nobody ordered."""

SOMEONE: Final = Person(UserId(0), "someone in Discord")
"""Stands for whoever acted on Discord where its audit log does not tell."""
