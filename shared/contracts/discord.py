"""The parts of Discord's objects that Flotilla reads, decoded from Discord's own JSON."""

from datetime import datetime
from typing import Final

from msgspec import Struct, field

from shared.contracts.ids import ChannelId, GuildId, MessageId, RoleId, UserId

ADMINISTRATOR: Final = 1 << 3
KICK_MEMBERS: Final = 1 << 1
BAN_MEMBERS: Final = 1 << 2
MANAGE_GUILD: Final = 1 << 5
VIEW_AUDIT_LOG: Final = 1 << 7
MANAGE_MESSAGES: Final = 1 << 13
MANAGE_NICKNAMES: Final = 1 << 27
MANAGE_ROLES: Final = 1 << 28
MODERATE_MEMBERS: Final = 1 << 40


class User(Struct, kw_only=True, frozen=True):
    """A Discord user."""

    id: UserId
    username: str = ""
    global_name: str | None = None
    discriminator: str = "0"
    avatar: str | None = None
    bot: bool = False

    @property
    def name(self) -> str:
        """The name that people see."""
        return self.global_name or self.username or str(self.id)


class Member(Struct, kw_only=True, frozen=True):
    """A user within a guild; `permissions` is a bit set, by Discord or the gateway."""

    user: User | None = None
    nick: str | None = None
    roles: tuple[RoleId, ...] = ()
    joined_at: datetime | None = None
    communication_disabled_until: datetime | None = None
    pending: bool = False
    permissions: int = 0


class BanDetails(Struct, kw_only=True, frozen=True):
    """A ban as Discord has it; who did it, only the audit log knows."""

    reason: str | None = None
    user: User | None = None


class Role(Struct, kw_only=True, frozen=True):
    """A role of a guild; the role with the guild's own id is @everyone."""

    id: RoleId
    name: str = ""
    position: int = 0
    permissions: int = 0
    color: int = 0
    managed: bool = False


class Overwrite(Struct, kw_only=True, frozen=True):
    """A channel's exception from the permissions of a role (type 0) or a member (type 1)."""

    id: int
    type: int = 0
    allow: int = 0
    deny: int = 0


class Channel(Struct, kw_only=True, frozen=True):
    """A channel or thread of a guild; `type` is Discord's number."""

    id: ChannelId
    type: int = 0
    name: str = ""
    parent_id: ChannelId | None = None
    position: int = 0
    permission_overwrites: tuple[Overwrite, ...] = ()


class Attachment(Struct, kw_only=True, frozen=True):
    """A file with a message; `size` in bytes."""

    id: int
    filename: str = ""
    size: int = 0
    url: str = ""
    content_type: str | None = None


class MessageRef(Struct, kw_only=True, frozen=True):
    """A message, as far as a command that concerns it needs it."""

    id: MessageId
    channel_id: ChannelId
    author: User | None = None
    content: str = ""
    attachments: tuple[Attachment, ...] = ()


class GuildSnapshot(Struct, kw_only=True, frozen=True):
    """What the gateway knows of a guild from its events; `bot_roles` are the bot's own roles.

    `member_count` is Discord's; members themselves are asked for with the action `GetMember`.
    `version` grows with every change but those of `member_count`; it is 0 where it is not known.
    `missed_since` stands while the guild has not come back from a session that was lost.
    """

    id: GuildId
    name: str = ""
    icon: str | None = None
    owner_id: UserId = UserId(0)
    roles: tuple[Role, ...] = ()
    channels: tuple[Channel, ...] = ()
    bot_id: UserId = UserId(0)
    bot_roles: tuple[RoleId, ...] = ()
    member_count: int = 0
    unavailable: bool = False
    updated_at: datetime | None = field(default=None)
    missed_since: datetime | None = None
    version: int = 0
