"""The route that hands the record out as a file, as a stream of whatever length."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from starlette.responses import Response, StreamingResponse

from services.infractions import actions
from services.infractions.actions import Format
from services.infractions.api.params import DepsOf, Matching, OfGuild
from services.infractions.api.reading import Reader, check_hidden
from shared.contracts.ids import GuildId

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
)

As = Annotated[
    Format,
    Query(
        alias="format",
        description="`csv`, `json` (an array), `jsonl` (an object in each line), `txt`.",
    ),
]
WithHistory = Annotated[bool, Query(description="JSON only: whether each has its history.")]


@router.get("/export", response_class=StreamingResponse, responses=FILE)
async def export_infractions(
    deps: DepsOf,
    guild_id: OfGuild,
    by: Reader,
    matching: Matching,
    form: As = Format.CSV,
    history: WithHistory = True,
) -> Response:
    """Hand out the infractions that match, all fields of them, as a file."""
    check_hidden(by, matching)
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
