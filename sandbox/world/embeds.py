"""Embeds: what may be in them, and how Discord completes them."""

from datetime import datetime
from typing import cast

from sandbox import forms
from sandbox.forms import Invalid, Json, invalid

MAX_EMBEDS = 10
MAX_TOTAL = 6000

_IMAGE = forms.model({"url": forms.url("http", "https", "attachment")}, required=("url",))
_EMBED = forms.model(
    {
        "title": forms.nullable(forms.text(0, 256)),
        "description": forms.nullable(forms.text(0, 4096)),
        "url": forms.nullable(forms.url()),
        "timestamp": forms.nullable(forms.moment),
        "color": forms.nullable(forms.integer(0, 0xFFFFFF)),
        "footer": forms.nullable(
            forms.model(
                {
                    "text": forms.text(0, 2048),
                    "icon_url": forms.nullable(forms.url("http", "https", "attachment")),
                },
                required=("text",),
            )
        ),
        "image": forms.nullable(_IMAGE),
        "thumbnail": forms.nullable(_IMAGE),
        "author": forms.nullable(
            forms.model(
                {
                    "name": forms.text(1, 256),
                    "url": forms.nullable(forms.url()),
                    "icon_url": forms.nullable(forms.url("http", "https", "attachment")),
                },
                required=("name",),
            )
        ),
        "fields": forms.nullable(
            forms.array(
                forms.model(
                    {
                        "name": forms.text(1, 256),
                        "value": forms.text(1, 1024),
                        "inline": forms.nullable(forms.boolean),
                    },
                    required=("name", "value"),
                ),
                maximum=25,
            )
        ),
    }
)
_LIST = forms.array(_EMBED, maximum=MAX_EMBEDS)


def read(value: object) -> list[Json]:
    """Accept a list of embeds and complete them as Discord does."""
    embeds = cast("list[Json]", _LIST(value))
    if sum(_length(embed) for embed in embeds) > MAX_TOTAL:
        raise Invalid(
            {
                str(len(embeds) - 1): invalid(
                    "MAX_EMBED_SIZE_EXCEEDED", f"Embed size exceeds maximum size of {MAX_TOTAL}"
                ).errors
            }
        )
    return [_completed(embed) for embed in embeds]


def _length(embed: Json) -> int:
    texts = [embed.get("title"), embed.get("description")]
    texts.append(_part(embed, "footer").get("text"))
    texts.append(_part(embed, "author").get("name"))
    total = sum(len(text) for text in texts if isinstance(text, str))
    fields = cast("list[Json]", embed.get("fields") or [])
    return total + sum(len(str(one["name"])) + len(str(one["value"])) for one in fields)


def _part(embed: Json, name: str) -> Json:
    return cast("Json", embed.get(name) or {})


def _completed(embed: Json) -> Json:
    shown = {name: _clean(value) for name, value in embed.items() if value is not None}
    shown["type"] = "rich"
    for name in ("image", "thumbnail"):
        if name in shown:
            cast("Json", shown[name]).update(width=0, height=0, flags=0)
    for field in cast("list[Json]", shown.get("fields", [])):
        field["inline"] = bool(field.get("inline"))
    return shown


def _clean(value: object) -> object:
    if isinstance(value, dict):
        return {k: v for k, v in cast("Json", value).items() if v is not None}
    return value.isoformat() if isinstance(value, datetime) else value
