"""The command that takes the record over from a file."""

from typing import Annotated

from services.infractions import actions
from services.infractions.actions import Origin
from services.infractions.commands.declared import commands, moderator_of
from services.infractions.deps import Deps
from services.infractions.timers import ImportFile
from shared.commands import Describe, Reply
from shared.contracts.discord import Attachment
from shared.contracts.invocations import Invocation
from shared.permissions import ADMINISTRATOR


@commands.command("infractions import", level=ADMINISTRATOR, ephemeral=True)
async def import_(
    deps: Deps,
    by: Invocation,
    file: Annotated[Attachment, Describe("The export, as it is or packed with gzip")],
    format_: Annotated[Origin, Describe("Whose export it is; Flotilla's own if unsaid")] = (
        Origin.FLOTILLA
    ),
    dry_run: Annotated[bool, Describe("Only say what would happen")] = False,
    activate: Annotated[bool, Describe("Let measures that are in force end in time")] = False,
) -> Reply:
    """Take infractions over from a file; what was imported before stays as it is."""
    job = ImportFile(
        guild_id=by.guild_id,
        url=file.url,
        origin=format_,
        by=moderator_of(by),
        to=by.reply_to,
        activate=activate,
        dry_run=dry_run,
    )
    await actions.import_later(deps, job, file.size, by.id)
    return Reply("The file is being read; this answer will say what came of it.")
