"""What a client sends as a message, checked: the same for REST, webhooks and interactions."""

from collections.abc import Mapping, Sequence
from typing import cast

from msgspec import Struct, field

from sandbox import forms
from sandbox.errors import Code, DiscordError, form_error
from sandbox.forms import Field, Invalid, Json, invalid
from sandbox.models import MessageFlag
from sandbox.world import components, embeds, mentions
from sandbox.world.mentions import Allowed

MAX_CONTENT = 2000
MAX_FILES = 10
MAX_LAYOUT_TEXT = 4000


class Upload(Struct, frozen=True):
    """A file that came with a request; `key` is the number in `files[n]`."""

    key: int
    filename: str
    content: bytes
    content_type: str | None = None


class AttachmentNote(Struct, frozen=True):
    """What the body says about a file: one that is uploaded, or one to keep."""

    id: int
    filename: str | None = None
    description: str | None = None
    title: str | None = None


class Payload(Struct, kw_only=True):
    """A checked message; `given` names the fields that were there, which matters for edits."""

    given: frozenset[str]
    content: str = ""
    embeds: list[Json] = field(default_factory=list[Json])
    components: list[Json] = field(default_factory=list[Json])
    allowed_mentions: Allowed = Allowed()
    reference: Json | None = None
    notes: list[AttachmentNote] = field(default_factory=list[AttachmentNote])
    uploads: list[Upload] = field(default_factory=list[Upload])
    flags: int = 0
    tts: bool = False
    nonce: str | int | None = None
    enforce_nonce: bool = False
    username: str | None = None
    avatar_url: str | None = None

    def is_empty(self) -> bool:
        """Tell whether there is nothing to be seen."""
        return not (self.content or self.embeds or self.components or self.uploads or self.notes)


def _content(value: object) -> str:
    content = str(forms.text()(value)).strip()
    forms.text(0, MAX_CONTENT)(content)
    return content


def _nonce(value: object) -> str | int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return cast("str", forms.text(0, 25)(value))


def _note(value: object) -> AttachmentNote:
    fields: dict[str, Field] = {
        "id": forms.snowflake,
        "filename": forms.nullable(forms.text(1, 1024)),
        "description": forms.nullable(forms.text(0, 1024)),
        "title": forms.nullable(forms.text(0, 1024)),
    }
    read = forms.read_object(value, fields, required=("id",))
    return AttachmentNote(
        id=cast("int", read["id"]),
        filename=cast("str | None", read.get("filename")),
        description=cast("str | None", read.get("description")),
        title=cast("str | None", read.get("title")),
    )


_REFERENCE = forms.model(
    {
        "type": forms.nullable(forms.choice(0)),
        "message_id": forms.snowflake,
        "channel_id": forms.nullable(forms.snowflake),
        "guild_id": forms.nullable(forms.snowflake),
        "fail_if_not_exists": forms.nullable(forms.boolean),
    },
    required=("message_id",),
)


def _fields(*, layout: bool) -> dict[str, Field]:
    return {
        "content": forms.nullable(_content),
        "embeds": forms.nullable(embeds.read),
        "components": forms.nullable(lambda value: components.read(value, layout=layout)),
        "allowed_mentions": forms.nullable(mentions.read_allowed),
        "message_reference": forms.nullable(_REFERENCE),
        "attachments": forms.nullable(forms.array(_note, maximum=MAX_FILES)),
        "flags": forms.nullable(forms.integer(0)),
        "tts": forms.nullable(forms.boolean),
        "nonce": forms.nullable(_nonce),
        "enforce_nonce": forms.nullable(forms.boolean),
        "sticker_ids": forms.nullable(forms.array(forms.snowflake, maximum=3)),
        "username": forms.nullable(forms.text(1, 80)),
        "avatar_url": forms.nullable(forms.text(0, 2048)),
    }


_CLASSIC = _fields(layout=False)
_LAYOUT = _fields(layout=True)


def read(body: Mapping[str, object], uploads: Sequence[Upload] = ()) -> Payload:
    """Check the body of a message; `flags` decides which components are allowed."""
    flags = body.get("flags")
    layout = isinstance(flags, int) and bool(flags & MessageFlag.IS_COMPONENTS_V2)
    values = forms.read(dict(body), _LAYOUT if layout else _CLASSIC)
    if values.get("sticker_ids"):
        raise DiscordError.of(Code.INVALID_STICKER)
    _check_uploads(uploads)
    payload = _payload(values, uploads)
    if layout:
        _check_layout(payload)
    return payload


def _payload(values: Json, uploads: Sequence[Upload]) -> Payload:
    return Payload(
        given=frozenset(values),
        content=cast("str", values.get("content") or ""),
        embeds=cast("list[Json]", values.get("embeds") or []),
        components=cast("list[Json]", values.get("components") or []),
        allowed_mentions=cast("Allowed", values.get("allowed_mentions") or Allowed()),
        reference=cast("Json | None", values.get("message_reference")),
        notes=cast("list[AttachmentNote]", values.get("attachments") or []),
        uploads=list(uploads),
        flags=cast("int", values.get("flags") or 0),
        tts=bool(values.get("tts")),
        nonce=cast("str | int | None", values.get("nonce")),
        enforce_nonce=bool(values.get("enforce_nonce")),
        username=cast("str | None", values.get("username")),
        avatar_url=cast("str | None", values.get("avatar_url")),
    )


def _check_uploads(uploads: Sequence[Upload]) -> None:
    if len(uploads) > MAX_FILES:
        wrong = invalid("BASE_TYPE_MAX_LENGTH", f"Must be {MAX_FILES} or fewer in length.")
        raise form_error({"attachments": wrong.errors})


def _check_layout(payload: Payload) -> None:
    for name in ("content", "embeds"):
        if getattr(payload, name):
            code = "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2"
            message = f'The "{name}" field cannot be used when using MessageFlags.IS_COMPONENTS_V2'
            raise form_error({name: invalid(code, message).errors})
    if sum(len(text) for text in components.texts(payload.components)) > MAX_LAYOUT_TEXT:
        wrong = Invalid(
            invalid(
                "COMPONENT_MAX_TOTAL_TEXT_LENGTH_EXCEEDED",
                f"The total text size exceeds the maximum size of {MAX_LAYOUT_TEXT}",
            ).errors
        )
        raise form_error({"components": wrong.errors})
