"""Infractions in words: texts that fit, the answers to commands, cards and lines of a list."""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from services.infractions.model import FLOTILLA, Infraction, Kind, Person, State, Step
from shared.commands import escape, timestamp
from shared.contracts.actions import Embed, EmbedField

LONGEST_NAME: Final = 64
LONGEST_IN_ANSWER: Final = 1000
LONGEST_IN_LINE: Final = 120
LONGEST_IN_CARD: Final = 2000
LONGEST_FIELD: Final = 1000
"""Characters in a field of an embed, a little below Discord's 1024."""

LONGEST_STEP: Final = 240

COLOURS: Final = {
    State.PENDING: 0xF0B232,
    State.ACTIVE: 0xDA373C,
    State.EXPIRED: 0x80848E,
    State.LIFTED: 0x23A55A,
    State.FAILED: 0x4E5058,
    State.DONE: 0x5865F2,
}


def shown(text: str, longest: int) -> str:
    """Return somebody's text as they wrote it, cut so that it has so many characters at most."""
    written = escape(text)
    if len(written) <= longest:
        return written
    kept = bisect_right(range(1, longest + 1), longest - 1, key=lambda n: len(escape(text[:n])))
    while len(cut := escape(text[:kept])) >= longest and kept:
        kept -= 1
    return f"{cut}…"


def on_one_line(text: str, longest: int) -> str:
    """Return somebody's text without line breaks, cut to a length."""
    return shown(" ".join(text.split()), longest)


def member(infraction: Infraction) -> str:
    """Name the member: as they were called then, and so that they are found now."""
    name = on_one_line(infraction.user_name, LONGEST_NAME)
    return f"**{name}** (<@{infraction.user_id}>)" if name else f"<@{infraction.user_id}>"


def moderator(infraction: Infraction) -> str:
    """Name who ordered it."""
    return _person(infraction.moderator)


def reference(infraction: Infraction) -> str:
    """Return the end of an answer: under which number it is recorded, and why."""
    reason = infraction.reason
    said = f" Reason: {shown(reason, LONGEST_IN_ANSWER)}" if reason else ""
    return f"Infraction #{infraction.number}.{said}"


def until(infraction: Infraction) -> str:
    """Say when a temporary measure ends."""
    assert infraction.expires_at is not None
    return f"until {timestamp(infraction.expires_at)} ({timestamp(infraction.expires_at, 'R')})"


def counting(infraction: Infraction) -> str:
    """Say how much a warning counts, where that is not the usual one point."""
    unusual = infraction.kind is Kind.WARNING and infraction.points != 1
    return f" ({infraction.points} points)" if unusual else ""


# --- lists --------------------------------------------------------------------------------------


def listing(infractions: Sequence[Infraction], of: str = "", summary: str = "") -> Embed:
    """Show some infractions; `of` names the member whose they all are, `summary` stands above."""
    lines = [summary] if summary else []
    lines += [_entry(each, named=not of) for each in infractions]
    title = f"Infractions of {on_one_line(of, LONGEST_NAME)}" if of else "Infractions"
    return Embed(title=title, description="\n".join(lines), color=COLOURS[State.DONE])


def own_listing(infractions: Sequence[Infraction], guild_name: str) -> Embed:
    """Show members their own record, which names no moderator."""
    lines = [_own_entry(each) for each in infractions]
    where = on_one_line(guild_name, LONGEST_NAME)
    title = f"Your record in {where}" if where else "Your record"
    return Embed(title=title, description="\n".join(lines), color=COLOURS[State.DONE])


def _own_entry(infraction: Infraction) -> str:
    reason = on_one_line(infraction.reason, LONGEST_IN_LINE) or "*no reason given*"
    when = timestamp(infraction.created_at, "R")
    return f"{_kind_with_role(infraction)}{_standing(infraction)}\n> {when}: {reason}"


def choice_name(infraction: Infraction) -> str:
    """Name an infraction where nothing is formatted: in the list below what somebody types."""
    reason = " ".join(infraction.reason.split())
    said = f": {reason}" if reason else ""
    return f"#{infraction.number} {_kind(infraction)} · {infraction.user_name}{said}"


def _entry(infraction: Infraction, *, named: bool) -> str:
    whose = f" {member(infraction)}" if named else ""
    reason = on_one_line(infraction.reason, LONGEST_IN_LINE) or "*no reason given*"
    return (
        f"{_kind_with_role(infraction)}{whose}{_standing(infraction)}\n"
        f"> {timestamp(infraction.created_at, 'R')} by {moderator(infraction)}: {reason}"
    )


