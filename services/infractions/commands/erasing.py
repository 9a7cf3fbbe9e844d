"""The operators' command that erases a person from the records of all servers."""

from typing import Annotated

from services.infractions import actions
from services.infractions.commands.declared import RED, commands, moderator_of, row
from services.infractions.deps import Deps
from shared.commands import Describe, Reply
from shared.contracts.actions import Button
from shared.contracts.ids import UserId
from shared.contracts.invocations import Invocation
from shared.permissions import OPERATOR


@commands.command("infractions erase", level=OPERATOR, ephemeral=True)
async def erase(
    deps: Deps, by: Invocation, user: Annotated[UserId, Describe("Whom, best by id")]
) -> Reply:
    """Erase a person from the records of all servers, after a confirmation."""
    button = Button(label="Erase", custom_id=commands.custom_id("erase", user), style=RED)
    return Reply(
        f"Erase the person {user} from every server's record? Names, reasons, evidence and links "
        "about them go for good; what was done, when and by whom stays.",
        components=row(button),
    )


@commands.component("erase", of="infractions erase")
async def erase_confirmed(deps: Deps, by: Invocation, user: UserId) -> Reply:
    """Erase them."""
    guilds = await actions.ask_erasure_everywhere(deps, user, moderator_of(by))
    servers = f"{guilds} server{'' if guilds == 1 else 's'}"
    return Reply(f"The person is being erased from the records of {servers}.", update=True)
