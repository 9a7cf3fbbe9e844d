"""The commands that do something about a member: warn, ban, tempban, unban."""

from typing import Annotated

from services.infractions import actions
from services.infractions.commands.declared import Who, Why, commands, order_of
from services.infractions.deps import Deps
from services.infractions.model import Kind
from services.infractions.targets import find_target
from services.infractions.wording import member, reference, until
from shared.commands import Describe, Duration, Range, Reply
from shared.contracts.invocations import Invocation
from shared.permissions import MODERATOR


@commands.command("warn", level=MODERATOR)
async def warn(deps: Deps, by: Invocation, user: Who, reason: Why) -> Reply:
    """Warn somebody; the warning stays in their record."""
    target = await find_target(deps, by, user)
    infraction = await actions.order(deps, order_of(by, target, Kind.WARNING, reason))
    return Reply(f"Warned {member(infraction)}. {reference(infraction)}")


@commands.command("ban", level=MODERATOR, aliases=("forceban",))
async def ban(
    deps: Deps,
    by: Invocation,
    user: Who,
    delete_days: Annotated[int, Range(0, 7), Describe("Days of messages to delete, 0 to 7")] = 0,
    reason: Why = "",
) -> Reply:
    """Ban somebody for good, also by id when they are not here."""
    target = await find_target(deps, by, user)
    what = order_of(by, target, Kind.BAN, reason, delete_days=delete_days)
    infraction = await actions.order(deps, what)
    return Reply(f"Banned {member(infraction)}. {reference(infraction)}")


@commands.command("tempban", level=MODERATOR)
async def tempban(
    deps: Deps,
    by: Invocation,
    user: Who,
    duration: Annotated[Duration, Describe("How long, such as 30m, 7d or 1w2d")],
    reason: Why = "",
) -> Reply:
    """Ban somebody for a time."""
    target = await find_target(deps, by, user)
    infraction = await actions.order(deps, order_of(by, target, Kind.BAN, reason, duration))
    return Reply(f"Banned {member(infraction)} {until(infraction)}. {reference(infraction)}")


@commands.command("unban", level=MODERATOR)
async def unban(deps: Deps, by: Invocation, user: Who, reason: Why = "") -> Reply:
    """Lift somebody's ban before its time."""
    target = await find_target(deps, by, user)
    infraction = await actions.order(deps, order_of(by, target, Kind.UNBAN, reason))
    return Reply(f"Unbanned {member(infraction)}. {reference(infraction)}")
