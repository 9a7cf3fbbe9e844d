"""The commands that change the record: reason, duration, both by form, delete, restore, pardon."""

from datetime import timedelta
from typing import Annotated, Final

from services.infractions import actions
from services.infractions.commands.declared import (
    BLURPLE,
    Edge,
    Number,
    cleaned,
    commands,
    level,
    moderator_of,
    row,
)
from services.infractions.deps import Deps
from services.infractions.model import LASTING, Infraction, Kind
from services.infractions.wording import LONGEST_IN_ANSWER, member, shown
from shared.commands import (
    Describe,
    Duration,
    Modal,
    Reply,
    Text,
    code,
    format_duration,
    parse_duration,
    timestamp,
)
from shared.contracts.actions import Button, TextInput
from shared.contracts.invocations import Invocation
from shared.errors import ForbiddenError, UserError
from shared.permissions import ADMINISTRATOR, MODERATOR

LONGEST_INPUT: Final = 4000
"""Characters that an input of a form takes."""

PERMANENT: Final = "permanent"


@commands.command("infractions reason", level=MODERATOR)
async def reason_(
    deps: Deps, by: Invocation, number: Number, text: Annotated[Text, Describe("The new reason")]
) -> Reply:
    """Give an infraction another reason; the history keeps the old one."""
    await _find_editable(deps, by, number)
    changed = await actions.set_reason(deps, by.guild_id, number, cleaned(text), moderator_of(by))
    return Reply(_reason_now(changed))


def _reason_now(infraction: Infraction) -> str:
    said = shown(infraction.reason, LONGEST_IN_ANSWER) or "none"
    return f"The reason of infraction #{infraction.number} is now: {said}"


@commands.command("infractions duration", level=MODERATOR)
async def duration_(
    deps: Deps,
    by: Invocation,
    number: Number,
    duration: Annotated[Duration | None, Describe("How long from now, such as 7d, or permanent")],
) -> Reply:
    """Change how long something lasts, from now on; the history keeps what it was."""
    await _find_editable(deps, by, number)
    changed = await actions.set_duration(deps, by.guild_id, number, duration, moderator_of(by))
    return Reply(_how_long(changed))


def _how_long(infraction: Infraction) -> str:
    end = infraction.expires_at or infraction.counts_until
    lasts = "counts" if infraction.kind is Kind.WARNING else "lasts"
    when = "for good" if end is None else f"until {timestamp(end)} ({timestamp(end, 'R')})"
    return f"Infraction #{infraction.number} of {member(infraction)} now {lasts} {when}."


# --- both, by a form ----------------------------------------------------------------------------


@commands.command("infractions edit", level=MODERATOR)
async def edit(deps: Deps, by: Invocation, number: Number) -> Reply | Modal:
    """Change reason and duration of an infraction in a form."""
    infraction = await _find_editable(deps, by, number)
    if by.source != "text":
        return _form(infraction)
    button = Button(label="Edit", custom_id=commands.custom_id("edit", number), style=BLURPLE)
    said = f"A form needs a button: press it to edit infraction #{number}."
    return Reply(said, components=row(button))


@commands.component("edit", of="infractions edit")
async def open_form(deps: Deps, by: Invocation, number: Edge) -> Modal:
    """Show the form with what stands now."""
    return _form(await _find_editable(deps, by, number))


def _form(infraction: Infraction) -> Modal:
    custom_id = commands.custom_id("edited", infraction.number, infraction.version)
    inputs = [
        TextInput(
            custom_id="reason",
            label="Reason",
            style=2,
            required=False,
            max_length=LONGEST_INPUT,
            value=infraction.reason[:LONGEST_INPUT] or None,
        )
    ]
    if infraction.kind is Kind.WARNING or (infraction.kind in LASTING and infraction.in_force):
        inputs.append(
            TextInput(
                custom_id="duration",
                label="Duration, from now if you change it",
                required=False,
                max_length=100,
                value=_length(infraction),
                placeholder="7d, 1w2d, permanent",
            )
        )
    return Modal(custom_id, f"Infraction #{infraction.number}", tuple(inputs))


def _length(infraction: Infraction) -> str:
    """Return how long it was to last in all."""
    end = infraction.expires_at or infraction.counts_until
    return PERMANENT if end is None else format_duration(end - infraction.created_at)


@commands.component("edited", of="infractions edit")
async def edited(  # what the form carries, and what was filled in
    deps: Deps,
    by: Invocation,
    number: Edge,
    version: int,
    reason: str = "",
    duration: str = "",
) -> Reply:
    """Change what was changed in the form, if nobody else changed it meanwhile."""
    infraction = await _find_editable(deps, by, number)
    written = duration.strip().lower()
    new_length = _read(written) if written else None
    lasts_else = bool(written) and written != _length(infraction)
    said: list[str] = []
    new_reason = cleaned(reason)
    if new_reason != infraction.reason[:LONGEST_INPUT].strip():
        infraction = await actions.set_reason(
            deps, by.guild_id, number, new_reason, moderator_of(by), version=version
        )
        version = infraction.version
        said.append(_reason_now(infraction))
    if lasts_else:
        infraction = await actions.set_duration(
            deps, by.guild_id, number, new_length, moderator_of(by), version=version
        )
        said.append(_how_long(infraction))
    if not said:
        return Reply(f"Nothing was changed about infraction #{number}.", ephemeral=True)
    return Reply("\n".join(said))


def _read(written: str) -> timedelta | None:
    """Read the duration of a form. Raises UserError."""
    if written in (PERMANENT, "forever", "never"):
        return None
    try:
        return parse_duration(written)
    except ValueError as error:
        raise UserError(
            f"The duration {code(written)} {error}: expected one such as `30m`, `7d` or `1w2d3h`, "
            "or `permanent`. Nothing was changed."
        ) from None


# --- out of the record, and back ----------------------------------------------------------------


@commands.command("infractions delete", level=ADMINISTRATOR)
async def delete(deps: Deps, by: Invocation, number: Number) -> Reply:
    """Take an infraction out of the record; `restore` brings it back."""
    infraction = await actions.hide(deps, by.guild_id, number, moderator_of(by))
    return Reply(
        f"Infraction #{number} of {member(infraction)} is out of the record. "
        f"`infractions restore {number}` brings it back."
    )


@commands.command("infractions restore", level=ADMINISTRATOR)
async def restore(deps: Deps, by: Invocation, number: Number) -> Reply:
    """Bring back an infraction that was deleted."""
    infraction = await actions.restore(deps, by.guild_id, number, moderator_of(by))
    return Reply(f"Infraction #{number} of {member(infraction)} is in the record again.")


@commands.command("infractions pardon", level=ADMINISTRATOR)
async def pardon(deps: Deps, by: Invocation, number: Number) -> Reply:
    """Let a warning count no more; it stays in the record."""
    infraction = await actions.pardon(deps, by.guild_id, number, moderator_of(by))
    return Reply(f"Infraction #{number} of {member(infraction)} counts no more.")


# --- what several of them need ------------------------------------------------------------------


async def _find_editable(deps: Deps, by: Invocation, number: int) -> Infraction:
    """Return an infraction that somebody may edit: their own, or others' with the level for it.

    Raises NotFoundError, ForbiddenError.
    """
    infraction, _ = await actions.show(deps, by.guild_id, number)
    needed = deps.config.get(by.guild_id).plugins.infractions.reason_edit_level
    if infraction.moderator_id != by.user.id and level(deps, by) < needed:
        raise ForbiddenError(
            f"Infraction #{number} is not yours: to edit others' you need level {needed}, and "
            f"yours is {level(deps, by)}."
        )
    return infraction
