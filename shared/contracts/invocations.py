"""Commands: what a service announces, and what somebody typed or pressed."""

from datetime import datetime
from enum import IntEnum
from typing import ClassVar, Literal

from msgspec import Struct

from shared.contracts.discord import Attachment, Channel, Member, MessageRef, Role, User
from shared.contracts.ids import ChannelId, GuildId, InteractionId, MessageId, Snowflake, UserId

Source = Literal["slash", "text", "user_menu", "message_menu", "component", "modal", "autocomplete"]


class OptionType(IntEnum):
    """Discord's numbers for the types of a command's options."""

    STRING = 3
    INTEGER = 4
    BOOLEAN = 5
    USER = 6
    CHANNEL = 7
    ROLE = 8
    MENTIONABLE = 9
    NUMBER = 10
    ATTACHMENT = 11


class Choice(Struct, kw_only=True, frozen=True):
    """One of the values that an option may have."""

    name: str
    value: str | int | float


class OptionSpec(Struct, kw_only=True, frozen=True):
    """An option of a command, as Discord wants it described.

    `kind` is our word for what the text is converted to (`user`, `duration`, `text`, ...).
    """

    name: str
    description: str
    type: OptionType
    kind: str
    required: bool = True
    choices: tuple[Choice, ...] = ()
    autocomplete: bool = False
    min_value: float | None = None
    max_value: float | None = None
    max_length: int | None = None


class CommandSpec(Struct, kw_only=True, frozen=True):
    """A command as a service announces it; `name` is one to three words (`infractions search`).

    `menu` names the context menu that runs it too. `ephemeral` decides who sees a deferred answer.
    """

    name: str
    description: str
    plugin: str
    level: int
    options: tuple[OptionSpec, ...] = ()
    aliases: tuple[str, ...] = ()
    ephemeral: bool = False
    text: bool = True
    slash: bool = True
    guild_only: bool = True
    menu: Literal["user", "message"] | None = None
    menu_name: str = ""

    @property
    def first_word(self) -> str:
        """The word that routes an invocation to its owner."""
        return self.name.split(" ", 1)[0]


class GuildRef(Struct, kw_only=True, frozen=True):
    """The guild of an invocation, with what every permission check needs.

    `version` is that of the guild's snapshot when the command was read.
    """

    id: GuildId
    name: str = ""
    owner_id: UserId = UserId(0)
    version: int = 0


class Resolved(Struct, kw_only=True, frozen=True):
    """What Discord sent along about the ids in the options, by id."""

    users: dict[int, User] = {}
    members: dict[int, Member] = {}
    roles: dict[int, Role] = {}
    channels: dict[int, Channel] = {}
    messages: dict[int, MessageRef] = {}
    attachments: dict[int, Attachment] = {}


class InteractionTarget(Struct, kw_only=True, frozen=True, tag="interaction"):
    """Where the answer to an interaction goes; the token is valid for 15 minutes."""

    id: InteractionId
    application_id: Snowflake
    token: str


class MessageTarget(Struct, kw_only=True, frozen=True, tag="message"):
    """Where the answer to a text command goes."""

    channel_id: ChannelId
    message_id: MessageId


ReplyTarget = InteractionTarget | MessageTarget
OptionValue = str | int | float | bool


class Invocation(Struct, kw_only=True, frozen=True):
    """Somebody ran a command, pressed a component, sent a modal, or is typing an option.

    `id` is the key under which its effects happen once: the interaction's id, or `m<message id>`.
    `command` is the full name as announced; `text` is what followed it (text commands only);
    `options` are Discord's values by option name (slash commands, modals: by input id);
    `custom_id` and `values` belong to components and modals; `focused` to autocompletion.
    `deadline` is when the reply can no longer be delivered.
    """

    id: str
    command: str
    source: Source
    user: User
    channel_id: ChannelId
    reply_to: ReplyTarget
    received_at: datetime
    deadline: datetime
    guild: GuildRef | None = None
    member: Member | None = None
    text: str = ""
    prefix: str = "/"
    options: dict[str, OptionValue] = {}
    resolved: Resolved = Resolved()
    target_id: Snowflake | None = None
    custom_id: str = ""
    values: tuple[str, ...] = ()
    focused: str = ""
    message: MessageRef | None = None
    locale: str = "en-US"
    app_permissions: int = 0

    @property
    def guild_id(self) -> GuildId:
        """The guild's id, 0 in direct messages."""
        return self.guild.id if self.guild else GuildId(0)

    @property
    def guild_version(self) -> int:
        """The version of the guild's snapshot when this was read, 0 where it is not known."""
        return self.guild.version if self.guild else 0


class CommandsAnnounced(Struct, kw_only=True, frozen=True):
    """A service says which commands it owns: the whole list, each time."""

    KEY: ClassVar[str] = "commands.announced"

    service: str
    commands: tuple[CommandSpec, ...]
    guild_id: GuildId = GuildId(0)


class CommandsWanted(Struct, kw_only=True, frozen=True):
    """The gateway asks every service to announce its commands again."""

    KEY: ClassVar[str] = "commands.wanted"

    guild_id: GuildId = GuildId(0)


def reply_key(invocation_id: str) -> str:
    """Return the key of the action that answers an invocation."""
    return f"{invocation_id}:reply"
