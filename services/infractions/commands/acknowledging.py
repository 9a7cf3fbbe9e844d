"""The answer to a measure, as the server wants it, with a button that undoes it for a minute."""

from datetime import timedelta
from typing import Final

from services.infractions import actions
from services.infractions.answers import done
from services.infractions.commands.declared import (
    GREY,
    Edge,
    commands,
    level,
    moderator_of,
    row,
)
from services.infractions.deps import Deps
from services.infractions.model import Infraction, Kind
from services.infractions.timers import DeleteAnswer, RetireUndo
from services.infractions.wording import member, on_one_line
from shared import jobs
from shared.commands import Reply, Silence
from shared.commands.reply import to_message
from shared.contracts.actions import Button
from shared.contracts.ids import GuildId
from shared.contracts.invocations import Invocation, MessageTarget
from shared.errors import ForbiddenError, UserError
from shared.permissions import ADMINISTRATOR, MODERATOR

UNDO_WITHIN: Final = timedelta(minutes=1)
CHECK_MARK: Final = "✅"
UNDONE: Final = frozenset({Kind.NOTE, Kind.WARNING, Kind.MUTE, Kind.BAN, Kind.TEMPROLE})
"""The kinds that can be taken back: nobody comes back from a kick by it."""


async def acknowledge(deps: Deps, by: Invocation, infraction: Infraction) -> Reply | Silence:
    """Answer what was done: in words, by a reaction, or not at all, and perhaps not for long.

    A slash command has to be answered; where the server wants no answers, only the moderator sees
    it.
    """
    wanted = deps.config.get(by.guild_id).plugins.infractions
    quiet = wanted.ack_actions_use_reaction or not wanted.ack_actions
    if quiet and isinstance(by.reply_to, MessageTarget):
        return Silence(CHECK_MARK if wanted.ack_actions_use_reaction else "")
    _, history = await actions.show(deps, infraction.guild_id, infraction.number)
    older = await actions.replaced(deps, infraction)
    before = await actions.record_before(deps, infraction)
    answer = Reply(
        done(infraction, history, older, before),
        components=row(_undo_button(infraction)) if infraction.kind in UNDONE else (),
        ephemeral=True if quiet else None,
    )
    await _tidy_later(deps, by, infraction, answer, wanted.ack_actions_delete_after)
    return answer


def _undo_button(infraction: Infraction) -> Button:
    return Button(label="Undo", custom_id=commands.custom_id("undo", infraction.number), style=GREY)


async def _tidy_later(
    deps: Deps, by: Invocation, infraction: Infraction, answer: Reply, delete_after: int
) -> None:
    """Have jobs take the button off after a minute, and delete the answer if that is wanted."""
    if delete_after:
        job = DeleteAnswer(to=by.reply_to)
        after = timedelta(seconds=delete_after)
        await jobs.schedule(deps.db, job, after=after, key=f"{by.guild_id}:{by.id}")
    if answer.components and not 0 < delete_after <= UNDO_WITHIN.total_seconds():
        plain = to_message(Reply(answer.content, ephemeral=answer.ephemeral))
        job = RetireUndo(to=by.reply_to, message=plain)
        await jobs.schedule(
            deps.db,
            job,
            at=infraction.created_at + UNDO_WITHIN,
            key=_button_key(infraction.guild_id, infraction.number),
        )


def _button_key(guild_id: GuildId, number: int) -> str:
    return f"{guild_id}:{number}"


@commands.component("undo", level=MODERATOR)
async def undo(deps: Deps, by: Invocation, number: Edge) -> Reply:
    """Take back a measure that was ordered less than a minute ago."""
    infraction, _ = await actions.show(deps, by.guild_id, number)
    _check_undo(deps, by, infraction)
    await actions.undo(deps, by.guild_id, number, moderator_of(by))
    await jobs.cancel(deps.db, RetireUndo, _button_key(by.guild_id, number))
    who = on_one_line(by.user.name, 64)
    kind = infraction.kind.value
    return Reply(
        f"Taken back by {who}: the {kind} of {member(infraction)}, infraction #{number}.",
        update=True,
    )


def _check_undo(deps: Deps, by: Invocation, infraction: Infraction) -> None:
    """Raise ForbiddenError for others, UserError when it is too late."""
    if infraction.moderator_id != by.user.id and level(deps, by) < ADMINISTRATOR:
        raise ForbiddenError(
            f"Only who ordered infraction #{infraction.number}, or level {ADMINISTRATOR}, "
            "can take it back."
        )
    if by.received_at > infraction.created_at + UNDO_WITHIN:
        raise UserError(
            f"It is too late to take infraction #{infraction.number} back by this button: that "
            "works for a minute."
        )
