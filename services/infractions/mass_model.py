"""A mass order: one measure, or one change, for many; confirmed first, then done one by one."""

from datetime import datetime, timedelta
from typing import Final, Literal

from msgspec import Struct

from services.infractions.model import Kind, Person
from shared.contracts.ids import ChannelId, GuildId, UserId

What = Literal["ban", "kick", "mute", "delete", "pardon"]
MassState = Literal["preview", "running", "cancelled", "done"]
MassOutcome = Literal["done", "refused", "pending", "cancelled"]

MOST: Final = 100
"""People in one mass order."""

MEASURES: Final = {"ban": Kind.BAN, "kick": Kind.KICK, "mute": Kind.MUTE}
"""What is done to people; the rest is done to infractions."""


class MassOrder(Struct, kw_only=True, frozen=True):
    """What was asked for, by whom, and how far it has come."""

    id: int
    guild_id: GuildId
    what: What
    state: MassState
    moderator_id: UserId
    moderator_name: str
    reason: str
    source: str
    asked_at: datetime
    duration: timedelta | None = None
    channel_id: ChannelId | None = None

    @property
    def moderator(self) -> Person:
        """Who ordered it."""
        return Person(self.moderator_id, self.moderator_name)


class MassRow(Struct, kw_only=True, frozen=True):
    """One person of a mass order, or one infraction, and what came of it; nothing yet when None."""

    position: int
    user_id: UserId
    user_name: str
    number: int | None = None
    outcome: MassOutcome | None = None
    detail: str = ""
