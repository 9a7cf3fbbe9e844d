"""The routes of mass orders: one measure or change for many, previewed, then done by a job."""

import asyncio
from datetime import timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Depends
from starlette.responses import Response

from services.infractions import actions
from services.infractions.api.acting import Administrator, Moderator, check_command
from services.infractions.api.answering import JSON
from services.infractions.api.bodies import NewBulkChange, NewMassOrder
from services.infractions.api.once import ONCE, Once
from services.infractions.api.params import AWAY, CONFLICT, NOT_FOUND, DepsOf, OfGuild, OrderId
from services.infractions.api.refusing import RefusingRoute
from services.infractions.api.views import MassOrderView, mass_view
from services.infractions.deps import Deps
from services.infractions.mass_model import MEASURES, MassOrder, MassRow
from services.infractions.model import Kind, Order, Person
from services.infractions.targets import find_target_of
from shared.contracts.ids import GuildId, UserId
from shared.errors import NotFoundError, UnavailableError, UserError
from shared.http import Actor, require
from shared.permissions import ADMINISTRATOR

AT_ONCE: Final = 10
"""How many people are looked up at the same time."""

NOBODY: Final = Person(UserId(0), "")
COMMANDS: Final = {
    "ban": "mban",
    "kick": "mkick",
    "mute": "mmute",
    "delete": "infractions bulk delete",
    "pardon": "infractions bulk pardon",
}
"""The commands that do the same."""

router = APIRouter(
    prefix="/guilds/{guild_id}/mass-orders", tags=["mass orders"], route_class=RefusingRoute
)


@router.post(
    "",
    status_code=202,
    response_model=MassOrderView,
    responses={**NOT_FOUND, **ONCE, **AWAY},
)
async def order_for_many(
    deps: DepsOf, by: Administrator, new: NewMassOrder, once: Once
) -> Response:
    """Ban, kick or mute many members, or delete or pardon many infractions.

    What can't be done about one is said in their row and stops nobody else. Without `confirm`
    nothing happens before `/confirm`. `GET` tells how far it is.
    """

    async def work(source_key: str) -> Response:
        check_command(deps, by, COMMANDS[new.what], ADMINISTRATOR)
        rows = await _rows(deps, by, new)
        template = _template(by, new, source_key)
        kept, rows = await actions.preview_mass(deps, new.what, template, rows)
        if new.confirm:
            kept, rows = await actions.confirm_mass(deps, by.guild_id, kept.id, by.person.id, None)
        return _answer(kept, rows, status=202)

    return await once.answer(deps, by, work)


def _template(by: Moderator, new: NewMassOrder, source_key: str) -> Order:
    """Return what is ordered, but for whom."""
    seconds = getattr(new, "duration_seconds", None)
    return Order(
        guild_id=by.guild_id,
        kind=MEASURES.get(new.what, Kind.NOTE),
        user=NOBODY,
        moderator=by.person,
        reason=getattr(new, "reason", "").strip(),
        source=by.source,
        source_key=source_key,
        duration=None if seconds is None else timedelta(seconds=seconds),
    )


async def _rows(deps: Deps, by: Moderator, new: NewMassOrder) -> list[MassRow]:
    """Find everybody, or every infraction, and say of whom it can't be done why."""
    if isinstance(new, NewBulkChange):
        numbers = dict.fromkeys(new.numbers)
        return [await _infraction(deps, by, at, each) for at, each in enumerate(numbers, start=1)]
    wanted = deps.config.get(by.guild_id).plugins.infractions.require_reason
    if wanted and not new.reason.strip():
        raise UserError("This server wants a reason with every measure: send `reason`.")
    slots = asyncio.Semaphore(AT_ONCE)

    async def row(position: int, user_id: int) -> MassRow:
        async with slots:
            return await _member(deps, by, position, UserId(user_id))

    members = enumerate(dict.fromkeys(new.user_ids), start=1)
    return list(await asyncio.gather(*(row(at, user) for at, user in members)))


async def _member(deps: Deps, by: Moderator, position: int, user_id: UserId) -> MassRow:
    try:
        target = await find_target_of(deps, by.somebody, by.guild, user_id)
    except UnavailableError:
        raise
    except UserError as refusal:
        return _refused(position, refusal, user_id=user_id)
    return MassRow(position=position, user_id=user_id, user_name=target.user.name)


async def _infraction(deps: Deps, by: Moderator, position: int, number: int) -> MassRow:
    try:
        found, _ = await actions.show(deps, by.guild_id, number)
    except NotFoundError as refusal:
        return _refused(position, refusal, number=number)
    return MassRow(
        position=position, user_id=found.user_id, user_name=found.user_name, number=number
    )


def _refused(
    position: int, refusal: UserError, *, user_id: UserId = NOBODY.id, number: int | None = None
) -> MassRow:
    return MassRow(
        position=position,
        user_id=user_id,
        user_name="",
        number=number,
        outcome="refused",
        detail=refusal.message,
    )


@router.get("/{order_id}", responses=NOT_FOUND)
async def read_mass_order(
    deps: DepsOf,
    guild_id: OfGuild,
    order_id: OrderId,
    _by: Annotated[Actor, Depends(require("infractions:read"))],
) -> MassOrderView:
    """Tell how far a mass order is, with one result for each."""
    return mass_view(*await actions.show_mass(deps, GuildId(guild_id), order_id))


@router.post(
    "/{order_id}/confirm",
    status_code=202,
    response_model=MassOrderView,
    responses={**NOT_FOUND, **CONFLICT, **AWAY},
)
async def confirm_mass_order(deps: DepsOf, by: Administrator, order_id: OrderId) -> Response:
    """Begin what was previewed less than five minutes ago; only who asked for it can."""
    kept, _ = await actions.show_mass(deps, by.guild_id, order_id)
    check_command(deps, by, COMMANDS[kept.what], ADMINISTRATOR)
    done = await actions.confirm_mass(deps, by.guild_id, order_id, by.person.id, None)
    return _answer(*done, status=202)


@router.post(
    "/{order_id}/cancel",
    response_model=MassOrderView,
    responses={**NOT_FOUND, **CONFLICT, **AWAY},
)
async def cancel_mass_order(deps: DepsOf, by: Administrator, order_id: OrderId) -> Response:
    """Give a mass order up, or stop what has not begun of it; only who asked for it can."""
    return _answer(*await actions.cancel_mass(deps, by.guild_id, order_id, by.person.id))


def _answer(kept: MassOrder, rows: list[MassRow], *, status: int = 200) -> Response:
    headers = {"Location": f"/guilds/{kept.guild_id}/mass-orders/{kept.id}"}
    body = mass_view(kept, rows).model_dump_json()
    return Response(body, status_code=status, headers=headers, media_type=JSON)
