"""The route that orders a measure, as the command of its kind does."""

from datetime import timedelta
from typing import Final

from fastapi import APIRouter
from starlette.responses import Response

from services.infractions import actions
from services.infractions.api.acting import Moderator, Writer, check_command
from services.infractions.api.answering import answer
from services.infractions.api.bodies import NewInfraction
from services.infractions.api.once import ONCE, Once
from services.infractions.api.params import AWAY, NOT_FOUND, DepsOf
from services.infractions.api.refusing import RefusingRoute
from services.infractions.deps import Deps
from services.infractions.model import Infraction, Kind, Order
from services.infractions.targets import find_target_of, may_give
from services.infractions.views import InfractionDetail
from shared.contracts.ids import RoleId, UserId
from shared.permissions import MODERATOR

router = APIRouter(
    prefix="/guilds/{guild_id}/infractions", tags=["infractions"], route_class=RefusingRoute
)

COMMANDS: Final = {Kind.WARNING: "warn"}
"""The commands that are not called like what they order."""


@router.post(
    "",
    status_code=201,
    response_model=InfractionDetail,
    responses={**NOT_FOUND, **ONCE, **AWAY},
)
async def order_measure(deps: DepsOf, by: Writer, new: NewInfraction, once: Once) -> Response:
    """Warn, note, kick, mute, ban, softban, unban, unmute somebody, or give them a role for a time.

    It is recorded first, then done on Discord. Where Discord can't be reached the answer is 503:
    the measure is then recorded as pending and done as soon as that goes; the same request with
    the same `Idempotency-Key` tells how it went. What Discord refuses is recorded as failed.
    """

    async def work(source_key: str) -> Response:
        infraction = await _order(deps, by, new, source_key)
        return await answer(deps, by.guild_id, infraction.number, status=201)

    return await once.answer(deps, by, work)


async def _order(deps: Deps, by: Moderator, new: NewInfraction, source_key: str) -> Infraction:
    kind = Kind(new.kind)
    check_command(deps, by, _command(kind, new), MODERATOR)
    target = await find_target_of(deps, by.somebody, by.guild, UserId(new.user_id))
    role_id = _role(deps, by, new)
    seconds = getattr(new, "duration_seconds", None)
    duration = None if seconds is None else timedelta(seconds=seconds)
    warned = kind is Kind.WARNING
    return await actions.order(
        deps,
        Order(
            guild_id=by.guild_id,
            kind=kind,
            user=target.person,
            moderator=by.person,
            reason=new.reason.strip(),
            source=by.source,
            source_key=source_key,
            duration=None if warned else duration,
            counts_for=duration if warned else None,
            delete_message_seconds=getattr(new, "delete_message_seconds", 0),
            role_id=role_id,
            points=getattr(new, "points", 1),
        ),
    )


def _command(kind: Kind, new: NewInfraction) -> str:
    """Return the command that does the same."""
    if kind in (Kind.BAN, Kind.MUTE) and getattr(new, "duration_seconds", None) is not None:
        return f"temp{kind.value}"
    return COMMANDS.get(kind, kind.value)


def _role(deps: Deps, by: Moderator, new: NewInfraction) -> RoleId | None:
    """Return the role that is given, which the moderator may give. Raises ForbiddenError."""
    role_id = getattr(new, "role_id", None)
    if role_id is None:
        return None
    return may_give(by.somebody, RoleId(role_id), by.guild, deps.settings.operators).id
