"""Which rule a warning sets off: so many points in so long lead to a measure."""

import heapq
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from msgspec import Struct

from services.infractions.model import Kind
from shared.commands import format_duration, parse_duration, timestamp
from shared.contracts.config import EscalationRule
from shared.contracts.ids import UserId

NEVER: Final = datetime.max.replace(tzinfo=UTC)

STRENGTH: Final = {Kind.MUTE: 0, Kind.KICK: 1, Kind.SOFTBAN: 2, Kind.BAN: 3}
"""Which of two rules with as many points acts: the stronger one."""

LASTING: Final = frozenset({Kind.MUTE, Kind.BAN})
"""The measures of rules that can be for a time."""


class Rule(Struct, kw_only=True, frozen=True):
    """So many points of warnings in so long (ever, if None) lead to a measure."""

    points: int
    within: timedelta | None
    kind: Kind
    duration: timedelta | None

    @property
    def words(self) -> str:
        """The rule as people say it, such as `3 points in 30d: mute for 12h`."""
        points = f"{self.points} point{'' if self.points == 1 else 's'}"
        within = f" in {format_duration(self.within)}" if self.within else ""
        return f"{points}{within}: {self.measure}"

    @property
    def measure(self) -> str:
        """What it does, such as `mute for 12h`."""
        if self.kind not in LASTING:
            return self.kind.value
        lasts = "for good" if self.duration is None else f"for {format_duration(self.duration)}"
        return f"{self.kind.value} {lasts}"


class Warned(Struct, kw_only=True, frozen=True):
    """A warning as rules see it."""

    number: int
    user_id: UserId
    user_name: str
    points: int
    created_at: datetime
    counts_until: datetime | None = None
    pardoned_at: datetime | None = None
    hidden_at: datetime | None = None

    def why_not(self, at: datetime) -> str:
        """Say why it does not count at a time; nothing when it does."""
        if self.hidden_at is not None:
            return "deleted"
        if self.pardoned_at is not None:
            return f"pardoned {timestamp(self.pardoned_at)}"
        if self.counts_until is not None and self.counts_until <= at:
            return f"expired {timestamp(self.counts_until)}"
        return ""


class Crossing(Struct, kw_only=True, frozen=True):
    """A rule that a warning set off, and the points that there were without and with it."""

    rule: Rule
    before: int
    after: int


def read_rules(entries: Iterable[EscalationRule]) -> tuple[Rule, ...]:
    """Return the rules of a configuration, whose lengths of time were checked when it was saved."""
    return tuple(
        Rule(
            points=each.points,
            within=None if each.within is None else parse_duration(each.within),
            kind=Kind(each.action),
            duration=None
            if each.duration is None or Kind(each.action) not in LASTING
            else parse_duration(each.duration),
        )
        for each in entries
    )


class Tally:
    """The points of one member that count for one rule, as time passes."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self._leaving: list[tuple[datetime, int]] = []
        self._points = 0

    def at(self, moment: datetime) -> int:
        """Return the points that count at a moment; moments only grow."""
        while self._leaving and self._leaving[0][0] <= moment:
            self._points -= heapq.heappop(self._leaving)[1]
        return self._points

    def add(self, warning: Warned) -> None:
        """Let a warning count until it expires, or is too old for the rule."""
        within = self.rule.within
        too_old_at = NEVER if within is None else warning.created_at + within
        leaves_at = min(too_old_at, warning.counts_until or NEVER)
        heapq.heappush(self._leaving, (leaves_at, warning.points))
        self._points += warning.points


def follow(
    rules: Sequence[Rule], warnings: Iterable[Warned]
) -> Iterator[tuple[Warned, tuple[Crossing, ...]]]:
    """Go through one member's warnings in their order; give the rules that each one set off.

    A rule is set off when the points were below it before a warning and are not below it with it:
    once for each time that they rise to it.
    """
    tallies = [Tally(rule) for rule in rules]
    for each in warnings:
        if each.why_not(each.created_at):
            yield each, ()
            continue
        crossings: list[Crossing] = []
        for tally in tallies:
            before = tally.at(each.created_at)
            tally.add(each)
            if before < tally.rule.points <= before + each.points:
                after = before + each.points
                crossings.append(Crossing(rule=tally.rule, before=before, after=after))
        yield each, tuple(crossings)


def set_off_by_last(rules: Sequence[Rule], warnings: Iterable[Warned]) -> tuple[Crossing, ...]:
    """Return the rules that the last of one member's warnings set off."""
    steps = list(follow(rules, warnings))
    return steps[-1][1] if steps else ()


def acting(crossings: Iterable[Crossing]) -> Crossing | None:
    """Return which of the rules that were set off acts: that of the most points."""
    return max(
        crossings,
        key=lambda each: (each.rule.points, STRENGTH[each.rule.kind], each.rule.duration is None),
        default=None,
    )


def counting(rule: Rule, warnings: Iterable[Warned], at: datetime) -> list[Warned]:
    """Return the warnings whose points a rule counts at a time."""
    since = None if rule.within is None else at - rule.within
    return [
        each
        for each in warnings
        if not each.why_not(at) and (since is None or each.created_at > since)
    ]


# --- what dry runs and trials say -----------------------------------------------------------------


class Judged(Struct, kw_only=True, frozen=True):
    """A warning of a member, and why it does not count, if so."""

    number: int
    points: int
    created_at: datetime
    why_not: str


class RuleNow(Struct, kw_only=True, frozen=True):
    """Where a member stands with a rule, now and with one more warning."""

    rule: Rule
    points_now: int
    points_then: int
    counted: tuple[int, ...]
    set_off: bool
    acts: bool


class DryRun(Struct, kw_only=True, frozen=True):
    """What the rules would do about one more warning; `held_back` says why the acting one won't."""

    points: int
    warnings: tuple[Judged, ...]
    rules: tuple[RuleNow, ...]
    held_back: str = ""


class Fired(Struct, kw_only=True, frozen=True):
    """One time that a rule would have acted: on whom, after which warning."""

    user_id: UserId
    user_name: str
    number: int
    at: datetime


class TriedRule(Struct, kw_only=True, frozen=True):
    """What a rule would have done: how often, to how many people, and to whom, the first ones."""

    rule: Rule
    fired: int
    people: int
    examples: tuple[Fired, ...]


class Trial(Struct, kw_only=True, frozen=True):
    """What a set of rules would have done about the warnings of the last days."""

    days: int
    warnings: int
    rules: tuple[TriedRule, ...]
