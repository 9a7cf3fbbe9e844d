"""The HTTP API of infractions: list them, read one with its history."""

from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Path, Query, Request
from msgspec import Meta, Struct

from services.infractions import actions
from services.infractions.deps import Deps
from services.infractions.model import LARGEST_NUMBER, Filter, Kind, State
from services.infractions.views import InfractionDetail, InfractionPage, detail, view
from shared.contracts.ids import GuildId, UserId
from shared.http import (
    SnowflakeText,
    decode_cursor,
    encode_cursor,
    require,
)


class Position(Struct, frozen=True, array_like=True):
    """What a cursor says: the number that a page ended with."""

    number: Annotated[int, Meta(ge=1, le=LARGEST_NUMBER)]


LARGEST_PAGE = 100

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
    matching = Filter(
        user_id=None if user_id is None else UserId(user_id),
        moderator_id=None if moderator_id is None else UserId(moderator_id),
        kind=kind,
        state=state,
    )
    before = None if cursor is None else decode_cursor(cursor, Position).number
    page = await actions.page(deps, GuildId(guild_id), matching, before=before, limit=limit)
    following = encode_cursor(Position(page.infractions[-1].number)) if page.older else None
    return InfractionPage(items=[view(each) for each in page.infractions], next=following)


@router.get("/{number}")
async def read_infraction(deps: DepsOf, guild_id: OfGuild, number: Number) -> InfractionDetail:
    """Return one infraction with its whole history."""
    return detail(*await actions.show(deps, GuildId(guild_id), number))


def include(app: FastAPI, deps: Deps) -> None:
    """Add the routes to an app."""
    app.state.deps = deps
    app.include_router(router)
