"""The commands of infractions: warn, ban, tempban, unban, and looking things up."""

from datetime import timedelta
from typing import Annotated, Final

from services.infractions import actions
from services.infractions.actions import Page
from services.infractions.deps import Deps
from services.infractions.model import LARGEST_NUMBER, Filter, Infraction, Kind, Order, Person
from services.infractions.targets import Target, find_target
from services.infractions.wording import card, listing, member, reference, until
from shared.commands import Commands, Describe, Duration, Range, Reply, Text
from shared.contracts.actions import ActionRow, Button
from shared.contracts.ids import UserId
from shared.contracts.invocations import Invocation, MessageTarget
from shared.permissions import MODERATOR

commands: Commands[Deps] = Commands("infractions")

PAGE: Final = 10
"""Infractions on one page of a search."""

GREY: Final = 2
"""The style of buttons that only look."""

Who = Annotated[UserId, Describe("Whom: a mention or an id")]
Edge = Annotated[int, Range(1, LARGEST_NUMBER)]
Why = Annotated[Text, Describe("Why; moderators read it, and the member if they are told")]


@commands.command("warn", level=MODERATOR)
async def warn(deps: Deps, by: Invocation, user: Who, reason: Why) -> Reply:
    """Warn somebody; the warning stays in their record."""
    target = await find_target(deps, by, user)
    infraction = await actions.order(deps, _order(by, target, Kind.WARNING, reason))
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
    what = _order(by, target, Kind.BAN, reason, delete_days=delete_days)
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
    infraction = await actions.order(deps, _order(by, target, Kind.BAN, reason, duration))
    return Reply(f"Banned {member(infraction)} {until(infraction)}. {reference(infraction)}")


@commands.command("unban", level=MODERATOR)
async def unban(deps: Deps, by: Invocation, user: Who, reason: Why = "") -> Reply:
    """Lift somebody's ban before its time."""
    target = await find_target(deps, by, user)
    infraction = await actions.order(deps, _order(by, target, Kind.UNBAN, reason))
    return Reply(f"Unbanned {member(infraction)}. {reference(infraction)}")


@commands.command("infractions info", level=MODERATOR)
async def info(
    deps: Deps, by: Invocation, number: Annotated[int, Describe("The infraction's number")]
) -> Reply:
    """Show an infraction with its whole history."""
    return Reply(embeds=(card(*await actions.show(deps, by.guild_id, number)),))


@commands.command("infractions search", level=MODERATOR)
async def search(
    deps: Deps,
    by: Invocation,
    user: Annotated[UserId | None, Describe("Whose; everybody's without")] = None,
) -> Reply:
    """List infractions, newest first."""
    page = await actions.page(deps, by.guild_id, Filter(user_id=user), limit=PAGE)
    if not page.infractions:
        return Reply(f"There are no infractions{f' of <@{user}>' if user else ' yet'}.")
    return _list(page, user, turned=False)


@commands.component("older", of="infractions search")
async def older(deps: Deps, by: Invocation, before: Edge, user: UserId | None = None) -> Reply:
    """Turn to what was before."""
    matching = Filter(user_id=user)
    return _list(await actions.page(deps, by.guild_id, matching, before=before, limit=PAGE), user)


@commands.component("newer", of="infractions search")
async def newer(deps: Deps, by: Invocation, after: Edge, user: UserId | None = None) -> Reply:
    """Turn to what came after."""
    matching = Filter(user_id=user)
    page = await actions.newer_page(deps, by.guild_id, matching, after=after, limit=PAGE)
    return _list(page, user)


def _list(page: Page, user: UserId | None, *, turned: bool = True) -> Reply:
    """Show a page, in the place of the one whose button was pressed."""
    if not page.infractions:
        return Reply("There is nothing on this page any more.", ephemeral=True)
    embed = listing(page.infractions, of=page.infractions[0].user_name if user else "")
    buttons = (
        _button("Newer", page.newer, page.infractions[0], user),
        _button("Older", page.older, page.infractions[-1], user),
    )
    rows = (ActionRow(components=buttons),) if page.newer or page.older else ()
    return Reply(embeds=(embed,), components=rows, update=turned)


def _button(label: str, there: bool, edge: Infraction, user: UserId | None) -> Button:
    """Return a button that turns to what lies beyond the edge of a page."""
    whose = () if user is None else (user,)
    custom_id = commands.custom_id(label.lower(), edge.number, *whose)
    return Button(label=label, custom_id=custom_id, style=GREY, disabled=not there)


def _order(  # the two optional ones belong to bans alone
    by: Invocation,
    target: Target,
    kind: Kind,
    reason: str,
    duration: timedelta | None = None,
    *,
    delete_days: int = 0,
) -> Order:
    message = by.reply_to.message_id if isinstance(by.reply_to, MessageTarget) else None
    return Order(
        guild_id=by.guild_id,
        kind=kind,
        user=target.person,
        moderator=Person(by.user.id, by.user.name),
        reason=_clean(reason),
        source=by.source,
        source_key=by.id,
        duration=duration,
        delete_message_seconds=delete_days * 86_400,
        channel_id=by.channel_id,
        message_id=message,
    )


def _clean(reason: str) -> str:
    """Return a reason without what Postgres keeps in no text, and blanks around it."""
    return reason.replace("\0", "").strip()
