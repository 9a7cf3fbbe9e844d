"""Discord's gateway events, each with the fields that services read of Discord's own body."""

from datetime import datetime
from typing import ClassVar

from msgspec import Struct

from shared.contracts.discord import User
from shared.contracts.ids import ChannelId, GuildId, MessageId, RoleId, UserId


class MessageCreated(Struct, kw_only=True, frozen=True):
    """Somebody posted a message; `guild_id` is 0 in direct messages."""

    EVENT: ClassVar[str] = "MESSAGE_CREATE"

    id: MessageId
    channel_id: ChannelId
    author: User
    guild_id: GuildId = GuildId(0)
    content: str = ""
    timestamp: datetime | None = None
    type: int = 0
    webhook_id: int | None = None


class MemberJoined(Struct, kw_only=True, frozen=True):
    """Somebody joined a guild."""

    EVENT: ClassVar[str] = "GUILD_MEMBER_ADD"

    guild_id: GuildId
    user: User
    joined_at: datetime | None = None
    roles: tuple[RoleId, ...] = ()

    @property
    def user_id(self) -> UserId:
        """Who joined."""
        return self.user.id


class MemberLeft(Struct, kw_only=True, frozen=True):
    """Somebody left a guild, was kicked, or banned."""

    EVENT: ClassVar[str] = "GUILD_MEMBER_REMOVE"

    guild_id: GuildId
    user: User

    @property
    def user_id(self) -> UserId:
        """Who left."""
        return self.user.id


class MemberUpdated(Struct, kw_only=True, frozen=True):
    """A member's roles, nickname or timeout changed."""

    EVENT: ClassVar[str] = "GUILD_MEMBER_UPDATE"

    guild_id: GuildId
    user: User
    roles: tuple[RoleId, ...] = ()
    nick: str | None = None
    communication_disabled_until: datetime | None = None


class MemberBanned(Struct, kw_only=True, frozen=True):
    """Somebody was banned, by whomever."""

    EVENT: ClassVar[str] = "GUILD_BAN_ADD"

    guild_id: GuildId
    user: User


class MemberUnbanned(Struct, kw_only=True, frozen=True):
    """Somebody's ban was lifted, by whomever."""

    EVENT: ClassVar[str] = "GUILD_BAN_REMOVE"

    guild_id: GuildId
    user: User


class AuditLogEntryCreated(Struct, kw_only=True, frozen=True):
    """Discord noted who did what; `action_type` is Discord's number (22 ban, 23 unban, 20 kick)."""

    EVENT: ClassVar[str] = "GUILD_AUDIT_LOG_ENTRY_CREATE"

    guild_id: GuildId
    id: int
    action_type: int
    user_id: UserId | None = None
    target_id: int | None = None
    reason: str | None = None


class GuildRemoved(Struct, kw_only=True, frozen=True):
    """The bot left a guild, or (`unavailable`) the guild is away for a while."""

    EVENT: ClassVar[str] = "GUILD_DELETE"

    id: GuildId
    unavailable: bool = False
