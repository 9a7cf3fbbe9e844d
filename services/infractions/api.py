"""The HTTP API of infractions: list them, read one with its history."""

from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Path, Query, Request

from services.infractions import actions, queries
from services.infractions.deps import Deps
from services.infractions.model import Kind, State
from services.infractions.views import InfractionDetail, InfractionPage, detail, view
from shared.contracts.ids import GuildId, UserId
from shared.http import (
    SnowflakeText,
    decode_cursor,
    encode_cursor,
    require,
)

LARGEST_PAGE = 100
LARGEST_NUMBER = 2**31 - 1

OfGuild = Annotated[SnowflakeText, Path(description="The server's id.")]
OfUser = Annotated[SnowflakeText | None, Query(description="A user's id.")]
OfKind = Annotated[Kind | None, Query(description="What happened.")]
InState = Annotated[State | None, Query(description="How far it has come.")]
After = Annotated[str | None, Query(description="`next` of the page before.")]
Limit = Annotated[int, Query(ge=1, le=LARGEST_PAGE, description="Infractions on a page.")]
Number = Annotated[int, Path(ge=1, le=LARGEST_NUMBER, description="The infraction's number.")]


router = APIRouter(
    prefix="/guilds/{guild_id}/infractions",
    tags=["infractions"],
    dependencies=[Depends(require("infractions:read"))],
)


def deps_of(request: Request) -> Deps:
    """Return what the app was given."""
    deps: Deps = request.app.state.deps
    return deps


DepsOf = Annotated[Deps, Depends(deps_of)]


@router.get("")
async def list_infractions(
    deps: DepsOf,
    guild_id: OfGuild,
    user_id: OfUser = None,
    moderator_id: OfUser = None,
    kind: OfKind = None,
    state: InState = None,
    cursor: After = None,
    limit: Limit = 25,
) -> InfractionPage:
    """List a server's infractions that match, newest first."""
    found = await queries.search(
        deps.db,
        GuildId(guild_id),
        user_id=UserId(user_id) if user_id else None,
        moderator_id=UserId(moderator_id) if moderator_id else None,
        kind=kind,
        state=state,
        before=_before(cursor),
        limit=limit + 1,
    )
    following = encode_cursor(found[limit - 1].number) if len(found) > limit else None
    return InfractionPage(items=[view(each) for each in found[:limit]], next=following)


@router.get("/{number}")
async def read_infraction(deps: DepsOf, guild_id: OfGuild, number: Number) -> InfractionDetail:
    """Return one infraction with its whole history."""
    return detail(*await actions.show(deps, GuildId(guild_id), number))


def include(app: FastAPI, deps: Deps) -> None:
    """Add the routes to an app."""
    app.state.deps = deps
    app.include_router(router)


def _before(cursor: str | None) -> int | None:
    """Return the number that a page ends above. Raises UserError for a made-up cursor."""
    return None if cursor is None else decode_cursor(cursor, int)
