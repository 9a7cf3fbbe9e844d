"""The commands that keep messages and files with an infraction, list them, and remove them."""

from typing import Annotated

from services.infractions import actions
from services.infractions.commands.declared import Number, commands, level, moderator_of
from services.infractions.deps import Deps
from services.infractions.evidence_model import Item
from services.infractions.evidence_wording import added, evidence_list
from services.infractions.places import read_link
from shared.commands import Describe, Reply
from shared.contracts.actions import Embed
from shared.contracts.discord import Attachment
from shared.contracts.invocations import Invocation
from shared.errors import UserError
from shared.permissions import ADMINISTRATOR, MODERATOR

Id = Annotated[int, Describe("Its number in the list of evidence")]


@commands.command("infractions evidence add", level=MODERATOR, ephemeral=True)
async def evidence_add(
    deps: Deps,
    by: Invocation,
    number: Number,
    link: Annotated[str | None, Describe("The link of a message")] = None,
    file: Annotated[Attachment | None, Describe("A file")] = None,
) -> Reply:
    """Keep a message or a file with an infraction."""
    items: list[Item] = [] if file is None else [file]
    if link is not None:
        roles = by.member.roles if by.member else ()
        found = read_link(link)
        items.append(await actions.linked_message(deps, by.guild_id, found, by.user.id, roles))
    if not items:
        raise UserError("Give the link of a message, or attach a file.")
    pieces = await actions.add_evidence(deps, by.guild_id, number, items, moderator_of(by))
    return Reply(added(pieces, number))


@commands.command("infractions evidence list", level=MODERATOR, ephemeral=True)
async def evidence_list_(deps: Deps, by: Invocation, number: Number) -> Reply:
    """List what is kept with an infraction."""
    pieces = await actions.evidence_of(deps, by.guild_id, number)
    if not pieces:
        return Reply(f"Nothing is kept with infraction #{number}.")
    title = f"Evidence of infraction #{number}"
    return Reply(embeds=(Embed(title=title, description=evidence_list(pieces)),))


@commands.command("infractions evidence remove", level=MODERATOR, ephemeral=True)
async def evidence_remove(deps: Deps, by: Invocation, number: Number, id_: Id) -> Reply:
    """Throw a piece of evidence away; its hash stays. What others added needs level 100."""
    of_others = level(deps, by) >= ADMINISTRATOR
    piece = await actions.remove_evidence(
        deps, by.guild_id, number, id_, moderator_of(by), of_others=of_others
    )
    return Reply(f"Evidence {piece.id} of infraction #{number} is {piece.state.value}.")
