"""Text commands: which messages are meant for the bot, and what they mean."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
from msgspec import Struct, structs

from services.gateway.recognition.book import CommandBook, Meant
from services.gateway.recognition.permissions import in_channel
from services.gateway.shards.dispatch import Dispatch
from services.gateway.snapshots import Snapshots
from shared.contracts.config import CorePlugin
from shared.contracts.discord import Attachment, GuildSnapshot, Member, MessageRef, User
from shared.contracts.ids import ChannelId, GuildId, MessageId, RoleId, made_at
from shared.contracts.invocations import GuildRef, Invocation, MessageTarget, Resolved

ANSWERABLE: Final = timedelta(minutes=15)
"""How old a message may be for its command to be carried out, as with interactions."""

FROM_PEOPLE: Final = frozenset({0, 19})
"""Message types: a message, a reply."""


class _Writer(Struct, frozen=True):
    bot: bool = False


class _Glance(Struct, frozen=True):
    """As little of a message as decides whether it can be a command."""

    author: _Writer
    content: str = ""
    webhook_id: str | None = None
    type: int = 0


class _Roles(Struct, frozen=True):
    roles: tuple[RoleId, ...] = ()
    nick: str | None = None
    joined_at: datetime | None = None
    communication_disabled_until: datetime | None = None


class _Mention(User, frozen=True, kw_only=True):
    member: Member | None = None


class _Message(Struct, frozen=True, kw_only=True):
    id: MessageId
    channel_id: ChannelId
    author: User
    content: str
    guild_id: GuildId = GuildId(0)
    member: _Roles | None = None
    mentions: tuple[_Mention, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    referenced_message: MessageRef | None = None


class Spoken(Struct, frozen=True, kw_only=True):
    """A message that is meant for the bot: what it means, or why it means nothing.

    `slash_only` names the command that it asks for when that one is not for messages.
    """

    invocation: Invocation
    meant: Meant | None
    unknown_word: str = ""
    slash_only: str | None = None


_glance = msgspec.json.Decoder(_Glance)


class TextCommands:
    """Recognises commands in messages: by the guild's prefix, or by a mention of the bot."""

    def __init__(
        self, book: CommandBook, snapshots: Snapshots, core: Callable[[GuildId], CorePlugin]
    ) -> None:
        self._book = book
        self._snapshots = snapshots
        self._core = core

    def read(self, event: Dispatch) -> Spoken | None:
        """Return the command in a MESSAGE_CREATE, or None when it holds none."""
        try:
            glance = _glance.decode(event.body)
        except msgspec.MsgspecError:
            return None
        if glance.author.bot or glance.webhook_id or glance.type not in FROM_PEOPLE:
            return None
        core = self._core(GuildId(event.guild_id))
        line, mentioned = self._addressed(event, glance.content, core)
        if not line:
            return None
        meant = self._book.read(line)
        slash_only = None if meant else self._book.slash_only(line)
        if meant is None and slash_only is None and not mentioned:
            return None
        invocation = self._invocation(event, meant, core.prefix)
        if invocation is None:
            return None
        unknown = "" if meant else line.split(maxsplit=1)[0]
        return Spoken(
            invocation=invocation, meant=meant, unknown_word=unknown, slash_only=slash_only
        )

    def _addressed(self, event: Dispatch, content: str, core: CorePlugin) -> tuple[str, bool]:
        """Return what is said to the bot, and whether it was mentioned."""
        if core.prefix and content.startswith(core.prefix):
            line = content[len(core.prefix) :]
            return ("" if line[:1].isspace() else line), False
        if core.mention and content.startswith("<@"):
            bot_id = self._snapshots.bot_id(event.shard_id)
            for mention in (f"<@{bot_id}>", f"<@!{bot_id}>"):
                if content.startswith(mention):
                    return content[len(mention) :].strip(), True
        return "", False

    def _invocation(self, event: Dispatch, meant: Meant | None, prefix: str) -> Invocation | None:
        try:
            message = msgspec.json.decode(event.body, type=_Message, strict=False)
        except msgspec.MsgspecError:
            return None
        deadline = made_at(message.id) + ANSWERABLE
        now = datetime.now(UTC)
        if deadline < now:
            return None
        guild = self._snapshots.get(message.guild_id) if message.guild_id else None
        return Invocation(
            id=f"m{message.id}",
            command=meant.command if meant else "",
            source="text",
            user=message.author,
            channel_id=message.channel_id,
            reply_to=MessageTarget(channel_id=message.channel_id, message_id=message.id),
            received_at=now,
            deadline=deadline,
            guild=_guild_ref(message.guild_id, guild),
            member=_member(message, guild),
            text=meant.rest if meant else "",
            prefix=prefix,
            resolved=_resolved(message),
            message=_message_ref(message),
            app_permissions=_own_permissions(message, guild),
        )


def _guild_ref(guild_id: GuildId, guild: GuildSnapshot | None) -> GuildRef | None:
    if not guild_id:
        return None
    if guild is None:
        return GuildRef(id=guild_id)
    return GuildRef(id=guild_id, name=guild.name, owner_id=guild.owner_id, version=guild.version)


def _member(message: _Message, guild: GuildSnapshot | None) -> Member | None:
    """Return the author as a member, with permissions as an interaction would carry them."""
    if message.member is None:
        return None
    roles = message.member.roles
    return Member(
        user=message.author,
        nick=message.member.nick,
        roles=roles,
        joined_at=message.member.joined_at,
        communication_disabled_until=message.member.communication_disabled_until,
        permissions=(
            in_channel(guild, message.channel_id, message.author.id, roles) if guild else 0
        ),
    )


def _own_permissions(message: _Message, guild: GuildSnapshot | None) -> int:
    if guild is None:
        return 0
    return in_channel(guild, message.channel_id, guild.bot_id, guild.bot_roles)


def _resolved(message: _Message) -> Resolved:
    """Return whom the message mentions, and the files with it."""
    return Resolved(
        users={
            mention.id: User(**{name: getattr(mention, name) for name in _USER})
            for mention in message.mentions
        },
        members={
            mention.id: structs.replace(mention.member, user=None)
            for mention in message.mentions
            if mention.member is not None
        },
        attachments={attachment.id: attachment for attachment in message.attachments},
    )


def _message_ref(message: _Message) -> MessageRef:
    return MessageRef(
        id=message.id,
        channel_id=message.channel_id,
        author=message.author,
        content=message.content,
        attachments=message.attachments,
    )


_USER: Final = User.__struct_fields__
