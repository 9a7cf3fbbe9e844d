"""What was found out lately about who may see which guild."""

from datetime import datetime
from typing import Final, Literal

from msgspec import Struct

from shared.contracts.ids import GuildId, UserId
from shared.http import Actor

Role = Literal["viewer", "editor", "admin", "operator"]

MOST_KEPT: Final = 10_000


class Access(Struct, frozen=True, kw_only=True):
    """What somebody may do in a guild, and how the guild is called."""

    id: GuildId
    user_id: UserId
    role: Role
    name: str
    icon: str | None = None

    @property
    def icon_url(self) -> str | None:
        """Where Discord keeps the guild's icon."""
        if self.icon is None:
            return None
        return f"https://cdn.discordapp.com/icons/{self.id}/{self.icon}.png?size=64"

    @property
    def actor(self) -> Actor:
        """For whom the dashboard asks the other services."""
        return Actor(user_id=self.user_id, guild_id=self.id, role=self.role)


class AccessMemory:
    """What was found out lately; None stands for somebody who may not see the guild."""

    def __init__(self) -> None:
        self._known: dict[tuple[UserId, GuildId], tuple[datetime, Access | None]] = {}

    def recall(
        self, user_id: UserId, guild_id: GuildId, since: datetime
    ) -> tuple[bool, Access | None]:
        """Return whether it is known since then, and what."""
        found_at, access = self._known.get((user_id, guild_id), (None, None))
        return found_at is not None and found_at >= since, access

    def keep(
        self, user_id: UserId, guild_id: GuildId, access: Access | None, now: datetime
    ) -> None:
        """Remember what was found out."""
        if len(self._known) >= MOST_KEPT:
            self._known.clear()
        self._known[user_id, guild_id] = (now, access)
