"""The routes that read: list infractions, show one with its history."""

from fastapi import APIRouter, Depends

from services.infractions import actions
from services.infractions.api.params import (
    After,
    DepsOf,
    InState,
    Limit,
    Number,
    OfGuild,
    OfKind,
    OfUser,
    Position,
)
from services.infractions.model import Filter
from services.infractions.views import InfractionDetail, InfractionPage, detail, view
from shared.contracts.ids import GuildId, UserId
from shared.http import decode_cursor, encode_cursor, require

router = APIRouter(
    prefix="/guilds/{guild_id}/infractions",
    tags=["infractions"],
    dependencies=[Depends(require("infractions:read"))],
)


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
