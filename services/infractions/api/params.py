"""What the routes of infractions are asked with: ids, filters, pages, preconditions."""

from typing import Annotated, Any

from fastapi import Depends, Header, Path, Query, Request
from msgspec import Meta, Struct

from services.infractions.deps import Deps
from services.infractions.model import LARGEST_NUMBER, Filter, Kind, State
from shared.contracts.ids import RoleId, UserId
from shared.http import MomentText, SnowflakeText


class Position(Struct, frozen=True, array_like=True):
    """What a cursor says: the number that a page ended with."""

    number: Annotated[int, Meta(ge=1, le=LARGEST_NUMBER)]


LARGEST_PAGE = 100
PLAIN = r"^[^\x00]*$"
"""Text that Postgres can keep."""

OfGuild = Annotated[SnowflakeText, Path(ge=1, description="The server's id.")]
OfMember = Annotated[SnowflakeText, Path(description="The member's id; they may have left.")]
OfUser = Annotated[SnowflakeText | None, Query(description="The member's id.")]
ByModerator = Annotated[SnowflakeText | None, Query(description="The id of who ordered it.")]
OfRole = Annotated[SnowflakeText | None, Query(description="The role that it gave.")]
OfKind = Annotated[Kind | None, Query(description="What happened.")]
InState = Annotated[State | None, Query(description="How far it has come.")]
Since = Annotated[
    MomentText | None,
    Query(description="Recorded then or later; with a zone.", examples=["2026-11-01T00:00:00Z"]),
]
Until = Annotated[
    MomentText | None,
    Query(description="Recorded before; with a zone.", examples=["2026-12-01T00:00:00Z"]),
]
WithText = Annotated[
    str,
    Query(
        max_length=200,
        pattern=PLAIN,
        description="Words, parts of words from three letters on, or quoted phrases, all of which "
        "stand in the reason or a name; with a minus before it, one that does not.",
        examples=['spam "free nitro" -bot'],
    ),
]
FromSource = Annotated[
    str | None,
    Query(max_length=50, pattern=PLAIN, description="Where it came from.", examples=["slash"]),
]
Hidden = Annotated[
    bool,
    Query(description="Those that were deleted, instead of the rest; needs infractions:admin."),
]
After = Annotated[str | None, Query(description="`next` of the page before.")]
Limit = Annotated[int, Query(ge=1, le=LARGEST_PAGE, description="Infractions on a page.")]
Number = Annotated[int, Path(ge=1, le=LARGEST_NUMBER, description="The infraction's number.")]
OrderId = Annotated[int, Path(ge=1, le=2**63 - 1, description="The mass order's id.")]
IfMatch = Annotated[
    str | None,
    Header(
        description="The ETag that you have read; it is changed only if it still holds.",
        examples=['"3"'],
    ),
]
IfNoneMatch = Annotated[
    str | None,
    Header(description="The ETag that you have; 304 if it still holds.", examples=['"3"']),
]


def filter_of(  # one for each thing that can be searched by
    user_id: OfUser = None,
    moderator_id: ByModerator = None,
    kind: OfKind = None,
    state: InState = None,
    since: Since = None,
    until: Until = None,
    text: WithText = "",
    role_id: OfRole = None,
    source: FromSource = None,
    hidden: Hidden = False,
) -> Filter:
    """Return what is looked for."""
    return Filter(
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


Matching = Annotated[Filter, Depends(filter_of)]


def deps_of(request: Request) -> Deps:
    """Return what the app was given."""
    deps: Deps = request.app.state.deps
    return deps


DepsOf = Annotated[Deps, Depends(deps_of)]

# Any: as FastAPI declares it
Responses = dict[int | str, dict[str, Any]]
NOT_FOUND: Responses = {404: {"description": "There is no such infraction, member or server."}}
CONFLICT: Responses = {409: {"description": "It is no longer, or not yet, as this needs."}}
STALE: Responses = {412: {"description": "It has changed since the version of `If-Match`."}}
AWAY: Responses = {503: {"description": "Discord or something else that this needs is away."}}
