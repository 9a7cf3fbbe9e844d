"""What the routes of infractions are asked with: ids, filters, pages."""

from typing import Annotated

from fastapi import Depends, Path, Query, Request
from msgspec import Meta, Struct

from services.infractions.deps import Deps
from services.infractions.model import LARGEST_NUMBER, Kind, State
from shared.http import SnowflakeText


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


def deps_of(request: Request) -> Deps:
    """Return what the app was given."""
    deps: Deps = request.app.state.deps
    return deps


DepsOf = Annotated[Deps, Depends(deps_of)]
