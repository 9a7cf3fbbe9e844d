"""The routes that change the record: reason and duration, delete, restore, pardon, lift, undo."""

from typing import Final

from fastapi import APIRouter
from starlette.responses import Response

from services.infractions import actions
from services.infractions.api.acting import Administrator, Moderator, Writer, check_command
from services.infractions.api.answering import answer, check_shown, find, settle_conflict
from services.infractions.api.bodies import Change, Lift
from services.infractions.api.once import ONCE, Once
from services.infractions.api.params import (
    AWAY,
    CONFLICT,
    NOT_FOUND,
    STALE,
    DepsOf,
    IfMatch,
    Number,
)
from services.infractions.api.refusing import RefusingRoute
from services.infractions.deps import Deps
from services.infractions.model import REVERSES, Infraction
from services.infractions.targets import find_target_of
from services.infractions.views import InfractionDetail
from shared.errors import ConflictError, ForbiddenError, UserError
from shared.permissions import ADMINISTRATOR, MODERATOR

router = APIRouter(
    prefix="/guilds/{guild_id}/infractions/{number:int}",
    tags=["infractions"],
    route_class=RefusingRoute,
)

CHANGING: Final = {**NOT_FOUND, **CONFLICT, **STALE, **AWAY}
REPEATED: Final = {**CHANGING, **ONCE}


@router.patch("", response_model=InfractionDetail, responses=CHANGING)
async def change_infraction(
    deps: DepsOf, by: Writer, number: Number, change: Change, if_match: IfMatch = None
) -> Response:
    """Give an infraction another reason or duration; the history keeps what it was.

    Others' infractions need the level `reason_edit_level` of the server's configuration.
    """
    infraction = await find(deps, by.guild_id, number)
    check_shown(infraction)
    given = change.model_fields_set
    if not given:
        raise UserError("Say what to change: `reason`, `duration_seconds`, or both.")
    for field in given:
        command = "duration" if field == "duration_seconds" else field
        check_command(deps, by, f"infractions {command}", MODERATOR)
    _check_editable(deps, by, infraction)
    await find(deps, by.guild_id, number, if_match)
    try:
        await _change(deps, by, infraction, change, if_match)
    except ConflictError as conflict:
        raise await settle_conflict(deps, infraction, if_match, conflict) from None
    return await answer(deps, by.guild_id, number)


async def _change(
    deps: Deps, by: Moderator, infraction: Infraction, change: Change, if_match: str | None
) -> None:
    """Change the duration first, as it is what may be refused."""
    version = _version(infraction, if_match)
    guild_id, number = infraction.guild_id, infraction.number
    if "duration_seconds" in change.model_fields_set:
        await actions.set_duration(
            deps, guild_id, number, change.duration, by.person, version=version
        )
        version = None
    if "reason" in change.model_fields_set:
        await actions.set_reason(
            deps, guild_id, number, change.reason.strip(), by.person, version=version
        )


def _version(infraction: Infraction, if_match: str | None) -> int | None:
    """Return the version that must still hold when it is changed."""
    return None if if_match is None or if_match.strip() == "*" else infraction.version


def _check_editable(deps: Deps, by: Moderator, infraction: Infraction) -> None:
    needed = deps.config.get(by.guild_id).plugins.infractions.reason_edit_level
    if infraction.moderator_id != by.person.id and by.level < needed:
        raise ForbiddenError(
            f"Infraction #{infraction.number} is not yours: to edit others' you need level "
            f"{needed}, and yours is {by.level}."
        )


# --- out of the record, and back ----------------------------------------------------------------


@router.delete("", response_model=InfractionDetail, responses=CHANGING)
async def delete_infraction(
    deps: DepsOf, by: Administrator, number: Number, if_match: IfMatch = None
) -> Response:
    """Take an infraction out of the record, from which `restore` brings it back."""
    check_command(deps, by, "infractions delete", ADMINISTRATOR)
    infraction = await find(deps, by.guild_id, number, if_match)
    version = _version(infraction, if_match)
    try:
        await actions.hide(deps, by.guild_id, number, by.person, version=version)
    except ConflictError as conflict:
        raise await settle_conflict(deps, infraction, if_match, conflict) from None
    return await answer(deps, by.guild_id, number)


@router.post("/restore", response_model=InfractionDetail, responses=REPEATED)
async def restore_infraction(
    deps: DepsOf, by: Administrator, number: Number, once: Once, if_match: IfMatch = None
) -> Response:
    """Bring back an infraction that was deleted."""

    async def work(_source_key: str) -> Response:
        check_command(deps, by, "infractions restore", ADMINISTRATOR)
        infraction = await find(deps, by.guild_id, number, if_match)
        version = _version(infraction, if_match)
        await actions.restore(deps, by.guild_id, number, by.person, version=version)
        return await answer(deps, by.guild_id, number)

    return await once.answer(deps, by, work)


@router.post("/pardon", response_model=InfractionDetail, responses=REPEATED)
async def pardon_infraction(
    deps: DepsOf, by: Administrator, number: Number, once: Once, if_match: IfMatch = None
) -> Response:
    """Let a warning count no more; it stays in the record."""

    async def work(_source_key: str) -> Response:
        check_command(deps, by, "infractions pardon", ADMINISTRATOR)
        infraction = await find(deps, by.guild_id, number, if_match)
        version = _version(infraction, if_match)
        await actions.pardon(deps, by.guild_id, number, by.person, version=version)
        return await answer(deps, by.guild_id, number)

    return await once.answer(deps, by, work)


# --- its end before its time --------------------------------------------------------------------


@router.post("/lift", response_model=InfractionDetail, responses=REPEATED)
async def lift_infraction(
    deps: DepsOf,
    by: Writer,
    number: Number,
    lift: Lift,
    once: Once,
    if_match: IfMatch = None,
) -> Response:
    """End a ban, a mute or a temporary role before its time, and return it as it is then.

    Of a ban or a mute the end is an infraction of its own, which the history names.
    """

    async def work(source_key: str) -> Response:
        infraction = await find(deps, by.guild_id, number, if_match)
        check_shown(infraction)
        command = REVERSES.get(infraction.kind, infraction.kind).value
        check_command(deps, by, command, MODERATOR)
        await find_target_of(deps, by.somebody, by.guild, infraction.user_id)
        reason = lift.reason.strip()
        await actions.lift(deps, by.guild_id, number, by.person, reason, by.source, source_key)
        return await answer(deps, by.guild_id, number)

    return await once.answer(deps, by, work)


@router.post("/undo", response_model=InfractionDetail, responses=REPEATED)
async def undo_infraction(
    deps: DepsOf, by: Writer, number: Number, once: Once, if_match: IfMatch = None
) -> Response:
    """Take a measure back within a minute: lift what can be lifted, hide what is only a record."""

    async def work(_source_key: str) -> Response:
        infraction = await find(deps, by.guild_id, number, if_match)
        check_command(deps, by, "infractions undo", MODERATOR)
        if infraction.moderator_id != by.person.id and by.level < ADMINISTRATOR:
            raise ForbiddenError(
                f"Only who ordered infraction #{number}, or level {ADMINISTRATOR}, can take it "
                "back."
            )
        await actions.undo(deps, by.guild_id, number, by.person)
        return await answer(deps, by.guild_id, number)

    return await once.answer(deps, by, work)
