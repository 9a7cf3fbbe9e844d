"""The commands that do something about a member: from a note to a ban, and what takes it back."""

from datetime import timedelta
from typing import Annotated

from services.infractions import actions
from services.infractions.commands.acknowledging import acknowledge
from services.infractions.commands.declared import (
    Days,
    HowLong,
    Points,
    Who,
    Why,
    commands,
    order_of,
)
from services.infractions.deps import Deps
from services.infractions.model import Kind
from services.infractions.targets import check_role, find_target
from shared.commands import Describe, Duration, Reply, Silence
from shared.contracts.ids import RoleId
from shared.contracts.invocations import Invocation
from shared.permissions import MODERATOR

Length = Annotated[Duration, Describe(HowLong)]
Answered = Reply | Silence


@commands.command("warn", level=MODERATOR, menu="user")
async def warn(
    deps: Deps, by: Invocation, user: Who, reason: Why, *, points: Points = 1
) -> Answered:
    """Warn somebody; the warning stays in their record."""
    target = await find_target(deps, by, user)
    what = order_of(by, target, Kind.WARNING, reason, points=points)
    infraction = await actions.order(deps, what)
    return await acknowledge(deps, by, infraction)


@commands.command("note", level=MODERATOR)
async def note(
    deps: Deps,
    by: Invocation,
    user: Who,
    text: Annotated[Why, Describe("What moderators should know; the member never sees it")],
) -> Answered:
    """Note something about somebody, for moderators only."""
    target = await find_target(deps, by, user)
    infraction = await actions.order(deps, order_of(by, target, Kind.NOTE, text))
    return await acknowledge(deps, by, infraction)


@commands.command("kick", level=MODERATOR)
async def kick(deps: Deps, by: Invocation, user: Who, reason: Why = "") -> Answered:
    """Kick somebody; they may come back with an invite."""
    target = await find_target(deps, by, user)
    infraction = await actions.order(deps, order_of(by, target, Kind.KICK, reason))
    return await acknowledge(deps, by, infraction)


# --- mutes --------------------------------------------------------------------------------------


@commands.command("mute", level=MODERATOR, menu="user", menu_form=True)
async def mute(
    deps: Deps,
    by: Invocation,
    user: Who,
    duration: Annotated[Duration | None, Describe(f"{HowLong}; for good without")] = None,
    reason: Why = "",
) -> Answered:
    """Mute somebody, for a time or for good; again to change how long."""
    return await _mute(deps, by, user, duration, reason)


@commands.command("tempmute", level=MODERATOR)
async def tempmute(
    deps: Deps, by: Invocation, user: Who, duration: Length, reason: Why = ""
) -> Answered:
    """Mute somebody for a time."""
    return await _mute(deps, by, user, duration, reason)


async def _mute(
    deps: Deps, by: Invocation, user: Who, duration: timedelta | None, reason: str
) -> Answered:
    target = await find_target(deps, by, user)
    infraction = await actions.order(deps, order_of(by, target, Kind.MUTE, reason, duration))
    return await acknowledge(deps, by, infraction)


@commands.command("unmute", level=MODERATOR)
async def unmute(deps: Deps, by: Invocation, user: Who, reason: Why = "") -> Answered:
    """Lift somebody's mute before its time."""
    target = await find_target(deps, by, user)
    infraction = await actions.order(deps, order_of(by, target, Kind.UNMUTE, reason))
    return await acknowledge(deps, by, infraction)


# --- bans ---------------------------------------------------------------------------------------


@commands.command("ban", level=MODERATOR, aliases=("forceban",))
async def ban(
    deps: Deps, by: Invocation, user: Who, delete_days: Days = 0, reason: Why = ""
) -> Answered:
    """Ban somebody for good, also by id when they are not here."""
    target = await find_target(deps, by, user)
    what = order_of(by, target, Kind.BAN, reason, delete_days=delete_days)
    return await acknowledge(deps, by, await actions.order(deps, what))


@commands.command("tempban", level=MODERATOR)
async def tempban(
    deps: Deps, by: Invocation, user: Who, duration: Length, reason: Why = ""
) -> Answered:
    """Ban somebody for a time."""
    target = await find_target(deps, by, user)
    infraction = await actions.order(deps, order_of(by, target, Kind.BAN, reason, duration))
    return await acknowledge(deps, by, infraction)


@commands.command("softban", level=MODERATOR)
async def softban(
    deps: Deps, by: Invocation, user: Who, delete_days: Days = 1, reason: Why = ""
) -> Answered:
    """Kick somebody and delete their messages of the last days, by a ban that is lifted at once."""
    target = await find_target(deps, by, user)
    what = order_of(by, target, Kind.SOFTBAN, reason, delete_days=delete_days)
    return await acknowledge(deps, by, await actions.order(deps, what))


@commands.command("unban", level=MODERATOR)
async def unban(deps: Deps, by: Invocation, user: Who, reason: Why = "") -> Answered:
    """Lift somebody's ban before its time."""
    target = await find_target(deps, by, user)
    infraction = await actions.order(deps, order_of(by, target, Kind.UNBAN, reason))
    return await acknowledge(deps, by, infraction)


# --- roles --------------------------------------------------------------------------------------


@commands.command("temprole", level=MODERATOR)
async def temprole(
    deps: Deps,
    by: Invocation,
    user: Who,
    role: Annotated[RoleId, Describe("Which role, below your own highest one and mine")],
    duration: Length,
    reason: Why = "",
) -> Answered:
    """Give somebody a role for a time."""
    target = await find_target(deps, by, user)
    await check_role(deps, by, role)
    await actions.check_role_is_new(deps, by.guild_id, user, role, target.roles)
    what = order_of(by, target, Kind.TEMPROLE, reason, duration, role_id=role)
    return await acknowledge(deps, by, await actions.order(deps, what))
