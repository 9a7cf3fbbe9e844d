"""Who may see which guild, and as what: asked of the services that know, remembered for moments."""

from datetime import datetime, timedelta
from typing import Final, Literal

from msgspec import Struct

from shared.contracts.ids import GuildId, UserId

Role = Literal["viewer", "editor", "admin", "operator"]

MOST_KEPT: Final = 10_000


class Access(Struct, frozen=True, kw_only=True):
    """What somebody may do in a guild; `role` is None when they may not even know that it is there."""

    guild_id: GuildId
    role: Role | None
    name: str = ""
    icon: str | None = None


class AccessMemory:
    """What was answered lately, so that a page of five panels asks once."""

    def __init__(self, kept: timedelta) -> None:
        self._kept = kept
        self._answers: dict[tuple[UserId, GuildId], tuple[datetime, Access]] = {}

    def get(self, user_id: UserId, guild_id: GuildId, now: datetime) -> Access | None:
        """Return an answer that is recent enough."""
        known = self._answers.get((user_id, guild_id))
        return known[1] if known and now - known[0] <= self._kept else None

    def keep(self, user_id: UserId, access: Access, now: datetime) -> None:
        """Remember an answer."""
        if len(self._answers) >= MOST_KEPT:
            self._answers.clear()
        self._answers[user_id, access.guild_id] = (now, access)
