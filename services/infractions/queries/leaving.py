"""The record as lines of text, made by Postgres itself and read as a stream."""

from collections.abc import Awaitable, Callable
from typing import Final, Literal

from services.infractions.model import Filter
from services.infractions.queries.matching import Conditions, add_all
from shared.contracts.ids import GuildId
from shared.postgres import Connection

Lines = Literal["csv", "json", "txt"]

LONGEST_EXPORT: Final = 3600.0
"""Seconds that an export may take, whoever reads it."""

# Rows of CSV whose quote and delimiter are in no such text: each line comes out as it is.
_RAW: Final = {"format": "csv", "delimiter": "\x02", "quote": "\x01", "escape": "\x01"}

_TEXTS: Final = ("user_name", "moderator_name", "reason", "source", "source_key", "failure")
_COLUMNS: Final = (
    "guild_id", "number", "kind", "state", "user_id", "user_name", "moderator_id",
    "moderator_name", "reason", "source", "source_key", "created_at", "expires_at", "ended_at",
    "channel_id", "message_id", "delete_message_seconds", "failure", "lift_refusals", "role_id",
    "points", "counts_until", "pardoned_at", "hidden_at", "version", "updated_at",
    "applied_until", "replaced_by",
)  # fmt: skip
_IDS: Final = ("guild_id", "user_id", "moderator_id", "channel_id", "message_id", "role_id")
_TIMES: Final = (
    "created_at", "expires_at", "ended_at", "counts_until", "pardoned_at", "hidden_at",
    "updated_at", "applied_until",
)  # fmt: skip

_HISTORY: Final = """
    'history', (SELECT coalesce(json_agg(json_build_object(
        'step', step, 'at', to_json(at), 'actor_id', actor_id::text, 'actor_name', actor_name,
        'change', change, 'detail', detail) ORDER BY step), '[]')
      FROM history WHERE history.guild_id = i.guild_id AND history.number = i.number)
"""
_IN_A_LINE: Final = "translate({0}, E'\\n\\r\\t\\x01\\x02', '     ')"


async def copy_out(
    tx: Connection,
    guild_id: GuildId,
    matching: Filter,
    lines: Lines,
    write: Callable[[bytes], Awaitable[None]],
    *,
    history: bool = True,
) -> None:
    """Write every infraction that matches, oldest first, to `write`, a little at a time."""
    where = Conditions()
    where.add("guild_id = ?", guild_id)
    add_all(where, matching)
    shown = {"csv": _csv, "txt": _txt, "json": _json if history else _json_alone}[lines]()
    sql = f"SELECT {shown} FROM infractions AS i WHERE {where} ORDER BY number"  # noqa: S608 - constants, values are bound
    form = {"format": "csv", "header": True} if lines == "csv" else _RAW
    # Any: asyncpg's stubs name neither what it takes as options nor the values
    await tx.copy_from_query(sql, *where.values, output=write, timeout=LONGEST_EXPORT, **form)  # pyright: ignore[reportArgumentType, reportUnknownMemberType] - see above


def _csv() -> str:
    return ", ".join(_cell(name) for name in _COLUMNS)


def _cell(name: str) -> str:
    """Show a column; what a spreadsheet would take for a formula begins with an apostrophe."""
    if name in _TIMES:
        return f"{_time(name)} AS {name}"
    if name in _TEXTS:
        return (
            f"CASE WHEN {name} ~ '^[-=+@\\t\\r\\n]' THEN '''' || {name} ELSE {name} END AS {name}"
        )
    return name


def _time(name: str) -> str:
    return f"to_json({name}) #>> '{{}}'"


def _json(more: str = _HISTORY) -> str:
    fields = [f"'{name}', {_value(name)}" for name in _COLUMNS]
    return f"json_build_object({', '.join(fields + [more] * bool(more))})::text"


def _json_alone() -> str:
    return _json("")


def _value(name: str) -> str:
    return f"{name}::text" if name in _IDS else name


def _txt() -> str:
    """Return one line for people: number, time, what, who, by whom, why."""
    at = "to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS \"UTC\"')"
    until = "to_char(expires_at AT TIME ZONE 'UTC', ' \"until\" YYYY-MM-DD HH24:MI:SS \"UTC\"')"
    by = "coalesce(nullif(moderator_name, ''), moderator_id::text, 'Flotilla')"
    line = (
        f"'#' || number || '  ' || {at} || '  ' || kind || ' (' || state || ')' || "
        f"coalesce({until}, '') || '  ' || user_name || ' (' || user_id || ')  by ' || {by} || "
        "coalesce(' (' || moderator_id || ')', '') || ': ' || "
        "coalesce(nullif(reason, ''), 'no reason given')"
    )
    return _IN_A_LINE.format(line)
