"""What a command has done, in words: to whom, until when, who was told, what was before."""

from collections.abc import Mapping, Sequence
from typing import Final

from services.infractions.model import Count, Infraction, Kind, Step
from services.infractions.wording import (
    LONGEST_STEP,
    counting,
    member,
    on_one_line,
    reference,
    until,
)
from shared.commands import timestamp

VERBS: Final[Mapping[Kind, str]] = {
    Kind.NOTE: "Noted about",
    Kind.WARNING: "Warned",
    Kind.KICK: "Kicked",
    Kind.MUTE: "Muted",
    Kind.BAN: "Banned",
    Kind.SOFTBAN: "Softbanned",
    Kind.UNBAN: "Unbanned",
    Kind.UNMUTE: "Unmuted",
}
REVERSES: Final = frozenset({Kind.UNBAN, Kind.UNMUTE})
"""What nobody is counted for: it takes back something else."""


def done(
    infraction: Infraction,
    history: Sequence[Step],
    replaced: Sequence[Infraction],
    before: Sequence[Count],
) -> str:
    """Answer to a command that has carried out a measure."""
    said = (
        f"{_what(infraction)}{_how_long(infraction)}{counting(infraction)}. {reference(infraction)}"
    )
    further = [_replaced(infraction, replaced), told(history)]
    lines = [said, " ".join(each for each in further if each), previous(before)]
    return "\n".join(line for line in lines if line)


def _what(infraction: Infraction) -> str:
    """Say what was done to whom."""
    if infraction.kind is Kind.TEMPROLE:
        return f"Gave <@&{infraction.role_id or 0}> to {member(infraction)}"
    return f"{VERBS[infraction.kind]} {member(infraction)}"


def _how_long(infraction: Infraction) -> str:
    if infraction.expires_at is not None:
        return f" {until(infraction)}"
    return " for good" if infraction.kind is Kind.MUTE else ""


def _replaced(infraction: Infraction, replaced: Sequence[Infraction]) -> str:
    """Say which older measures this one has ended, or taken the place of."""
    numbers = ", ".join(f"#{each.number}" for each in replaced)
    if not numbers:
        return ""
    ends = infraction.kind in REVERSES
    return f"That ends infraction {numbers}." if ends else f"In place of infraction {numbers}."


def told(history: Sequence[Step]) -> str:
    """Say whether the member was told, where that was wanted."""
    for step in history:
        if step.change == "told":
            return "They were told."
        if step.change == "not told":
            why = on_one_line(step.detail, LONGEST_STEP)
            return f"They could not be told. {why}".rstrip()
    return ""


def previous(counts: Sequence[Count]) -> str:
    """Sum up a record: `Before: 3 warnings, 1 mute, last 2 weeks ago`."""
    counted = [each for each in counts if each.kind not in REVERSES]
    if not counted:
        return "Before: nothing."
    newest = max(each.newest_at for each in counted)
    return f"Before: {summed(counted)}, last {timestamp(newest, 'R')}."


def summed(counts: Sequence[Count]) -> str:
    """Count what there is of each kind, in words."""
    return ", ".join(_counted(each) for each in counts)


def _counted(count: Count) -> str:
    one = "temporary role" if count.kind is Kind.TEMPROLE else count.kind.value
    named = one if count.total == 1 else f"{one}s"
    lapsed = f" ({count.lapsed} expired or pardoned)" if count.lapsed else ""
    return f"{count.total} {named}{lapsed}"
