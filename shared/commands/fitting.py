"""Answers cut to what Discord takes, as one that is too long would not be shown at all."""

from collections.abc import Iterable
from typing import Final

from msgspec.structs import replace

from shared.contracts.actions import Embed, EmbedField, Message
from shared.contracts.invocations import Choice

MOST_EMBEDS: Final = 10
MOST_FIELDS: Final = 25
MOST_CHOICES: Final = 25

_TITLE: Final = 256
_DESCRIPTION: Final = 4096
_FIELD_NAME: Final = 256
_FIELD_VALUE: Final = 1024
_FOOTER: Final = 2048
_CHOICE: Final = 100
_NOTHING: Final = "—"
"""Stands where Discord wants some text and there is none."""


def fitted(message: Message) -> Message:
    """Return a message that Discord takes; one with nothing in it says that it is done."""
    if not (message.content or message.embeds or message.files or message.components):
        return replace(message, content="Done.")
    return replace(message, embeds=tuple(_embed(each) for each in message.embeds[:MOST_EMBEDS]))


def fitted_choices(choices: Iterable[Choice]) -> tuple[Choice, ...]:
    """Return choices that Discord takes, the first 25 of them."""
    named = [replace(choice, name=cut(choice.name, _CHOICE)) for choice in choices if choice.name]
    return tuple(named[:MOST_CHOICES])


def cut(text: str, longest: int) -> str:
    """Return a text, or its beginning and an ellipsis."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _embed(embed: Embed) -> Embed:
    fields = tuple(
        EmbedField(
            name=cut(field.name, _FIELD_NAME) or _NOTHING,
            value=cut(field.value, _FIELD_VALUE) or _NOTHING,
            inline=field.inline,
        )
        for field in embed.fields[:MOST_FIELDS]
    )
    footer = embed.footer and replace(embed.footer, text=cut(embed.footer.text, _FOOTER))
    return replace(
        embed,
        title=embed.title and cut(embed.title, _TITLE),
        description=embed.description and cut(embed.description, _DESCRIPTION),
        fields=fields,
        footer=footer,
    )
