"""Files that a record can come from: Flotilla's own export, rowboat's and Zeppelin's."""

from collections.abc import Callable
from enum import StrEnum
from typing import Final

from services.infractions.origins import flotilla, rowboat, zeppelin
from services.infractions.origins.brought import Brought, Mistake, Reading
from shared.contracts.ids import GuildId


class Origin(StrEnum):
    """Whose file it is."""

    FLOTILLA = "flotilla"
    ROWBOAT = "rowboat"
    ZEPPELIN = "zeppelin"


_READERS: Final[dict[Origin, Callable[[bytes, GuildId], Reading]]] = {
    Origin.FLOTILLA: flotilla.read,
    Origin.ROWBOAT: rowboat.read,
    Origin.ZEPPELIN: zeppelin.read,
}


def read(data: bytes, origin: Origin, guild_id: GuildId) -> Reading:
    """Read a whole file for a guild. Raises UserError where it is no such file at all."""
    return _READERS[origin](data, guild_id)


__all__ = ["Brought", "Mistake", "Origin", "Reading", "read"]
