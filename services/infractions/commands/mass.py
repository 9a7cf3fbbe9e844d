"""Measures for many members at once: a preview, a confirmation, and one result for each."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Final

from services.infractions import actions
from services.infractions.commands.declared import Why, commands, moderator_of, source_of
from services.infractions.deps import Deps
from services.infractions.mass_model import MEASURES, MOST, MassRow, What
from services.infractions.mass_wording import preview, progress
from services.infractions.model import Kind, Order, Person
from services.infractions.targets import find_target
from shared.commands import Describe, Duration, Reply, Users
from shared.contracts.actions import Message
from shared.contracts.ids import UserId
from shared.contracts.invocations import Invocation
from shared.errors import UnavailableError, UserError
from shared.permissions import ADMINISTRATOR

AT_ONCE: Final = 10
"""How many people are looked up at the same time."""

NOBODY: Final = UserId(0)

All = Annotated[Users, Describe(f"Whom: mentions or ids, {MOST} at most")]


@commands.command("mban", level=ADMINISTRATOR)
async def mban(deps: Deps, by: Invocation, users: All, reason: Why = "") -> Reply:
    """Ban many at once, after a confirmation."""
    return await _ask(deps, by, "ban", users, reason)


@commands.command("mkick", level=ADMINISTRATOR)
async def mkick(deps: Deps, by: Invocation, users: All, reason: Why = "") -> Reply:
    """Kick many at once, after a confirmation."""
    return await _ask(deps, by, "kick", users, reason)


@commands.command("mmute", level=ADMINISTRATOR)
async def mmute(
    deps: Deps,
    by: Invocation,
    users: All,
    duration: Annotated[Duration | None, Describe("How long; for good without")] = None,
    reason: Why = "",
) -> Reply:
    """Mute many at once, after a confirmation."""
    return await _ask(deps, by, "mute", users, reason, duration)


async def _ask(  # what a command was given
    deps: Deps,
    by: Invocation,
    what: What,
    users: Sequence[UserId],
    reason: str,
    duration: timedelta | None = None,
) -> Reply:
    """Show what would be done, with the buttons that decide."""
    if len(users) > MOST:
        raise UserError(f"{len(users)} members are too many at once: {MOST} is the most.")
    _check_reason(deps, by, reason)
    rows = await _look_up(deps, by, users)
    kept, rows = await actions.preview_mass(
        deps, what, template_of(by, MEASURES[what], reason, duration), rows
    )
    return mass_reply(preview(kept, rows))


def _check_reason(deps: Deps, by: Invocation, reason: str) -> None:
    """Raise UserError before the preview where each single measure would want a reason."""
    if not reason and deps.config.get(by.guild_id).plugins.infractions.require_reason:
        raise UserError("This server wants a reason with every measure: add it at the end.")


def template_of(
    by: Invocation, kind: Kind, reason: str, duration: timedelta | None = None
) -> Order:
    """Return what is ordered, but for whom."""
    return Order(
        guild_id=by.guild_id,
        kind=kind,
        user=Person(NOBODY, ""),
        moderator=moderator_of(by),
        reason=reason.replace("\0", "").strip(),
        source=source_of(by),
        source_key=by.id,
        duration=duration,
        channel_id=by.channel_id,
    )


async def _look_up(deps: Deps, by: Invocation, users: Sequence[UserId]) -> list[MassRow]:
    """Find everybody, and say of whom the moderator may not act on why."""
    slots = asyncio.Semaphore(AT_ONCE)

    async def row(position: int, user_id: UserId) -> MassRow:
        async with slots:
            return await _row(deps, by, position, user_id)

    return list(await asyncio.gather(*(row(at, user) for at, user in enumerate(users, start=1))))


async def _row(deps: Deps, by: Invocation, position: int, user_id: UserId) -> MassRow:
    try:
        target = await find_target(deps, by, user_id)
    except UnavailableError:
        raise
    except UserError as refusal:
        return MassRow(
            position=position,
            user_id=user_id,
            user_name="",
            outcome="refused",
            detail=refusal.message,
        )
    return MassRow(position=position, user_id=user_id, user_name=target.user.name)


@commands.component("mass-confirm", level=ADMINISTRATOR)
async def confirm(deps: Deps, by: Invocation, order: int) -> Reply:
    """Begin, and show how far it is."""
    kept, rows = await actions.confirm_mass(deps, by.guild_id, order, by.user.id, by.reply_to)
    return mass_reply(progress(kept, rows), update=True)


@commands.component("mass-cancel", level=ADMINISTRATOR)
async def cancel(deps: Deps, by: Invocation, order: int) -> Reply:
    """Give it up, or stop what has not begun."""
    kept, rows = await actions.cancel_mass(deps, by.guild_id, order, by.user.id)
    return mass_reply(progress(kept, rows), update=True)


def mass_reply(message: Message, *, update: bool = False) -> Reply:
    """Return a message about a mass order as an answer."""
    return Reply(
        message.content,
        components=message.components,
        files=message.files,
        update=update,
    )
