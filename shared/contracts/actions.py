"""Actions: what a service asks the gateway to do on Discord, and what came of it."""

from datetime import datetime
from typing import Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType, field

from shared.contracts.ids import ChannelId, GuildId, MessageId, RoleId, UserId
from shared.contracts.invocations import Choice, ReplyTarget

EPHEMERAL = 1 << 6


class EmbedField(Struct, kw_only=True, frozen=True):
    """A field of an embed."""

    name: str
    value: str
    inline: bool = False


class EmbedText(Struct, kw_only=True, frozen=True):
    """The footer of an embed."""

    text: str


class EmbedAuthor(Struct, kw_only=True, frozen=True, omit_defaults=True):
    """The author line of an embed."""

    name: str
    icon_url: str | None = None
    url: str | None = None


class Embed(Struct, kw_only=True, frozen=True, omit_defaults=True):
    """An embed as Discord takes it."""

    title: str | None = None
    description: str | None = None
    url: str | None = None
    color: int | None = None
    timestamp: datetime | None = None
    fields: tuple[EmbedField, ...] = ()
    footer: EmbedText | None = None
    author: EmbedAuthor | None = None


class SelectOption(Struct, kw_only=True, frozen=True, omit_defaults=True):
    """One entry of a select menu."""

    label: str
    value: str
    description: str | None = None
    default: bool = False


class Button(Struct, kw_only=True, frozen=True, tag_field="type", tag=2, omit_defaults=True):
    """A button; `style` 1 blurple, 2 grey, 3 green, 4 red, 5 link (`url`, no custom_id)."""

    label: str
    custom_id: str | None = None
    style: int = 1
    url: str | None = None
    disabled: bool = False


class Select(Struct, kw_only=True, frozen=True, tag_field="type", tag=3, omit_defaults=True):
    """A menu of texts to choose from."""

    custom_id: str
    options: tuple[SelectOption, ...]
    placeholder: str | None = None
    min_values: int = 1
    max_values: int = 1
    disabled: bool = False


class TextInput(Struct, kw_only=True, frozen=True, tag_field="type", tag=4, omit_defaults=True):
    """A line (style 1) or a paragraph (style 2) to fill in, in a modal."""

    custom_id: str
    label: str
    style: int = 1
    required: bool = True
    min_length: int | None = None
    max_length: int | None = None
    value: str | None = None
    placeholder: str | None = None


class ActionRow(Struct, kw_only=True, frozen=True):
    """A row of up to five buttons, or one select menu, or one text input."""

    components: tuple[Button | Select | TextInput, ...]
    type: int = 1


class File(Struct, kw_only=True, frozen=True):
    """A file to attach; `data` travels as base64."""

    name: str
    data: bytes
    content_type: str = "application/octet-stream"


class AllowedMentions(Struct, kw_only=True, frozen=True):
    """Whom a message may ping: nobody, unless said so."""

    parse: tuple[str, ...] = ()
    users: tuple[UserId, ...] = ()
    roles: tuple[RoleId, ...] = ()
    replied_user: bool = False


class Message(Struct, kw_only=True, frozen=True):
    """A message to send; over 2000 characters of content are the sender's mistake."""

    content: str = ""
    embeds: tuple[Embed, ...] = ()
    components: tuple[ActionRow, ...] = ()
    files: tuple[File, ...] = ()
    allowed_mentions: AllowedMentions = AllowedMentions()
    ephemeral: bool = False


class Act(Struct, kw_only=True, frozen=True, tag_field="do"):
    """An action; its tag is its name."""


class Respond(Act, frozen=True, kw_only=True, tag="respond"):
    """Answer an invocation; the first answer of an interaction, or the edit of a deferred one.

    `update` (components only) changes the message that the component is on.
    """

    to: ReplyTarget
    message: Message
    update: bool = False


class FollowUp(Act, frozen=True, kw_only=True, tag="follow_up"):
    """Send a further message to an invocation that was answered."""

    to: ReplyTarget
    message: Message


