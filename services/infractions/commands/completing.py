"""What is offered to somebody who types the number of an infraction."""

from collections.abc import Sequence

from services.infractions import actions
from services.infractions.commands import edits, evidence, lookups
from services.infractions.commands.declared import commands
from services.infractions.deps import Deps
from services.infractions.wording import choice_name
from shared.contracts.invocations import Choice, Invocation

DECLARED = (edits, evidence, lookups)
"""Where the commands are declared whose numbers are offered."""


async def complete_number(deps: Deps, by: Invocation, typed: str) -> Sequence[Choice]:
    """Offer the newest infractions whose number begins so, or whose member is called so."""
    found = await actions.offered(deps, by.guild_id, typed)
    return [Choice(name=choice_name(each), value=each.number) for each in found]


async def complete_deleted(deps: Deps, by: Invocation, typed: str) -> Sequence[Choice]:
    """Offer what was deleted."""
    found = await actions.offered(deps, by.guild_id, typed, hidden=True)
    return [Choice(name=choice_name(each), value=each.number) for each in found]


for _name in ("info", "reason", "duration", "edit", "delete", "pardon"):
    commands.autocomplete(f"infractions {_name}", "number")(complete_number)
for _name in ("add", "list", "remove"):
    commands.autocomplete(f"infractions evidence {_name}", "number")(complete_number)
commands.autocomplete("infractions restore", "number")(complete_deleted)
