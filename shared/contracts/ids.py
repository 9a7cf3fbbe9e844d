"""Discord's snowflakes by what they name: ints inside, strings in the JSON that leaves us."""

from datetime import UTC, datetime
from typing import NewType

Snowflake = NewType("Snowflake", int)
GuildId = NewType("GuildId", int)
ChannelId = NewType("ChannelId", int)
UserId = NewType("UserId", int)
RoleId = NewType("RoleId", int)
MessageId = NewType("MessageId", int)
InteractionId = NewType("InteractionId", int)
ApplicationId = NewType("ApplicationId", int)

NO_GUILD = GuildId(0)
"""Stands for "outside of any guild" (direct messages) in routing keys and correlation ids."""

DISCORD_EPOCH_MS = 1_420_070_400_000


def made_at(snowflake: int) -> datetime:
    """Return when Discord made an id, to the millisecond (Discord's reference, "Snowflakes")."""
    return datetime.fromtimestamp(((snowflake >> 22) + DISCORD_EPOCH_MS) / 1000, tz=UTC)


def snowflake_at(moment: datetime) -> int:
    """Return the smallest id that Discord may have made at a moment."""
    return max(0, int(moment.timestamp() * 1000) - DISCORD_EPOCH_MS) << 22
