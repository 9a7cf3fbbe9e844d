"""The route that takes a record over from a file."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field

from services.infractions import actions
from services.infractions.actions import Origin
from services.infractions.api.params import DepsOf, OfGuild
from services.infractions.model import Kind, Person
from shared.contracts.ids import GuildId, UserId
from shared.errors import UserError
from shared.http import Actor, require

router = APIRouter(prefix="/guilds/{guild_id}/infractions", tags=["infractions"])

From = Annotated[Origin, Query(alias="format", description="Whose file it is.")]
DryRun = Annotated[bool, Query(description="Only say what would happen.")]
Activate = Annotated[
    bool, Query(description="Lift temporary measures that are in force when their time is up.")
]
By = Annotated[Actor, Depends(require("infractions:write"))]


class MistakeView(BaseModel):
    """A row that was left out."""

    line: int = Field(description="Its line, or its place in the list.")
    reason: str


class ImportView(BaseModel):
    """What an import did, or would do."""

    dry_run: bool
    read: int = Field(description="Rows in the file.")
    imported: int
    known: int = Field(description="Imported before, and left as they are.")
    wrong: int = Field(description="Rows that were left out; the first hundred are named.")
    mistakes: list[MistakeView]
    kinds: dict[Kind, int] = Field(description="What was imported, by kind.")
    in_force: int = Field(description="Measures among them that hold now.")
    timers: int = Field(description="Those that will be lifted in time.")


@router.post(
    "/import",
    openapi_extra={
        "requestBody": {
            "required": True,
            "description": "The file as it is, or packed with gzip.",
            "content": {
                "application/octet-stream": {"schema": {"type": "string", "format": "binary"}}
            },
        }
    },
)
async def import_infractions(
    deps: DepsOf,
    request: Request,
    guild_id: OfGuild,
    by: By,
    origin: From = Origin.FLOTILLA,
    dry_run: DryRun = False,
    activate: Activate = False,
) -> ImportView:
    """Take over infractions from a file; what was imported before stays as it is."""
    done = await actions.import_record(
        deps,
        GuildId(guild_id),
        await _body(request),
        origin,
        Person(UserId(by.user_id if by.role != "key" else 0), by.name or "an API key"),
        activate=activate,
        dry_run=dry_run,
    )
    mistakes = [MistakeView(line=one.line, reason=one.reason) for one in done.mistakes]
    return ImportView(
        dry_run=done.dry_run,
        read=done.read,
        imported=done.imported,
        known=done.known,
        wrong=done.wrong,
        mistakes=mistakes,
        kinds=done.kinds,
        in_force=done.in_force,
        timers=done.timers,
    )


async def _body(request: Request) -> bytes:
    """Read the file, and no more of it than is taken. Raises UserError."""
    held = bytearray()
    async for piece in request.stream():
        held += piece
        if len(held) > actions.LARGEST_FILE:
            most = actions.LARGEST_FILE >> 20
            raise UserError(
                f"A file has at most {most} MiB. Pack it with gzip, or cut it into several.",
                status=413,
                code="too_large",
            )
    return bytes(held)
