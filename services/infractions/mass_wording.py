"""Mass orders in words: the preview, how far it is, and what came of everybody."""

from collections.abc import Mapping, Sequence
from typing import Final

from services.infractions.mass_model import MassOrder, MassRow, What
from services.infractions.wording import (
    LONGEST_IN_LINE,
    LONGEST_NAME,
    on_one_line,
)
from shared.commands import format_duration
from shared.contracts.actions import ActionRow, Button, File, Message

LONGEST: Final = 1900
"""Characters of a list in a message; a longer one is attached."""

CONFIRM, CANCEL = "infractions:mass-confirm", "infractions:mass-cancel"
RED, GREY = 4, 2

WORDS: Final[Mapping[What, tuple[str, str]]] = {
    "ban": ("Ban", "banned"),
    "kick": ("Kick", "kicked"),
    "mute": ("Mute", "muted"),
    "delete": ("Delete", "deleted"),
    "pardon": ("Pardon", "pardoned"),
}


def preview(kept: MassOrder, rows: Sequence[MassRow]) -> Message:
    """Say what would be done and to whom, and whom it can't be done to, with the two buttons."""
    acted_on = [row for row in rows if row.outcome is None]
    others = [row for row in rows if row.outcome is not None]
    lines = [f"**{_title(kept, len(acted_on))}**{_reason(kept)}"]
    lines += [f"- {_name(kept, row)}" for row in acted_on]
    if others:
        lines += ["**Not possible:**", *(f"- {_name(kept, row)}: {row.detail}" for row in others)]
    if not acted_on:
        return _message(lines, ())
    lines.append("Confirm within five minutes.")
    return _message(lines, (_confirm(kept), _cancel(kept)))


def progress(kept: MassOrder, rows: Sequence[MassRow]) -> Message:
    """Say how far it is; at the end what came of each."""
    done = sum(row.outcome is not None for row in rows)
    if kept.state == "cancelled" and done < len(rows):
        return _message([f"**Stopping …** {done} of {len(rows)} were begun before."], ())
    if kept.state == "running":
        return _message(
            [f"**{_title(kept, len(rows))}** {done} of {len(rows)} …"], (_cancel(kept),)
        )
    return _message([_end(kept, rows), *(f"- {_result(kept, row)}" for row in rows)], ())


def _end(kept: MassOrder, rows: Sequence[MassRow]) -> str:
    count = sum(row.outcome == "done" for row in rows)
    end = "Cancelled" if kept.state == "cancelled" else "Done"
    return f"**{end}: {count} of {len(rows)} {WORDS[kept.what][1]}.**{_reason(kept)}"


def _title(kept: MassOrder, count: int) -> str:
    what = "infraction" if kept.what in ("delete", "pardon") else "member"
    long = "" if kept.duration is None else f" for {format_duration(kept.duration)}"
    return f"{WORDS[kept.what][0]} {count} {what}{'' if count == 1 else 's'}{long}."


def _reason(kept: MassOrder) -> str:
    said = on_one_line(kept.reason, LONGEST_IN_LINE)
    return f" Reason: {said}" if said else ""


def _result(kept: MassOrder, row: MassRow) -> str:
    if row.outcome == "done":
        number = "" if _of_infractions(kept) else f", infraction #{row.number or 0}"
        return f"{_name(kept, row)}: {WORDS[kept.what][1]}{number}"
    if row.outcome == "cancelled":
        return f"{_name(kept, row)}: not begun"
    return f"{_name(kept, row)}: {row.outcome or 'under way'}. {row.detail}".rstrip()


def _of_infractions(kept: MassOrder) -> bool:
    return kept.what in ("delete", "pardon")


def _name(kept: MassOrder, row: MassRow) -> str:
    name = on_one_line(row.user_name, LONGEST_NAME)
    who = f"**{name}** (<@{row.user_id}>)" if name else f"<@{row.user_id}>"
    return f"#{row.number} of {who}" if _of_infractions(kept) else who


def _confirm(kept: MassOrder) -> Button:
    label = WORDS[kept.what][0]
    return Button(label=label, custom_id=f"{CONFIRM}:{kept.id}", style=RED)


def _cancel(kept: MassOrder) -> Button:
    return Button(label="Cancel", custom_id=f"{CANCEL}:{kept.id}", style=GREY)


def _message(lines: Sequence[str], buttons: Sequence[Button]) -> Message:
    """Return a message of these lines, the list as a file where it is too long."""
    rows = (ActionRow(components=tuple(buttons)),) if buttons else ()
    text = "\n".join(lines)
    if len(text) <= LONGEST:
        return Message(content=text, components=rows)
    file = File(name="list.txt", data="\n".join(lines[1:]).encode(), content_type="text/plain")
    return Message(content=f"{lines[0]} The list is in the file.", components=rows, files=(file,))
