"""Questions to Discord, which change nothing: guilds, members, channels, lists."""

from datetime import datetime

from shared.contracts.actions.act import Act
from shared.contracts.ids import ChannelId, GuildId, MessageId, UserId


class GetGuild(Act, frozen=True, kw_only=True, tag="get_guild"):
    """Ask for what the gateway knows of a guild. The result's data: a GuildSnapshot.

    It is of this `version` or a later one, where that comes within a few seconds.
    """

    guild_id: GuildId
    version: int = 0


class GetMember(Act, frozen=True, kw_only=True, tag="get_member"):
    """Ask for a member. The result's data: a Member; gone (10007) when not in the guild."""

    guild_id: GuildId
    user_id: UserId


class GetUser(Act, frozen=True, kw_only=True, tag="get_user"):
    """Ask for a user. The result's data: a User; gone (10013) when there is none."""

    user_id: UserId


class GetBan(Act, frozen=True, kw_only=True, tag="get_ban"):
    """Ask whether somebody is banned. The result's data: Discord's ban; gone (10026) when not."""

    guild_id: GuildId
    user_id: UserId


class GetChannel(Act, frozen=True, kw_only=True, tag="get_channel"):
    """Ask for a channel or a thread. The result's data: Discord's channel; gone (10003)."""

    channel_id: ChannelId


class GetMessage(Act, frozen=True, kw_only=True, tag="get_message"):
    """Ask for a message. The result's data: Discord's message; gone (10008) when deleted."""

    channel_id: ChannelId
    message_id: MessageId


class GetAuditLog(Act, frozen=True, kw_only=True, tag="get_audit_log"):
    """Ask what was done in a guild, newest first; with `after` oldest first.

    `user_id` did it to `target_id`; `action_type` is Discord's number of what was done. The
    result's data: Discord's audit log, up to `limit` (100) in `audit_log_entries`.
    """

    guild_id: GuildId
    user_id: UserId | None = None
    target_id: int | None = None
    action_type: int | None = None
    before: int | None = None
    after: int | None = None
    limit: int = 50


class ListBans(Act, frozen=True, kw_only=True, tag="list_bans"):
    """Ask for a guild's bans in order of the users' ids, up to `limit` (1000) after one.

    The result's data: a list of Discord's bans.
    """

    guild_id: GuildId
    after: UserId | None = None
    limit: int = 1000


class ListMembers(Act, frozen=True, kw_only=True, tag="list_members"):
    """Ask for a guild's members in order of their ids, up to `limit` (1000) after one.

    The result's data: a list of Members.
    """

    guild_id: GuildId
    after: UserId | None = None
    limit: int = 1000


class ListMessages(Act, frozen=True, kw_only=True, tag="list_messages"):
    """Ask for messages of a channel, newest first: the last, or those before or after one.

    The result's data: a list of up to `limit` (100) of Discord's messages.
    """

    channel_id: ChannelId
    before: MessageId | None = None
    after: MessageId | None = None
    limit: int = 50


class ListPins(Act, frozen=True, kw_only=True, tag="list_pins"):
    """Ask for a channel's pinned messages, last pinned first, up to `limit` (50) before a moment.

    The result's data: `items` of `pinned_at` and `message`, and whether it `has_more`.
    """

    channel_id: ChannelId
    before: datetime | None = None
    limit: int = 50


class ListInvites(Act, frozen=True, kw_only=True, tag="list_invites"):
    """Ask for a guild's invites. The result's data: a list of Discord's invites."""

    guild_id: GuildId
