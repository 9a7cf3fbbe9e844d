"""Actions in channels: messages, reactions, pins, the channel itself, who may what, invites."""

from typing import Literal

from msgspec import UNSET, UnsetType

from shared.contracts.actions.act import Act
from shared.contracts.actions.messages import Message
from shared.contracts.ids import ChannelId, MessageId, RoleId, UserId


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


class SendDirect(Act, frozen=True, kw_only=True, tag="send_direct"):
    """Post a direct message to a user. Refused with 50007 where they take none."""

    user_id: UserId
    message: Message


class AddReaction(Act, frozen=True, kw_only=True, tag="add_reaction"):
    """React to a message; `emoji` is a character or `name:id`."""

    channel_id: ChannelId
    message_id: MessageId
    emoji: str


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


class PinMessage(Act, frozen=True, kw_only=True, tag="pin_message"):
    """Pin a message to its channel, which holds 250."""

    channel_id: ChannelId
    message_id: MessageId


class UnpinMessage(Act, frozen=True, kw_only=True, tag="unpin_message"):
    """Unpin a message."""

    channel_id: ChannelId
    message_id: MessageId


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
