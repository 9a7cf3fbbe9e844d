"""The routes that try rules of escalation out; they change nothing."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import AfterValidator, BaseModel, Field

from services.infractions import actions
from services.infractions.api.params import DepsOf, OfGuild
from services.infractions.escalation import DryRun, Rule, RuleNow, Trial, read_rules
from shared.commands import format_duration, parse_duration
from shared.contracts.config import EscalationRule
from shared.contracts.ids import GuildId, UserId
from shared.http import SnowflakeText, require

router = APIRouter(
    prefix="/guilds/{guild_id}/escalation",
    tags=["escalation"],
    dependencies=[Depends(require("infractions:read"))],
)

OfMember = Annotated[SnowflakeText, Query(description="The member's id.")]
Points = Annotated[int, Query(ge=1, le=1000, description="What the warning would count.")]


def _length(text: str) -> str:
    parse_duration(text)
    return text


Length = Annotated[
    str,
    AfterValidator(_length),
    Field(
        max_length=100,
        description="A length of time such as 12h, 7d or 1w2d.",
        examples=["30d"],
    ),
]


class RuleView(BaseModel):
    """So many points of warnings in so long lead to a measure."""

    points: int = Field(ge=1, le=1000)
    within: Length | None = Field(default=None, description="Ever, if it is left out.")
    action: Literal["mute", "kick", "softban", "ban"] = "mute"
    duration: Length | None = Field(default=None, description="For good, if it is left out.")


class WarningView(BaseModel):
    """A warning of the member, and why it does not count, if so."""

    number: int
    points: int
    created_at: datetime
    counts: bool
    why_not: str


class RuleNowView(BaseModel):
    """Where the member stands with a rule, now and with one more warning."""

    rule: RuleView
    points_now: int
    points_then: int
    counted: list[int] = Field(description="The numbers of the warnings that it counts.")
    set_off: bool
    acts: bool = Field(description="Of the rules that are set off, that of the most points acts.")


class DryRunView(BaseModel):
    """What the rules would do about one more warning."""

    points: int
    warnings: list[WarningView]
    rules: list[RuleNowView]
    held_back: str = Field(description="Why the rule that acts would do nothing, if so.")


class TrialRequest(BaseModel):
    """The rules to try, and on how many days of the past."""

    rules: list[RuleView] = Field(min_length=1, max_length=20)
    days: int = Field(default=30, ge=1, le=actions.LONGEST_TRIAL)


class FiredView(BaseModel):
    """One time that a rule would have acted."""

    user_id: SnowflakeText
    user_name: str
    number: int = Field(description="The warning's.")
    at: datetime


class TriedRuleView(BaseModel):
    """What a rule would have done; the newest 100 times are named."""

    rule: RuleView
    fired: int
    people: int
    examples: list[FiredView]


class TrialView(BaseModel):
    """What the rules would have done about the warnings of these days, as they stand now."""

    days: int
    warnings: int
    rules: list[TriedRuleView]


@router.get("")
async def would_escalate(
    deps: DepsOf, guild_id: OfGuild, user_id: OfMember, points: Points = 1
) -> DryRunView:
    """Say what the server's rules would do if a member were warned once more."""
    return _dry_run(await actions.dry_run(deps, GuildId(guild_id), UserId(user_id), points))


@router.post("/trial")
async def try_rules(deps: DepsOf, guild_id: OfGuild, asked: TrialRequest) -> TrialView:
    """Say what rules would have done in the last days."""
    rules = read_rules(EscalationRule(**each.model_dump()) for each in asked.rules)
    return _trial(await actions.try_rules(deps, GuildId(guild_id), rules, asked.days))


def _rule(rule: Rule) -> RuleView:
    return RuleView.model_construct(
        points=rule.points,
        within=None if rule.within is None else format_duration(rule.within),
        action=rule.kind.value,
        duration=None if rule.duration is None else format_duration(rule.duration),
    )


def _dry_run(run: DryRun) -> DryRunView:
    return DryRunView(
        points=run.points,
        warnings=[
            WarningView(
                number=each.number,
                points=each.points,
                created_at=each.created_at,
                counts=not each.why_not,
                why_not=each.why_not,
            )
            for each in run.warnings
        ],
        rules=[_rule_now(each) for each in run.rules],
        held_back=run.held_back,
    )


def _rule_now(each: RuleNow) -> RuleNowView:
    return RuleNowView(
        rule=_rule(each.rule),
        points_now=each.points_now,
        points_then=each.points_then,
        counted=list(each.counted),
        set_off=each.set_off,
        acts=each.acts,
    )


def _trial(trial: Trial) -> TrialView:
    return TrialView(
        days=trial.days,
        warnings=trial.warnings,
        rules=[
            TriedRuleView(
                rule=_rule(each.rule),
                fired=each.fired,
                people=each.people,
                examples=[
                    FiredView(
                        user_id=one.user_id, user_name=one.user_name, number=one.number, at=one.at
                    )
                    for one in each.examples
                ],
            )
            for each in trial.rules
        ],
    )
