"""The command that hands out the whole record as a file."""

from typing import Annotated, Final

from services.infractions import actions
from services.infractions.actions import Format
from services.infractions.commands.declared import commands
from services.infractions.deps import Deps
from services.infractions.model import Filter
from shared.commands import Describe, Reply
from shared.contracts.actions import File
from shared.contracts.invocations import Invocation
from shared.permissions import ADMINISTRATOR

LARGEST: Final = 8 * 2**20
"""Bytes of an attachment: Discord takes 10 MiB with everything around it."""


@commands.command("infractions export", level=ADMINISTRATOR, ephemeral=True)
async def export(
    deps: Deps,
    by: Invocation,
    form: Annotated[Format, Describe("csv for spreadsheets, json for programs, txt to read")] = (
        Format.CSV
    ),
) -> Reply:
    """Hand out every infraction of this server as a file, packed with gzip."""
    data = await actions.packed(deps, by.guild_id, Filter(), form, largest=LARGEST)
    name = f"infractions-{by.guild_id}.{form}.gz"
    file = File(name=name, data=data, content_type="application/gzip")
    return Reply("Every infraction of this server:", files=(file,), ephemeral=True)
