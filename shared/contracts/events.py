"""Discord's gateway events, each with the fields that services read of Discord's own body."""

from datetime import datetime
from typing import ClassVar

from msgspec import Raw, Struct, field

from shared.contracts.codec import decode
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


class RoleName(Struct, kw_only=True, frozen=True):
    """A role as the audit log names it, which may not exist any more."""

    id: RoleId
    name: str = ""


class AuditChange(Struct, kw_only=True, frozen=True):
    """One thing that was changed, as the audit log has it; the values are of the key's own type.

    Without a new value (null) the thing was taken away, without an old one it was not there before.
    """

    key: str
    new_value: Raw = field(default_factory=lambda: Raw(b"null"))
    old_value: Raw = field(default_factory=lambda: Raw(b"null"))

    def moment(self) -> datetime | None:
        """Return the new value of a key that holds a time, such as `communication_disabled_until`.

        Raises msgspec.ValidationError where it is no time.
        """
        return _moment(self.new_value)

    def former_moment(self) -> datetime | None:
        """Return the old value of a key that holds a time. Raises as `moment` does."""
        return _moment(self.old_value)

    def roles(self) -> tuple[RoleName, ...]:
        """Return the roles that `$add` gave and `$remove` took.

        Raises msgspec.ValidationError where they are no roles.
        """
        return () if _is_null(self.new_value) else decode(self.new_value, tuple[RoleName, ...])


def _moment(value: Raw) -> datetime | None:
    return None if _is_null(value) else decode(value, datetime)


def _is_null(value: Raw) -> bool:
    return bytes(value) == b"null"


class AuditOptions(Struct, kw_only=True, frozen=True):
    """What an entry of the audit log says beside its changes, as far as it concerns members."""

    auto_moderation_rule_name: str | None = None
    channel_id: ChannelId | None = None
    count: int | None = None
    delete_member_days: int | None = None
    integration_type: str | None = None
    members_removed: int | None = None


class AuditLogEntryCreated(Struct, kw_only=True, frozen=True):
    """Discord noted who did what; `action_type` is Discord's number.

    20 kick, 21 prune, 22 ban, 23 unban, 24 a member changed (timeouts among it), 25 their roles.
    """

    EVENT: ClassVar[str] = "GUILD_AUDIT_LOG_ENTRY_CREATE"

    guild_id: GuildId
    id: int
    action_type: int
    user_id: UserId | None = None
    target_id: int | None = None
    reason: str | None = None
    changes: tuple[AuditChange, ...] | None = None
    options: AuditOptions | None = None


class GuildRemoved(Struct, kw_only=True, frozen=True):
    """The bot left a guild, or (`unavailable`) the guild is away for a while."""

    EVENT: ClassVar[str] = "GUILD_DELETE"

    id: GuildId
    unavailable: bool = False
