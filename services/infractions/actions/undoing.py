"""Taking a measure back right after it was ordered."""

from datetime import UTC, datetime, timedelta
from typing import Final

from services.infractions import queries
from services.infractions.actions.lifting import lift
from services.infractions.actions.showing import show
from services.infractions.actions.writing import note
from services.infractions.deps import Deps
from services.infractions.model import ALREADY_DONE, LASTING, Infraction, Person
from shared.contracts.ids import GuildId
from shared.errors import ConflictError, UserError
from shared.postgres import transaction

UNDONE_WITHIN: Final = timedelta(minutes=1)


async def undo(deps: Deps, guild_id: GuildId, number: int, by: Person) -> Infraction:
    """Lift what can be lifted and hide what is only a record, within a minute of the order.

    Returns the infraction as it is then. Raises NotFoundError, UserError for what can't be undone,
    ConflictError when it is too late, and what `lift` raises.
    """
    infraction, _ = await show(deps, guild_id, number)
    if infraction.kind not in ALREADY_DONE | LASTING:
        raise UserError(f"A {infraction.kind.value} can't be undone.")
    if datetime.now(UTC) > infraction.created_at + UNDONE_WITHIN:
        raise ConflictError(f"Infraction #{number} is more than a minute old.")
    if infraction.kind in LASTING:
        reason = f"undo of #{number}"
        await lift(deps, guild_id, number, by, reason, "undo", f"undo:{number}")
    else:
        await _hide(deps, infraction, by)
    return (await show(deps, guild_id, number))[0]


async def _hide(deps: Deps, infraction: Infraction, by: Person) -> None:
    async with transaction(deps.db) as tx:
        current = await queries.lock(tx, infraction.guild_id, infraction.number)
        assert current is not None
        if current.hidden_at is None:
            await queries.set_hidden(tx, current)
            await note(tx, current, by, "hidden", "undone")
