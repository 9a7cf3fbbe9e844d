"""The commands that look into the record: one infraction, and pages of many."""

from typing import Annotated, Final

from services.infractions import actions
from services.infractions.actions import Page
from services.infractions.commands.declared import Edge, commands
from services.infractions.deps import Deps
from services.infractions.model import Filter, Infraction
from services.infractions.wording import card, listing
from shared.commands import Describe, Reply
from shared.contracts.actions import ActionRow, Button
from shared.contracts.ids import UserId
from shared.contracts.invocations import Invocation
from shared.permissions import MODERATOR

PAGE: Final = 10
"""Infractions on one page of a search."""

GREY: Final = 2
"""The style of buttons that only look."""


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
