"""Trying rules out: on one more warning of a member, and on the past of a guild."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Final

from services.infractions.actions.escalating import MOST_OF_ONE, why_weaker
from services.infractions.deps import Deps
from services.infractions.escalation import (
    Crossing,
    DryRun,
    Fired,
    Judged,
    Rule,
    RuleNow,
    Trial,
    TriedRule,
    Warned,
    acting,
    counting,
    follow,
    read_rules,
    set_off_by_last,
)
from services.infractions.model import LARGEST_NUMBER
from services.infractions.queries import escalating as warnings
from shared.contracts.ids import GuildId, UserId
from shared.errors import UserError

MOST_TRIED: Final = 50_000
"""Warnings that a trial goes through at most."""

LONGEST_TRIAL: Final = 365
"""Days of the past that rules can be tried on."""

MOST_NAMED: Final = 100
"""People whom a trial names for each rule."""


async def dry_run(deps: Deps, guild_id: GuildId, user_id: UserId, points: int) -> DryRun:
    """Say what the rules would do now if somebody were warned once more, and why."""
    rules = read_rules(deps.config.get(guild_id).plugins.infractions.escalation)
    of_one = await warnings.warnings_of(deps.db, guild_id, user_id, limit=MOST_OF_ONE)
    now = datetime.now(UTC)
    new = Warned(
        number=LARGEST_NUMBER, user_id=user_id, user_name="", points=points, created_at=now
    )
    crossings = set_off_by_last(rules, [*of_one, new])
    acts = acting(crossings)
    standing = await warnings.in_force(deps.db, guild_id, user_id)
    return DryRun(
        points=points,
        warnings=tuple(_judged(each, now) for each in of_one),
        rules=tuple(_rule_now(rule, of_one, new, crossings, acts) for rule in rules),
        held_back=why_weaker(acts.rule, standing, now) if acts else "",
    )


def _judged(each: Warned, now: datetime) -> Judged:
    return Judged(
        number=each.number,
        points=each.points,
        created_at=each.created_at,
        why_not=each.why_not(now),
    )


def _rule_now(
    rule: Rule,
    of_one: Sequence[Warned],
    new: Warned,
    crossings: Sequence[Crossing],
    acts: Crossing | None,
) -> RuleNow:
    counted = counting(rule, of_one, new.created_at)
    points = sum(each.points for each in counted)
    return RuleNow(
        rule=rule,
        points_now=points,
        points_then=points + new.points,
        counted=tuple(each.number for each in counted),
        set_off=any(each.rule == rule for each in crossings),
        acts=acts is not None and acts.rule == rule,
    )


async def try_rules(deps: Deps, guild_id: GuildId, rules: Sequence[Rule], days: int) -> Trial:
    """Say what rules would have done in the last days, with the warnings as they stand now.

    Raises UserError when there are too many warnings to go through at once.
    """
    if not 1 <= days <= LONGEST_TRIAL:
        raise UserError(f"Rules can be tried on 1 to {LONGEST_TRIAL} days.")
    since = datetime.now(UTC) - timedelta(days=days)
    longest = max((rule.within or timedelta(days=36500) for rule in rules), default=timedelta())
    found = await warnings.warnings_since(deps.db, guild_id, since - longest, MOST_TRIED + 1)
    if len(found) > MOST_TRIED:
        raise UserError(
            f"That looks at more than {MOST_TRIED} warnings: try fewer days, or rules with a "
            "shorter `within`."
        )
    fired = [
        (
            crossing.rule,
            Fired(
                user_id=each.user_id,
                user_name=each.user_name,
                number=each.number,
                at=each.created_at,
            ),
        )
        for _, of_one in groupby(found, key=lambda each: each.user_id)
        for each, crossings in follow(rules, of_one)
        if each.created_at >= since and (crossing := acting(crossings)) is not None
    ]
    return Trial(
        days=days,
        warnings=sum(each.created_at >= since for each in found),
        rules=tuple(_tried(rule, [one for by, one in fired if by == rule]) for rule in rules),
    )


def _tried(rule: Rule, fired: Sequence[Fired]) -> TriedRule:
    newest = sorted(fired, key=lambda each: each.at, reverse=True)
    return TriedRule(
        rule=rule,
        fired=len(fired),
        people=len({each.user_id for each in fired}),
        examples=tuple(newest[:MOST_NAMED]),
    )