def _kind(infraction: Infraction) -> str:
    """Return what it is, whether it is only for a time, and how much it counts."""
    named = "role" if infraction.kind is Kind.TEMPROLE else infraction.kind.value
    kind = f"{named}{counting(infraction)}"
    return kind if infraction.expires_at is None else f"temporary {kind}"


def _kind_with_role(infraction: Infraction) -> str:
    """Return what it is, and of a role which one: a line of a list has no field for it."""
    kind = f"**#{infraction.number} {_kind(infraction)}**"
    return f"{kind} <@&{infraction.role_id}>" if infraction.kind is Kind.TEMPROLE else kind


def _standing(infraction: Infraction) -> str:
    """Return the state with the time that matters in it; nothing where it is over at once."""
    state, at = infraction.state, infraction.ended_at
    if infraction.pardoned_at is not None:
        return f" · pardoned {timestamp(infraction.pardoned_at, 'R')}"
    if infraction.counts_until is not None and infraction.counts_until <= datetime.now(UTC):
        return f" · expired {timestamp(infraction.counts_until, 'R')}"
    if state is State.DONE:
        return ""
    if infraction.in_force and infraction.expires_at is not None:
        return f" · {state.value}, ends {timestamp(infraction.expires_at, 'R')}"
    return f" · {state.value} {timestamp(at, 'R')}" if at is not None else f" · {state.value}"


# --- cards --------------------------------------------------------------------------------------


def card(infraction: Infraction, history: Sequence[Step]) -> Embed:
    """Show an infraction with its whole history."""
    reason = shown(infraction.reason.strip(), LONGEST_IN_CARD) or "*No reason given.*"
    fields = [
        EmbedField(name="Member", value=member(infraction), inline=True),
        EmbedField(name="Moderator", value=moderator(infraction), inline=True),
        EmbedField(name="State", value=_state(infraction), inline=True),
        EmbedField(name="Created", value=_when(infraction), inline=True),
    ]
    if infraction.role_id is not None:
        fields.append(EmbedField(name="Role", value=f"<@&{infraction.role_id}>", inline=True))
    if infraction.expires_at is not None:
        expiry = timestamp(infraction.expires_at)
        fields.append(EmbedField(name="Expires", value=expiry, inline=True))
    fields.append(EmbedField(name="History", value=_history(history)))
    return Embed(
        title=f"#{infraction.number}: {_kind(infraction)}",
        description=reason,
        color=COLOURS[infraction.state],
        fields=tuple(fields),
    )


def _state(infraction: Infraction) -> str:
    """Return the state, and what went wrong, if anything did."""
    if infraction.hidden_at is not None:
        return f"deleted {timestamp(infraction.hidden_at, 'R')}"
    if infraction.pardoned_at is not None:
        return f"pardoned {timestamp(infraction.pardoned_at, 'R')}"
    if infraction.counts_until is not None and infraction.counts_until <= datetime.now(UTC):
        return f"expired {timestamp(infraction.counts_until, 'R')}"
    if infraction.failure is None:
        return infraction.state.value
    return f"{infraction.state.value}: {shown(infraction.failure, LONGEST_STEP)}"


def _when(infraction: Infraction) -> str:
    """Return when it was ordered, with the way to the message that did."""
    at = timestamp(infraction.created_at)
    if infraction.channel_id is None:
        return at
    if infraction.message_id is None:
        return f"{at} in <#{infraction.channel_id}>"
    place = f"{infraction.guild_id}/{infraction.channel_id}/{infraction.message_id}"
    return f"{at} by [a message](https://discord.com/channels/{place})"


def _history(history: Sequence[Step]) -> str:
    """Return the newest steps that fit into one field, in their order."""
    lines = [_step(step) for step in history]
    while len("\n".join(lines)) > LONGEST_FIELD - 2:
        lines.pop(0)
    left_out = ["…"] if len(lines) < len(history) else []
    return "\n".join(left_out + lines) or "Nothing yet."


def _step(step: Step) -> str:
    actor = _person(Person(step.actor_id or FLOTILLA.id, step.actor_name))
    detail = f": {on_one_line(step.detail, LONGEST_STEP)}" if step.detail else ""
    return f"{timestamp(step.at)} **{step.change}** by {actor}{detail}"


def _person(who: Person) -> str:
    return on_one_line(who.name, LONGEST_NAME) or f"<@{who.id}>"
