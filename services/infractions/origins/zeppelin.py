"""Zeppelin's export of a server: its cases with their notes.

Its cases do not say what still holds: of a member's bans and unbans the newest is taken to.
"""

from datetime import timedelta
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from services.infractions.model import FAMILIES, Family, Infraction, Kind, State, Step
from services.infractions.origins.brought import (
    Brought,
    Reading,
    created,
    one_of,
    rows_of,
    shaped,
)
from shared.contracts.ids import GuildId, UserId

KINDS: Final[dict[object, Kind]] = {
    1: Kind.BAN,
    2: Kind.UNBAN,
    3: Kind.NOTE,
    4: Kind.WARNING,
    5: Kind.KICK,
    6: Kind.MUTE,
    7: Kind.UNMUTE,
    9: Kind.SOFTBAN,
}
DELETED: Final = 8
"""The type of a case that was removed in an old Zeppelin."""


class _Note(Struct, kw_only=True):
    mod_id: int | None = None
    mod_name: str = ""
    body: str = ""
    created_at: str


class _Case(Struct, kw_only=True):
    case_number: int
    user_id: int
    user_name: str = ""
    mod_id: int | None = None
    mod_name: str | None = None
    type: int
    created_at: str
    is_hidden: bool = False
    pp_id: int | None = None
    pp_name: str | None = None
    notes: tuple[_Note, ...] = ()


def read(data: bytes, guild_id: GuildId) -> Reading:
    """Read an export, which does not say of which server it is."""
    reading = Reading()
    for line, row in rows_of(data, "cases"):
        reading.take(line, lambda line=line, row=row: _brought(line, shaped(row, _Case), guild_id))
    reading.brought = _standing(reading.brought)
    return reading


def _brought(line: int, case: _Case, guild_id: GuildId) -> Brought:
    if case.type == DELETED:
        raise ValueError("this case was deleted in Zeppelin")
    kind = one_of(KINDS, case.type)
    at = created(case.created_at)
    first, *more = case.notes or (_Note(created_at=case.created_at),)
    infraction = Infraction(
        guild_id=guild_id,
        number=0,
        kind=kind,
        state={Kind.BAN: State.LIFTED, Kind.MUTE: State.EXPIRED}.get(kind, State.DONE),
        user_id=UserId(case.user_id),
        user_name=case.user_name,
        moderator_id=None if not case.mod_id else UserId(case.mod_id),
        moderator_name=case.mod_name or "",
        reason=first.body,
        source="import",
        created_at=at,
        points=1 if kind is Kind.WARNING else 0,
        hidden_at=at if case.is_hidden else None,
    )
    return Brought(
        line=line,
        source_key=f"import:zeppelin:{case.case_number}",
        infraction=infraction,
        history=_history(case, more),
    )


def _history(case: _Case, notes: list[_Note]) -> tuple[Step, ...]:
    by = Step(
        step=1,
        at=created(case.created_at),
        actor_id=UserId(case.mod_id) if case.mod_id else None,
        actor_name=case.mod_name or "",
        change="created",
        detail=f"with the powers of {case.pp_name or case.pp_id}" if case.pp_id else "",
    )
    rest = (
        Step(
            step=number,
            at=created(note.created_at),
            actor_id=UserId(note.mod_id) if note.mod_id else None,
            actor_name=note.mod_name,
            change="noted",
            detail=note.body,
        )
        for number, note in enumerate(notes, start=2)
    )
    return (by, *rest)


def _standing(brought: list[Brought]) -> list[Brought]:
    """Let the newest ban of everybody hold, unless they were unbanned after it."""
    about = [one for one in brought if FAMILIES.get(one.infraction.kind) is Family.BAN]
    about.sort(key=lambda one: one.infraction.created_at + timedelta(microseconds=one.line))
    newest = {one.infraction.user_id: one.source_key for one in about}
    return [_held(one) if newest.get(one.infraction.user_id) == one.source_key else one
            for one in brought]  # fmt: skip


def _held(one: Brought) -> Brought:
    if one.infraction.kind is not Kind.BAN:
        return one
    return replace(one, infraction=replace(one.infraction, state=State.ACTIVE))
