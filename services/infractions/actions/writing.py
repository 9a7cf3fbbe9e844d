"""Writing the history of infractions; every change passes here, in its own transaction.

What a change leads to elsewhere (the mod log, webhooks, other services) is put down in the same
transaction, so that all of it happens or nothing.
"""

from datetime import timedelta
from typing import Final

from services.infractions import queries
from services.infractions.actions.announcing import CHANGES, changed, event_of
from services.infractions.actions.hooking import hook
from services.infractions.model import Infraction, Person
from services.infractions.queries import modlog
from services.infractions.queries.past import Written
from services.infractions.timers import WriteLog
from shared import jobs, outbox
from shared.postgres import Connection

QUIET: Final = frozenset({"imported"})
"""Changes that are no news to anybody."""

SOON: Final = timedelta(seconds=1)
"""After which the log is written, so that what happens in one go is one message, not five."""


async def note(
    tx: Connection, infraction: Infraction, actor: Person, change: str, detail: str = ""
) -> None:
    """Add to an infraction's history who changed what, in the transaction of the change."""
    written = await queries.append(tx, infraction, actor, change, detail)
    if written is None or change in QUIET:
        return
    if written.logged:
        await _log(tx, infraction, written)
    if change in CHANGES or written.hooked:
        await _announce(tx, infraction, actor, change, detail, hooked=written.hooked)


async def _log(tx: Connection, infraction: Infraction, written: Written) -> None:
    """Have the mod log show the change."""
    await modlog.want(tx, infraction.guild_id, infraction.number, written.step)
    job = WriteLog(guild_id=infraction.guild_id, number=infraction.number)
    await jobs.schedule(tx, job, after=SOON, key=infraction.key)


async def _announce(
    tx: Connection,
    infraction: Infraction,
    actor: Person,
    change: str,
    detail: str,
    *,
    hooked: bool,
) -> None:
    """Tell other services and webhooks how the infraction is now."""
    current = await queries.get(tx, infraction.guild_id, infraction.number)
    assert current is not None
    if change in CHANGES:
        await outbox.put(tx, changed(current, actor, change))
    if hooked:
        event = event_of(current, change)
        if event is not None:
            await hook(tx, current, event, actor, change, detail)
