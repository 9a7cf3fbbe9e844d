"""Changing the record: another reason, deleting and restoring, pardoning; the history keeps all."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from services.infractions import queries
from services.infractions.actions.writing import note
from services.infractions.deps import Deps
from services.infractions.model import LARGEST_NUMBER, Infraction, Kind, Person
from shared.contracts.ids import GuildId
from shared.errors import ConflictError, NotFoundError, UserError
from shared.postgres import Connection, transaction

LONGEST_REASON = 6000
"""Characters of a reason, as many as an option of a slash command takes."""


async def set_reason(
    deps: Deps,
    guild_id: GuildId,
    number: int,
    reason: str,
    by: Person,
    *,
    version: int | None = None,
) -> Infraction:
    """Give an infraction another reason; the same one again changes nothing.

    `version` is the one that the caller saw. Raises NotFoundError, ConflictError when the
    infraction has changed since, UserError when the reason can't be.
    """
    _check_reason(reason)
    async with _changing(deps, guild_id, number, version) as (tx, infraction):
        _check_shown(infraction)
        if infraction.reason == reason:
            return infraction
        changed = await queries.set_reason(tx, infraction, reason)
        await note(tx, changed, by, "reason", f"{_quoted(infraction.reason)} -> {_quoted(reason)}")
        return await _current(tx, changed)


async def hide(
    deps: Deps, guild_id: GuildId, number: int, by: Person, *, version: int | None = None
) -> Infraction:
    """Take an infraction out of the record, from which `restore` brings it back.

    Raises NotFoundError, ConflictError, UserError while it is in force.
    """
    async with _changing(deps, guild_id, number, version) as (tx, infraction):
        _check_shown(infraction)
        if infraction.in_force:
            raise UserError(
                f"Infraction #{number} is still in force: end the {infraction.kind.value} first."
            )
        await queries.set_hidden(tx, infraction)
        await note(tx, infraction, by, "hidden")
        return await _current(tx, infraction)


async def restore(
    deps: Deps, guild_id: GuildId, number: int, by: Person, *, version: int | None = None
) -> Infraction:
    """Bring back an infraction that was deleted. Raises NotFoundError, ConflictError, UserError."""
    async with _changing(deps, guild_id, number, version) as (tx, infraction):
        if infraction.hidden_at is None:
            raise ConflictError(f"Infraction #{number} was not deleted.")
        changed = await queries.unhide(tx, infraction)
        await note(tx, changed, by, "restored")
        return await _current(tx, changed)


async def pardon(
    deps: Deps, guild_id: GuildId, number: int, by: Person, *, version: int | None = None
) -> Infraction:
    """Let a warning count no more; it stays in the record.

    Raises NotFoundError, ConflictError, UserError for what is no warning.
    """
    async with _changing(deps, guild_id, number, version) as (tx, infraction):
        _check_shown(infraction)
        if infraction.kind is not Kind.WARNING:
            raise UserError(
                f"Infraction #{number} is a {infraction.kind.value}, and only warnings are "
                "pardoned: end what is in force with its reverse, or delete the infraction."
            )
        if infraction.pardoned_at is not None:
            raise ConflictError(f"Infraction #{number} was pardoned already.")
        changed = await queries.set_pardoned(tx, infraction)
        await note(tx, changed, by, "pardoned")
        return await _current(tx, changed)


@asynccontextmanager
async def _changing(
    deps: Deps, guild_id: GuildId, number: int, version: int | None
) -> AsyncGenerator[tuple[Connection, Infraction]]:
    """Give a transaction and the infraction locked in it. Raises NotFoundError, ConflictError."""
    async with transaction(deps.db) as tx:
        known = 0 < number <= LARGEST_NUMBER
        infraction = await queries.lock(tx, guild_id, number) if known else None
        if infraction is None:
            raise NotFoundError(f"There is no infraction #{number} in this server.")
        if version is not None and version != infraction.version:
            raise ConflictError(
                f"Infraction #{number} was changed meanwhile: look at it again, then decide."
            )
        yield tx, infraction


async def _current(tx: Connection, infraction: Infraction) -> Infraction:
    """Return the row as its history left it, with the new version."""
    found = await queries.get(tx, infraction.guild_id, infraction.number)
    assert found is not None
    return found


def _check_shown(infraction: Infraction) -> None:
    if infraction.hidden_at is not None:
        raise ConflictError(f"Infraction #{infraction.number} was deleted: restore it first.")


def _check_reason(reason: str) -> None:
    if not reason:
        raise UserError("The new reason is empty: say why.")
    if len(reason) > LONGEST_REASON:
        raise UserError(f"The reason has {len(reason)} characters: {LONGEST_REASON} is the most.")


def _quoted(reason: str) -> str:
    return f"“{reason}”" if reason else "none"
