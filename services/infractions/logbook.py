"""An infraction as the mod log shows it: one embed with what matters of its history."""

from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from services.infractions.model import FLOTILLA, Infraction, Person, Step
from services.infractions.wording import LONGEST_NAME, LONGEST_STEP, card, on_one_line
from shared.commands import timestamp
from shared.contracts.actions import Embed, EmbedField

NOTED: Final = {
    "lifted": "Ended",
    "expired": "Ended",
    "reason": "Reason changed",
    "duration": "Duration changed",
    "pardoned": "Pardoned",
    "hidden": "Deleted",
}
"""What is said of a step of the history, the newest of each; of restoring, that nothing is."""

LEFT_OUT: Final = frozenset({"History"})


def log_entry(infraction: Infraction, history: Sequence[Step]) -> Embed:
    """Show an infraction as it is now: who did it, to whom, why, and what became of it."""
    shown = card(infraction, history)
    fields = [field for field in shown.fields if field.name not in LEFT_OUT]
    fields += _notes(infraction, history)
    evidence = sum(step.change == "evidence" for step in history)
    if evidence:
        fields.append(EmbedField(name="Evidence", value=str(evidence), inline=True))
    told = [step for step in history if step.change in ("told", "not told")]
    if told:
        fields.append(EmbedField(name="Member told", value=_told(told[-1]), inline=True))
    return replace(shown, fields=tuple(fields), timestamp=infraction.created_at)


def _notes(infraction: Infraction, history: Sequence[Step]) -> list[EmbedField]:
    newest = {NOTED[step.change]: step for step in history if step.change in NOTED}
    if infraction.hidden_at is None:
        newest.pop("Deleted", None)
    return [EmbedField(name=name, value=_by(step)) for name, step in newest.items()]


def _by(step: Step) -> str:
    """Say who did it, when, and with which words."""
    actor = Person(step.actor_id or FLOTILLA.id, step.actor_name)
    name = on_one_line(actor.name, LONGEST_NAME) or f"<@{actor.id}>"
    detail = f": {on_one_line(step.detail, LONGEST_STEP)}" if step.detail else ""
    return f"{timestamp(step.at, 'R')} by {name}{detail}"


def _told(step: Step) -> str:
    if step.change == "told":
        return "yes"
    return f"no: {on_one_line(step.detail, LONGEST_STEP)}" if step.detail else "no"