class EditResponse(Act, frozen=True, kw_only=True, tag="edit_response"):
    """Change the answer that was given to an invocation."""

    to: ReplyTarget
    message: Message


class Defer(Act, frozen=True, kw_only=True, tag="defer"):
    """Tell the user of an interaction that an answer will come; `update` for components."""

    to: ReplyTarget
    ephemeral: bool = False
    update: bool = False


class Autocomplete(Act, frozen=True, kw_only=True, tag="autocomplete"):
    """Offer values for the option that somebody is typing; 25 at most."""

    to: ReplyTarget
    choices: tuple[Choice, ...]


class OpenModal(Act, frozen=True, kw_only=True, tag="open_modal"):
    """Answer an interaction with a form."""

    to: ReplyTarget
    custom_id: str
    title: str
    rows: tuple[ActionRow, ...]


class SendMessage(Act, frozen=True, kw_only=True, tag="send_message"):
    """Post a message in a channel. The result's data: the message."""

    channel_id: ChannelId
    message: Message
    reply_to: MessageId | None = None


class EditMessage(Act, frozen=True, kw_only=True, tag="edit_message"):
    """Change one of the bot's own messages."""

    channel_id: ChannelId
    message_id: MessageId
    message: Message


class DeleteMessage(Act, frozen=True, kw_only=True, tag="delete_message"):
    """Delete a message."""

    channel_id: ChannelId
    message_id: MessageId


class DeleteMessages(Act, frozen=True, kw_only=True, tag="delete_messages"):
    """Delete 2 to 100 messages that are younger than 14 days."""

    channel_id: ChannelId
    message_ids: tuple[MessageId, ...]


class AddReaction(Act, frozen=True, kw_only=True, tag="add_reaction"):
    """React to a message; `emoji` is a character or `name:id`."""

    channel_id: ChannelId
    message_id: MessageId
    emoji: str


class SendDirect(Act, frozen=True, kw_only=True, tag="send_direct"):
    """Post a direct message to a user. Refused with 50007 where they take none."""

    user_id: UserId
    message: Message


class Ban(Act, frozen=True, kw_only=True, tag="ban"):
    """Ban a user, and delete their messages of so many seconds, 604800 at most."""

    guild_id: GuildId
    user_id: UserId
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


class BulkBan(Act, frozen=True, kw_only=True, tag="bulk_ban"):
    """Ban up to 200 users, with their messages of so many seconds. The result's data: a Banned.

    Refused with 500000 when none of them could be banned.
    """

    guild_id: GuildId
    user_ids: tuple[UserId, ...]
    delete_message_seconds: int = 0


class RemoveReaction(Act, frozen=True, kw_only=True, tag="remove_reaction"):
    """Take a reaction from a message: a user's, or the bot's own without `user_id`."""

    channel_id: ChannelId
    message_id: MessageId
    emoji: str
    user_id: UserId | None = None


class ClearReactions(Act, frozen=True, kw_only=True, tag="clear_reactions"):
    """Take all reactions from a message, or all with one emoji."""

    channel_id: ChannelId
    message_id: MessageId
    emoji: str | None = None


class EditChannel(Act, frozen=True, kw_only=True, tag="edit_channel"):
    """Change a channel or a thread; what is unset stays. The result's data: the channel.

    `slowmode` is in seconds, 21600 at most; `archived` and `locked` are of threads. What a role
    or a member may do in a channel is changed with SetOverwrite.
    """

    channel_id: ChannelId
    name: str | UnsetType = UNSET
    topic: str | UnsetType | None = UNSET
    slowmode: int | UnsetType = UNSET
    nsfw: bool | UnsetType = UNSET
    parent_id: ChannelId | UnsetType | None = UNSET
    archived: bool | UnsetType = UNSET
    locked: bool | UnsetType = UNSET


