"""Copies of guilds' snapshots that a service keeps until the gateway says that they changed."""

import time
from collections import OrderedDict
from typing import Final

import msgspec
import structlog
from msgspec import Struct

from shared.bus import Delivery
from shared.contracts.codec import decode
from shared.contracts.discord import GuildSnapshot
from shared.contracts.domain import GuildChanged
from shared.contracts.ids import GuildId

ROOM: Final = 16 * 1024 * 1024
"""Bytes of JSON that all copies together were; what was used longest ago is dropped first."""

LONGEST: Final = 300.0
"""Seconds after which a copy is asked for again, whatever was heard."""

TOLD: Final = 10_000
"""How many guilds' newest versions are remembered, to know an answer that is older."""

log = structlog.get_logger()


class Asked(Struct, frozen=True):
    """When the gateway was asked for a snapshot, and which version would be right then."""

    at: float
    period: int
    version: int


class _Copy(Struct, frozen=True):
    guild: GuildSnapshot
    size: int
    asked_at: float


class GuildCopies:
    """Hears which guilds changed; keeps copies only while it hears, and none that may be wrong.

    An answer that was under way when its guild changed is known by its version.
    """

    def __init__(self, room: int = ROOM, longest: float = LONGEST) -> None:
        self._room = room
        self._longest = longest
        self._copies: OrderedDict[GuildId, _Copy] = OrderedDict()
        self._told: OrderedDict[GuildId, tuple[int, float]] = OrderedDict()
        self._size = 0
        self._period = 0
        self.hears = False

    def __len__(self) -> int:
        return len(self._copies)

    def get(self, guild_id: GuildId, version: int = 0) -> GuildSnapshot | None:
        """Return the copy of a guild, if it is right and of this version or a later one."""
        copy = self._copies.get(guild_id)
        if copy is None:
            return None
        if copy.guild.version < version or copy.asked_at + self._longest < time.monotonic():
            self._drop(guild_id)
            return None
        self._copies.move_to_end(guild_id)
        return copy.guild

    def ask(self, guild_id: GuildId, version: int = 0) -> Asked:
        """Note that the gateway is being asked, for this version or the one that was told last."""
        now = time.monotonic()
        told, told_at = self._told.get(guild_id, (0, now))
        wanted = version if told_at + self._longest < now else max(version, told)
        return Asked(now, self._period, wanted)

    def keep(self, guild: GuildSnapshot, size: int, asked: Asked) -> None:
        """Keep an answer of so many bytes, unless it may be wrong already."""
        newest = self.ask(guild.id, asked.version).version
        heard = self.hears and asked.period == self._period
        if not heard or not guild.version or guild.version < newest or size > self._room:
            return
        self._drop(guild.id)
        self._copies[guild.id] = _Copy(guild, size, asked.at)
        self._size += size
        while self._size > self._room:
            self._drop(next(iter(self._copies)))

    # --- what is heard --------------------------------------------------------------------------

    def begin(self) -> None:
        """Begin to keep copies, as every change is heard from now on."""
        self.hears = True

    def hear(self, message: Delivery) -> None:
        """Drop the copy of a guild that changed."""
        try:
            changed = decode(message.body, GuildChanged)
        except msgspec.MsgspecError as error:
            log.warning("unreadable_event", type=message.type, error=str(error))
            self._forget()
            return
        copy = self._copies.get(changed.guild_id)
        if copy is not None and copy.guild.version < changed.version:
            self._drop(changed.guild_id)
        self._told[changed.guild_id] = (changed.version, time.monotonic())
        self._told.move_to_end(changed.guild_id)
        if len(self._told) > TOLD:
            self._told.popitem(last=False)

    def end(self) -> None:
        """Drop everything, as changes may have gone unheard."""
        self.hears = False
        self._forget()

    def _forget(self) -> None:
        self._period += 1
        self._copies.clear()
        self._size = 0

    def _drop(self, guild_id: GuildId) -> None:
        copy = self._copies.pop(guild_id, None)
        if copy is not None:
            self._size -= copy.size
