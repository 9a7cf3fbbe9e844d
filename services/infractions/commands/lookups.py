"""The commands that look into the record: one infraction, and pages of many."""

from typing import Annotated, Final

from services.infractions import actions
from services.infractions.actions import Page
from services.infractions.answers import summed
from services.infractions.commands.declared import GREY, Edge, Number, Who, commands, level, row
from services.infractions.deps import Deps
from services.infractions.model import Filter, Infraction, Kind, State
from services.infractions.wording import card, listing
from shared.commands import Describe, Length, Moment, Reply, Text
from shared.contracts.actions import Button
from shared.contracts.ids import UserId
from shared.contracts.invocations import Invocation
from shared.errors import ForbiddenError, NotFoundError
from shared.permissions import ADMINISTRATOR, MODERATOR

PAGE: Final = 10
"""Infractions on one page of a search."""

LONGEST_SEARCH: Final = 200
"""Characters of a text that is searched for."""

GONE: Final = "There is nothing on this page any more."


@commands.command("infractions info", level=MODERATOR)
async def info(deps: Deps, by: Invocation, number: Number) -> Reply:
    """Show an infraction with its whole history."""
    infraction, history = await actions.show(deps, by.guild_id, number)
    if infraction.hidden_at is not None and level(deps, by) < ADMINISTRATOR:
        raise NotFoundError(f"There is no infraction #{number} in this server.")
    return Reply(embeds=(card(infraction, history),))


# --- searching ----------------------------------------------------------------------------------


@commands.command("infractions search", level=MODERATOR)
async def search(  # one option for each thing that can be searched by
    deps: Deps,
    by: Invocation,
    user: Annotated[UserId | None, Describe("Whose; everybody's without")] = None,
    moderator: Annotated[UserId | None, Describe("By whom they were ordered")] = None,
    kind: Annotated[Kind | None, Describe("What happened")] = None,
    state: Annotated[State | None, Describe("How far it has come")] = None,
    from_: Annotated[Moment | None, Describe("Since when, such as 2026-11-01 or 7d")] = None,
    to: Annotated[Moment | None, Describe("Until when, such as 2026-12-01 or 1d")] = None,
    text: Annotated[Text, Length(LONGEST_SEARCH), Describe("Words of the reason or a name")] = "",
) -> Reply:
    """List infractions that match, newest first."""
    matching = Filter(
        user_id=user,
        moderator_id=moderator,
        kind=kind,
        state=state,
        since=from_,
        until=to,
        text=text.replace("\0", ""),
    )
    return await _found(deps, by, matching)


@commands.command("infractions recent", level=MODERATOR)
async def recent(deps: Deps, by: Invocation) -> Reply:
    """List the newest infractions of the server."""
    return await _found(deps, by, Filter())


@commands.command("infractions deleted", level=ADMINISTRATOR)
async def deleted(deps: Deps, by: Invocation) -> Reply:
    """List what was deleted and can be restored."""
    return await _found(deps, by, Filter(hidden=True))


async def _found(deps: Deps, by: Invocation, matching: Filter) -> Reply:
    page = await actions.page(deps, by.guild_id, matching, limit=PAGE)
    if not page.infractions:
        return Reply(_nothing(matching))
    kept = await actions.keep_filter(deps, by.guild_id, matching) if page.older else 0
    return _list(page, matching, kept, turned=False)


def _nothing(matching: Filter) -> str:
    if matching == Filter():
        return "There are no infractions yet."
    if matching == Filter(hidden=True):
        return "Nothing was deleted."
    if matching.user_id is not None and matching == Filter(user_id=matching.user_id):
        return f"There are no infractions of <@{matching.user_id}>."
    return "No infractions match that."


@commands.component("older", of="infractions search")
async def older(deps: Deps, by: Invocation, before: Edge, kept: int = 0) -> Reply:
    """Turn to what was before."""
    matching = await _kept(deps, by, kept)
    page = await actions.page(deps, by.guild_id, matching, before=before, limit=PAGE)
    return _list(page, matching, kept)


@commands.component("newer", of="infractions search")
async def newer(deps: Deps, by: Invocation, after: Edge, kept: int = 0) -> Reply:
    """Turn to what came after."""
    matching = await _kept(deps, by, kept)
    page = await actions.newer_page(deps, by.guild_id, matching, after=after, limit=PAGE)
    return _list(page, matching, kept)


async def _kept(deps: Deps, by: Invocation, kept: int) -> Filter:
    matching = await actions.kept_filter(deps, by.guild_id, kept)
    if matching.hidden and level(deps, by) < ADMINISTRATOR:
        raise ForbiddenError(f"What was deleted is shown to level {ADMINISTRATOR} only.")
    return matching


def _list(page: Page, matching: Filter, kept: int, *, turned: bool = True) -> Reply:
    """Show a page, in the place of the one whose button was pressed."""
    if not page.infractions:
        return Reply(GONE, ephemeral=True)
    embed = listing(page.infractions, of=page.infractions[0].user_name if matching.user_id else "")
    buttons = _turns(page, "newer", "older", kept)
    return Reply(embeds=(embed,), components=row(*buttons), update=turned)


def _turns(page: Page, newer: str, older: str, carried: int) -> tuple[Button, ...]:
    """Return the buttons to the pages beside one, none where there are none."""
    if not page.newer and not page.older:
        return ()
    return (
        _turn("Newer", newer, page.newer, page.infractions[0], carried),
        _turn("Older", older, page.older, page.infractions[-1], carried),
    )


def _turn(label: str, component: str, there: bool, edge: Infraction, carried: int) -> Button:
    """Return a button that turns to what lies beyond the edge of a page."""
    custom_id = commands.custom_id(component, edge.number, carried)
    return Button(label=label, custom_id=custom_id, style=GREY, disabled=not there)


# --- a member's history -------------------------------------------------------------------------


@commands.command("infractions history", level=MODERATOR, menu="user", menu_name="History")
async def history(deps: Deps, by: Invocation, user: Who) -> Reply:
    """Show somebody's record: how much of what, then the list."""
    page = await actions.page(deps, by.guild_id, Filter(user_id=user), limit=PAGE)
    if not page.infractions:
        return Reply(f"There are no infractions of <@{user}>.")
    return await _record(deps, by, user, page, turned=False)


@commands.component("past-older", of="infractions history")
async def past_older(deps: Deps, by: Invocation, before: Edge, user: UserId) -> Reply:
    """Turn to what was before in somebody's record."""
    theirs = Filter(user_id=user)
    page = await actions.page(deps, by.guild_id, theirs, before=before, limit=PAGE)
    return await _record(deps, by, user, page)


@commands.component("past-newer", of="infractions history")
async def past_newer(deps: Deps, by: Invocation, after: Edge, user: UserId) -> Reply:
    """Turn to what came after in somebody's record."""
    theirs = Filter(user_id=user)
    page = await actions.newer_page(deps, by.guild_id, theirs, after=after, limit=PAGE)
    return await _record(deps, by, user, page)


async def _record(
    deps: Deps, by: Invocation, user: UserId, page: Page, *, turned: bool = True
) -> Reply:
    if not page.infractions:
        return Reply(GONE, ephemeral=True)
    counts = summed(await actions.record_counts(deps, by.guild_id, user))
    embed = listing(page.infractions, of=page.infractions[0].user_name, summary=counts)
    buttons = _turns(page, "past-newer", "past-older", user)
    return Reply(embeds=(embed,), components=row(*buttons), update=turned)
