"""What members may see of their own record, if the server lets them."""

from typing import Final

from services.infractions import actions
from services.infractions.commands.declared import GREY, Edge, commands, row
from services.infractions.deps import Deps
from services.infractions.wording import own_listing
from shared.commands import Reply
from shared.commands.reply import to_message
from shared.contracts.actions import Button, SendDirect
from shared.contracts.invocations import Invocation
from shared.errors import ForbiddenError

PAGE: Final = 10


@commands.command("infractions mine", ephemeral=True)
async def mine(deps: Deps, by: Invocation) -> Reply:
    """Show you your own record, to you alone."""
    _check_allowed(deps, by)
    page = await _page(deps, by, None)
    if by.source != "text":
        return page
    return await _by_direct_message(deps, by, page)


@commands.component("mine-older", of="infractions mine")
async def mine_older(deps: Deps, by: Invocation, before: Edge) -> Reply:
    """Turn to what was before in your own record."""
    _check_allowed(deps, by)
    return await _page(deps, by, before)


def _check_allowed(deps: Deps, by: Invocation) -> None:
    if not deps.config.get(by.guild_id).plugins.infractions.own_record:
        raise ForbiddenError("This server does not show members their own record.")


async def _page(deps: Deps, by: Invocation, before: int | None) -> Reply:
    """Show a page to whoever asks, of nobody's record but theirs."""
    found, more = await actions.own_record(deps, by.guild_id, by.user.id, before=before, limit=PAGE)
    if not found:
        said = "There is nothing in your record." if before is None else "That was everything."
        return Reply(said, ephemeral=True)
    name = by.guild.name if by.guild else ""
    older = Button(
        label="Older", custom_id=commands.custom_id("mine-older", found[-1].number), style=GREY
    )
    buttons = row(older) if more else ()
    return Reply(
        embeds=(own_listing(found, name),),
        components=buttons,
        ephemeral=True,
        update=before is not None,
    )


async def _by_direct_message(deps: Deps, by: Invocation, page: Reply) -> Reply:
    """Answer a typed command where nobody else reads it; without buttons, as they need a server."""
    message = to_message(Reply(page.content, page.embeds))
    try:
        await deps.gateway.do(SendDirect(user_id=by.user.id, message=message), key=f"{by.id}:mine")
    except ForbiddenError:
        return Reply(
            "You take no direct messages from me: use `/infractions mine`, which only you see."
        )
    return Reply("I have sent you your record as a direct message.")
