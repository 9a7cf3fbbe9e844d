"""What the other services answer, as far as the dashboard shows it."""

from datetime import UTC, date, datetime

from msgspec import Struct

from shared.contracts.ids import UserId


class Person(Struct, frozen=True):
    """Somebody as they were called when it happened."""

    id: UserId
    name: str


class Infraction(Struct, frozen=True, kw_only=True):
    """Something that happened to a member."""

    number: int
    kind: str
    state: str
    user: Person
    created_at: datetime
    moderator: Person | None = None
    reason: str = ""
    source: str = ""
    expires_at: datetime | None = None
    ended_at: datetime | None = None
    failure: str | None = None
    points: int = 1
    counts_until: datetime | None = None
    pardoned_at: datetime | None = None
    hidden_at: datetime | None = None

    @property
    def standing(self) -> str:
        """What it is to whoever looks at it: deleted, pardoned, no longer counted, or its state."""
        if self.hidden_at is not None:
            return "deleted"
        if self.pardoned_at is not None:
            return "pardoned"
        if self.counts_until is not None and self.counts_until <= datetime.now(UTC):
            return "expired"
        return self.state


class InfractionPage(Struct, frozen=True):
    """Some infractions, newest first; `next` is the cursor of those that follow."""

    items: tuple[Infraction, ...]
    next: str | None = None


class Step(Struct, frozen=True):
    """One change in an infraction's history."""

    at: datetime
    change: str
    actor: Person | None = None
    detail: str = ""


class InfractionDetail(Infraction, frozen=True, kw_only=True):
    """An infraction with what happened to it."""

    history: tuple[Step, ...] = ()


class Fresh(Struct, frozen=True):
    """How fresh numbers are."""

    behind: int | None = None
    enabled: bool = True


class HourCount(Struct, frozen=True):
    """The messages of an hour."""

    hour: datetime
    count: int


class HourlyMessages(Struct, frozen=True):
    """Messages by hour."""

    hours: tuple[HourCount, ...]
    total: int
    tz: str
    fresh: Fresh = Fresh()


class DayCount(Struct, frozen=True):
    """The joins and leaves of a day."""

    day: date
    joins: int
    leaves: int
    net: int


class DailyMembers(Struct, frozen=True):
    """Joins and leaves by day."""

    days: tuple[DayCount, ...]
    joins: int
    leaves: int
    net: int
    fresh: Fresh = Fresh()


class Totals(Struct, frozen=True):
    """What happened in a stretch of time."""

    messages: int
    active_members: int
    joins: int
    leaves: int


class Summary(Struct, frozen=True):
    """What happened, beside what had happened before."""

    now: Totals
    before: Totals
    fresh: Fresh = Fresh()


class Configuration(Struct, frozen=True):
    """A configuration's text; revision 0 is the empty one that each guild begins with."""

    revision: int
    yaml: str


class Revision(Struct, frozen=True, kw_only=True):
    """A configuration that somebody saved."""

    revision: int
    created_at: datetime
    note: str = ""
    author_name: str = ""


class RevisionDetail(Revision, frozen=True, kw_only=True):
    """A saved configuration with its text, and a unified diff from the one before."""

    yaml: str
    diff: str = ""


class RevisionPage(Struct, frozen=True):
    """Some revisions, newest first."""

    items: tuple[Revision, ...]
