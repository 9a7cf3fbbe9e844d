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
)


class ActionRequest(Struct, kw_only=True, frozen=True):
    """An action on its way to the gateway.

    `key` makes it happen once: a repeated key is answered with the first result; None for
    questions (`Get...`), which are simply asked again. After `deadline` it is not begun.
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
    `message` says why in plain words). gone: what it was about is not there. retry: it may work
    later (`retry_after` in seconds): Discord is away, too slow, or the deadline passed.
    """

    status: Status
    code: int = 0
    http_status: int = 0
    message: str = ""
    retry_after: float = 0.0
    data: msgspec.Raw = field(default_factory=lambda: msgspec.Raw(b"null"))
