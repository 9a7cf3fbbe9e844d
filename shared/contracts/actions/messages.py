"""What a message is made of: text, embeds, components, files, and whom it may ping."""

from datetime import datetime

from msgspec import Struct

from shared.contracts.ids import RoleId, UserId

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
