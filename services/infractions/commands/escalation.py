"""What the rules of escalation would do about one more warning, and why."""

from typing import Annotated, Final

from services.infractions import actions
from services.infractions.commands.declared import Who, commands
from services.infractions.deps import Deps
from services.infractions.escalation import DryRun, RuleNow
from shared.commands import Describe, Range, Reply
from shared.contracts.invocations import Invocation
from shared.permissions import MODERATOR

MOST_POINTS: Final = 1000
LONGEST: Final = 1900
"""Characters of the answer, below Discord's 2000."""

Points = Annotated[int, Range(1, MOST_POINTS), Describe("What the warning would count")]


@commands.command("infractions escalation", level=MODERATOR)
async def escalation(deps: Deps, by: Invocation, user: Who, points: Points = 1) -> Reply:
    """Say what the rules would do if somebody were warned once more."""
    return Reply(_told(user, await actions.dry_run(deps, by.guild_id, user, points)))


def _told(user: int, run: DryRun) -> str:
    """Return as much as fits: the rules first, then the warnings, newest first."""
    if not run.rules:
        return "This server has no rules of escalation: set `escalation` in the configuration."
    lines = [
        f"With one more warning of {_points(run.points)}, <@{user}> would get: {_verdict(run)}"
    ]
    lines += [_rule(each) for each in run.rules]
    lines += [
        f"Warning #{each.number}, {_points(each.points)}: "
        + (f"does not count, {each.why_not}" if each.why_not else "counts")
        for each in reversed(run.warnings)
    ]
    while len("\n".join(lines)) > LONGEST:
        lines.pop()
    return "\n".join(lines)


def _verdict(run: DryRun) -> str:
    acts = next((each.rule for each in run.rules if each.acts), None)
    if acts is None:
        return "**nothing more**."
    if run.held_back:
        return f"**nothing more**, as {run.held_back}."
    return f"**{acts.measure}**."


def _rule(each: RuleNow) -> str:
    then = f"now {each.points_now}, then {each.points_then}"
    if each.acts:
        what = "would act"
    elif each.set_off:
        what = "would be set off, but one of more points acts"
    elif each.points_now >= each.rule.points:
        what = "was set off before, and is not again until fewer points count"
    else:
        what = "would not be set off"
    counted = ", ".join(f"#{number}" for number in each.counted[-10:])
    return f"- {each.rule.words}: {then}; {what}{f' (counts {counted})' if counted else ''}"


def _points(number: int) -> str:
    return f"{number} point{'' if number == 1 else 's'}"
