"""The routes that read: list infractions, show one with its history, sum up a member's record."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from services.infractions import actions
from services.infractions.api.answering import answer, check_shown, following
from services.infractions.api.params import (
    NOT_FOUND,
    After,
    DepsOf,
    IfNoneMatch,
    Limit,
    Matching,
    Number,
    OfGuild,
    OfMember,
    Position,
)
from services.infractions.api.views import RecordView, count_view
from services.infractions.model import Filter
from services.infractions.views import InfractionDetail, InfractionPage, view
from shared.contracts.ids import GuildId, UserId
from shared.errors import ForbiddenError
from shared.http import Actor, decode_cursor, etag, require, unchanged
from shared.http.access import scopes_of

router = APIRouter(prefix="/guilds/{guild_id}", tags=["infractions"])

Reader = Annotated[Actor, Depends(require("infractions:read"))]


@router.get("/infractions")
async def list_infractions(  # what is asked, by whom, and how
    deps: DepsOf,
    guild_id: OfGuild,
    by: Reader,
    request: Request,
    response: Response,
    matching: Matching,
    cursor: After = None,
    limit: Limit = 25,
) -> InfractionPage:
    """List a server's infractions that match everything given, newest first.

    While there are more, `next` has the cursor of the following page and the header `Link` its
    address.
    """
    check_hidden(by, matching)
    before = None if cursor is None else decode_cursor(cursor, Position).number
    page = await actions.page(deps, GuildId(guild_id), matching, before=before, limit=limit)
    return InfractionPage(
        items=[view(each) for each in page.infractions], next=following(request, response, page)
    )


@router.get(
    "/infractions/{number:int}",
    response_model=InfractionDetail,
    responses={**NOT_FOUND, 304: {"description": "It is still as `If-None-Match` names it."}},
)
async def read_infraction(
    deps: DepsOf, guild_id: OfGuild, by: Reader, number: Number, if_none_match: IfNoneMatch = None
) -> Response:
    """Return one infraction with its whole history; one that was deleted only to administrators."""
    infraction, _ = await actions.show(deps, GuildId(guild_id), number)
    if not may_see_hidden(by):
        check_shown(infraction)
    if unchanged(if_none_match, infraction.version):
        return Response(status_code=304, headers={"ETag": etag(infraction.version)})
    return await answer(deps, GuildId(guild_id), number)


@router.get("/members/{user_id}/record")
async def read_record(
    deps: DepsOf,
    guild_id: OfGuild,
    by: Reader,
    user_id: OfMember,
    request: Request,
    response: Response,
    cursor: After = None,
    limit: Limit = 25,
) -> RecordView:
    """Sum a member's record up by kind, and list it, newest first.

    What was deleted is left out, and of the sums what failed too, as it never happened.
    """
    before = None if cursor is None else decode_cursor(cursor, Position).number
    theirs = Filter(user_id=UserId(user_id))
    page = await actions.page(deps, GuildId(guild_id), theirs, before=before, limit=limit)
    counts = await actions.record_counts(deps, GuildId(guild_id), UserId(user_id))
    return RecordView(
        user_id=user_id,
        counts=[count_view(each) for each in counts],
        items=[view(each) for each in page.infractions],
        next=following(request, response, page),
    )


def may_see_hidden(by: Actor) -> bool:
    """Say whether who asks may see what was deleted."""
    return "infractions:admin" in scopes_of(by)


def check_hidden(by: Actor, matching: Filter) -> None:
    """Raise ForbiddenError when somebody looks for what was deleted and may not see it."""
    if matching.hidden and not may_see_hidden(by):
        raise ForbiddenError("To see what was deleted you need the scope infractions:admin.")
