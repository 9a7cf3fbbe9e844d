"""rowboat's table of infractions, and those of its descendants, as JSON or as CSV with a header."""

from datetime import UTC, datetime
from typing import Final, cast

import msgspec
from msgspec import Struct

from services.infractions.model import LASTING, Infraction, Kind, State
from services.infractions.origins.brought import (
    Brought,
    Reading,
    created,
    moment,
    one_of,
    rows_of,
    shaped,
)
from shared.contracts.ids import GuildId, RoleId, UserId

_NAMES: Final = {
    "mute": Kind.MUTE,
    "kick": Kind.KICK,
    "tempban": Kind.BAN,
    "softban": Kind.SOFTBAN,
    "ban": Kind.BAN,
    "tempmute": Kind.MUTE,
    "unban": Kind.UNBAN,
    "temprole": Kind.TEMPROLE,
    "warning": Kind.WARNING,
}
KINDS: Final[dict[object, Kind]] = {
    **_NAMES,
    **dict(enumerate(_NAMES.values())),
}
"""By name and by number: rowboat numbers them in this order, from 0."""

_TRUTHS: Final = {"t": "true", "f": "false"}
"""As Postgres writes them."""


class _Row(Struct, kw_only=True):
    id: int
    guild_id: int
    user_id: int
    actor_id: int | None = None
    type: int | str
    reason: str | None = None
    metadata: dict[str, object] | str | None = None
    expires_at: str | None = None
    created_at: str | None = None
    active: bool = False
    user_name: str = ""
    actor_name: str = ""


def read(data: bytes, guild_id: GuildId) -> Reading:
    """Read a table, in which rows of other servers are mistakes."""
    reading = Reading()
    now = datetime.now(UTC)
    for line, row in rows_of(data):
        reading.take(
            line,
            lambda line=line, row=row: _brought(line, shaped(_flat(row), _Row), guild_id, now),
        )
    return reading


def _flat(row: object) -> object:
    """Return a row as the table has it, also where rowboat's website shows it nested."""
    if not isinstance(row, dict):
        return row
    flat = {name: value for name, value in cast("dict[str, object]", row).items() if value != ""}
    flat["active"] = _TRUTHS.get(str(flat.get("active")), flat.get("active", False))
    for name, key in (("guild", "guild_id"), ("user", "user_id"), ("actor", "actor_id")):
        inner = flat.pop(name, None)
        if isinstance(inner, dict):
            known = cast("dict[str, object]", inner)
            flat[key] = None if known.get("id") == "None" else known.get("id")
            flat[f"{name}_name"] = known.get("username", "")
    kind = flat.get("type", flat.get("type_"))
    flat["type"] = cast("dict[str, object]", kind).get("id") if isinstance(kind, dict) else kind
    return flat


def _brought(line: int, row: _Row, guild_id: GuildId, now: datetime) -> Brought:
    if row.guild_id != guild_id:
        raise ValueError(f"this is of another server, {row.guild_id}")
    kind = one_of(KINDS, row.type)
    at, until = created(row.created_at), moment(row.expires_at)
    state = _state(kind, row, until, now)
    infraction = Infraction(
        guild_id=guild_id,
        number=0,
        kind=kind,
        state=state,
        user_id=UserId(row.user_id),
        user_name=row.user_name,
        moderator_id=None if row.actor_id is None else UserId(row.actor_id),
        moderator_name=row.actor_name,
        reason=row.reason or "",
        source="import",
        created_at=at,
        expires_at=until if kind in LASTING else None,
        ended_at=until if state is State.EXPIRED else None,
        role_id=_role(row),
        points=1 if kind is Kind.WARNING else 0,
    )
    return Brought(line=line, source_key=f"import:rowboat:{row.id}", infraction=infraction)


def _state(kind: Kind, row: _Row, until: datetime | None, now: datetime) -> State:
    if kind not in LASTING:
        return State.DONE
    if until is not None and until <= now:
        return State.EXPIRED
    return State.ACTIVE if row.active else State.LIFTED


def _role(row: _Row) -> RoleId | None:
    """Return the role that a mute or a temporary role gave."""
    known = row.metadata
    if isinstance(known, str):
        known = shaped(msgspec.json.decode(known), dict[str, object])
    role = (known or {}).get("role")
    return RoleId(int(str(role))) if role else None
