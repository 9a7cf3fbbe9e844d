"""The route that hands the record out as a file, as a stream of whatever length."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response, StreamingResponse

from services.infractions import actions
from services.infractions.actions import Format
from services.infractions.api.params import DepsOf, InState, OfGuild, OfKind, OfUser
from services.infractions.model import Filter
from shared.contracts.ids import GuildId, RoleId, UserId
from shared.http import require

MEDIA: Final = {
    Format.CSV: "text/csv; charset=utf-8",
    Format.JSON: "application/json",
    Format.JSONL: "application/x-ndjson",
    Format.TXT: "text/plain; charset=utf-8",
}

# Any: as FastAPI declares it
FILE: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The file, oldest infraction first",
        "content": {kind.partition(";")[0]: {} for kind in MEDIA.values()},
    }
}

router = APIRouter(
    prefix="/guilds/{guild_id}/infractions",
    tags=["infractions"],
    dependencies=[Depends(require("infractions:read"))],
)

As = Annotated[
    Format,
    Query(
        alias="format",
        description="`csv`, `json` (an array), `jsonl` (an object in each line), `txt`.",
    ),
]
WithHistory = Annotated[bool, Query(description="JSON only: whether each has its history.")]
Moment = Annotated[datetime | None, Query(description="When it was recorded, with a zone.")]
Text = Annotated[str, Query(max_length=200, description="Words, or parts of words, in it.")]
Source = Annotated[str | None, Query(max_length=50, description="Where it came from.")]
Hidden = Annotated[bool, Query(description="Only what was deleted, instead of the rest.")]


@router.get("/export", response_class=StreamingResponse, responses=FILE)
async def export_infractions(
    deps: DepsOf,
    guild_id: OfGuild,
    form: As = Format.CSV,
    history: WithHistory = True,
    user_id: OfUser = None,
    moderator_id: OfUser = None,
    kind: OfKind = None,
    state: InState = None,
    since: Moment = None,
    until: Moment = None,
    text: Text = "",
    role_id: OfUser = None,
    source: Source = None,
    hidden: Hidden = False,
) -> Response:
    """Hand out the infractions that match, all fields of them, as a file."""
    matching = Filter(
        user_id=None if user_id is None else UserId(user_id),
        moderator_id=None if moderator_id is None else UserId(moderator_id),
        kind=kind,
        state=state,
        since=since,
        until=until,
        text=text,
        role_id=None if role_id is None else RoleId(role_id),
        source=source,
        hidden=hidden,
    )
    pieces = actions.export(deps, GuildId(guild_id), matching, form, history=history)
    name = f"infractions-{guild_id}.{form}"
    return StreamingResponse(
        _closing(pieces),
        media_type=MEDIA[form],
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


async def _closing(pieces: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    """Pass pieces on, and end the query when whoever asked hangs up."""
    async with aclosing(pieces):
        async for piece in pieces:
            yield piece
