"""Actions on people: bans, kicks, timeouts, roles, names, voice."""

from datetime import datetime

from msgspec import UNSET, Struct, UnsetType

from shared.contracts.actions.act import Act
from shared.contracts.ids import ChannelId, GuildId, RoleId, UserId


class Ban(Act, frozen=True, kw_only=True, tag="ban"):
    """Ban a user, and delete their messages of so many seconds, 604800 at most."""

    guild_id: GuildId
    user_id: UserId
    delete_message_seconds: int = 0


class BulkBan(Act, frozen=True, kw_only=True, tag="bulk_ban"):
    """Ban up to 200 users, with their messages of so many seconds. The result's data: a Banned.

    Refused with 500000 when none of them could be banned.
    """

    guild_id: GuildId
    user_ids: tuple[UserId, ...]
    delete_message_seconds: int = 0


class Unban(Act, frozen=True, kw_only=True, tag="unban"):
    """Lift a ban; gone (10026) when there is none."""

    guild_id: GuildId
    user_id: UserId


class Kick(Act, frozen=True, kw_only=True, tag="kick"):
    """Remove a member from the guild."""

    guild_id: GuildId
    user_id: UserId


class Timeout(Act, frozen=True, kw_only=True, tag="timeout"):
    """Time a member out until then (28 days at most), or end it with None."""

    guild_id: GuildId
    user_id: UserId
    until: datetime | None


class EditMember(Act, frozen=True, kw_only=True, tag="edit_member"):
    """Change a member's nickname, voice channel or voice state; what is unset stays."""

    guild_id: GuildId
    user_id: UserId
    nick: str | UnsetType | None = UNSET
    channel_id: ChannelId | UnsetType | None = UNSET
    mute: bool | UnsetType = UNSET
    deaf: bool | UnsetType = UNSET


class SetOwnNick(Act, frozen=True, kw_only=True, tag="set_own_nick"):
    """Change the bot's own nickname in a guild; None takes it away."""

    guild_id: GuildId
    nick: str | None


class AddRole(Act, frozen=True, kw_only=True, tag="add_role"):
    """Give a member a role."""

    guild_id: GuildId
    user_id: UserId
    role_id: RoleId


class RemoveRole(Act, frozen=True, kw_only=True, tag="remove_role"):
    """Take a role from a member."""

    guild_id: GuildId
    user_id: UserId
    role_id: RoleId


class Banned(Struct, kw_only=True, frozen=True):
    """Whom a BulkBan banned; the others were banned already, or the bot may not ban them."""

    banned_users: tuple[UserId, ...] = ()
    failed_users: tuple[UserId, ...] = ()
