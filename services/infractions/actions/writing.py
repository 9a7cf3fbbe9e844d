"""Writing the history of infractions; every change passes here, in its own transaction."""

from services.infractions import queries
from services.infractions.model import Infraction, Person
from shared.postgres import Connection


async def note(
    tx: Connection, infraction: Infraction, actor: Person, change: str, detail: str = ""
) -> None:
    """Add to an infraction's history who changed what, in the transaction of the change."""
    await queries.append(tx, infraction, actor, change, detail)