class SetOverwrite(Act, frozen=True, kw_only=True, tag="set_overwrite"):
    """Set what a channel allows and denies to a role or a member, in the place of what it did.

    A channel is locked by denying its guild's own role (the guild's id) to send messages.
    """

    channel_id: ChannelId
    target_id: RoleId | UserId
    of: Literal["role", "member"]
    allow: int = 0
    deny: int = 0


class DeleteOverwrite(Act, frozen=True, kw_only=True, tag="delete_overwrite"):
    """Take back what a channel allows and denies to a role or a member; gone (10009) if nothing."""

    channel_id: ChannelId
    target_id: RoleId | UserId


class CreateInvite(Act, frozen=True, kw_only=True, tag="create_invite"):
    """Make an invite to a channel. The result's data: Discord's invite, with its `code`.

    `max_age` in seconds and `max_uses` are without limit at 0. Unless it is `unique`, Discord may
    give an invite of the bot's again that is the same in everything.
    """

    channel_id: ChannelId
    max_age: int = 86_400
    max_uses: int = 0
    temporary: bool = False
    unique: bool = False


class DeleteInvite(Act, frozen=True, kw_only=True, tag="delete_invite"):
    """Take an invite back; gone (10006) when there is none."""

    code: str


class PinMessage(Act, frozen=True, kw_only=True, tag="pin_message"):
    """Pin a message to its channel, which holds 250."""

    channel_id: ChannelId
    message_id: MessageId


class UnpinMessage(Act, frozen=True, kw_only=True, tag="unpin_message"):
    """Unpin a message."""

    channel_id: ChannelId
    message_id: MessageId


class GetGuild(Act, frozen=True, kw_only=True, tag="get_guild"):
    """Ask for what the gateway knows of a guild. The result's data: a GuildSnapshot."""

    guild_id: GuildId


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


Action = (
    Respond
    | FollowUp
    | EditResponse
    | Defer
    | Autocomplete
    | OpenModal
    | SendMessage
    | EditMessage
    | DeleteMessage
    | DeleteMessages
    | AddReaction
    | SendDirect
    | Ban
    | Unban
    | Kick
    | Timeout
    | EditMember
    | SetOwnNick
    | AddRole
    | RemoveRole
    | GetGuild
    | GetMember
    | GetUser
    | GetBan
    | BulkBan
    | RemoveReaction
    | ClearReactions
    | EditChannel
    | SetOverwrite
    | DeleteOverwrite
    | CreateInvite
    | DeleteInvite
    | PinMessage
    | UnpinMessage
    | GetChannel
    | GetMessage
    | GetAuditLog
    | ListBans
    | ListMembers
    | ListMessages
    | ListPins
    | ListInvites
)


class Banned(Struct, kw_only=True, frozen=True):
    """Whom a BulkBan banned; the others were banned already, or the bot may not ban them."""

    banned_users: tuple[UserId, ...] = ()
    failed_users: tuple[UserId, ...] = ()


class ActionRequest(Struct, kw_only=True, frozen=True):
    """An action on its way to the gateway.

    `key` makes it happen once: a repeated key is answered with the first result; None for
    questions (`Get...`, `List...`), which are simply asked again. After `deadline` it is not begun.
    `reason` is for Discord's audit log (512 characters) and names the moderator.
    """

    action: Action
    deadline: datetime
    key: str | None = None
    reason: str = ""


Status = Literal["done", "refused", "gone", "retry"]


class ActionResult(Struct, kw_only=True, frozen=True):
    """What came of an action.

    done: `data` is Discord's answer. refused: it will not work like this (`code` is Discord's,
    `message` says why in plain words), or Discord left open whether it was done and once more could
    be twice. gone: what it was about is not there. retry: it may work
    later (`retry_after` in seconds): Discord is away, too slow, or the deadline passed.
    """

    status: Status
    code: int = 0
    http_status: int = 0
    message: str = ""
    retry_after: float = 0.0
    data: msgspec.Raw = field(default_factory=lambda: msgspec.Raw(b"null"))
