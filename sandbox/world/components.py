"""Message components: rows of buttons and menus, and the newer layout components."""

from collections.abc import Callable
from enum import IntEnum
from typing import cast

from sandbox import forms
from sandbox.errors import nested
from sandbox.forms import Field, Invalid, Json, invalid

MAX_ROWS = 5
MAX_LAYOUT = 40


class Component(IntEnum):
    """The kinds of components."""

    ACTION_ROW = 1
    BUTTON = 2
    STRING_SELECT = 3
    TEXT_INPUT = 4
    USER_SELECT = 5
    ROLE_SELECT = 6
    MENTIONABLE_SELECT = 7
    CHANNEL_SELECT = 8
    SECTION = 9
    TEXT_DISPLAY = 10
    THUMBNAIL = 11
    MEDIA_GALLERY = 12
    FILE = 13
    SEPARATOR = 14
    CONTAINER = 17


LINK_BUTTON = 5
PREMIUM_BUTTON = 6

_EMOJI = forms.nullable(
    forms.model(
        {
            "id": forms.nullable(forms.snowflake),
            "name": forms.nullable(forms.text(0, 100)),
            "animated": forms.nullable(forms.boolean),
        }
    )
)
_COMMON: dict[str, Field] = {"type": forms.anything, "id": forms.nullable(forms.integer(0))}
_CUSTOM_ID = forms.text(1, 100)
_MEDIA = forms.model({"url": forms.url("http", "https", "attachment")}, required=("url",))


def _button(value: object) -> Json:
    style = forms.read_object(value, {"style": forms.integer(1, 6)}, required=("style",))["style"]
    fields: dict[str, Field] = {
        **_COMMON,
        "style": forms.integer(1, 6),
        "label": forms.nullable(forms.text(0, 80)),
        "emoji": _EMOJI,
        "disabled": forms.nullable(forms.boolean),
    }
    if style == LINK_BUTTON:
        fields["url"] = forms.url("http", "https", "discord")
        return forms.read_object(value, fields, required=("url",))
    if style == PREMIUM_BUTTON:
        fields["sku_id"] = lambda value: str(forms.snowflake(value))
        return forms.read_object(value, fields, required=("sku_id",))
    fields["custom_id"] = _CUSTOM_ID
    button = forms.read_object(value, fields, required=("custom_id",))
    if not button.get("label") and not button.get("emoji"):
        raise Invalid({"label": invalid(*forms.REQUIRED).errors})
    return button


_OPTION = forms.model(
    {
        "label": forms.text(1, 100),
        "value": forms.text(1, 100),
        "description": forms.nullable(forms.text(0, 100)),
        "emoji": _EMOJI,
        "default": forms.nullable(forms.boolean),
    },
    required=("label", "value"),
)
_SELECT: dict[str, Field] = {
    **_COMMON,
    "custom_id": _CUSTOM_ID,
    "placeholder": forms.nullable(forms.text(0, 150)),
    "min_values": forms.nullable(forms.integer(0, 25)),
    "max_values": forms.nullable(forms.integer(1, 25)),
    "disabled": forms.nullable(forms.boolean),
    "default_values": forms.anything,
    "channel_types": forms.nullable(forms.array(forms.integer(0))),
}


def _string_select(value: object) -> Json:
    fields = {**_SELECT, "options": forms.array(_OPTION, minimum=1, maximum=25)}
    return forms.read_object(value, fields, required=("custom_id", "options"))


def _select(value: object) -> Json:
    return forms.read_object(value, _SELECT, required=("custom_id",))


def _row(value: object) -> Json:
    children = forms.array(_one_of(_IN_ROW), minimum=1, maximum=5)
    row = forms.read_object(value, {**_COMMON, "components": children}, required=("components",))
    inside = cast("list[Json]", row["components"])
    if len(inside) > 1 and any(one["type"] != Component.BUTTON for one in inside):
        raise Invalid(
            {
                "components": invalid(
                    "COMPONENT_LAYOUT_WIDTH_EXCEEDED",
                    "The specified component exceeds the maximum width",
                ).errors
            }
        )
    return row


def _text_display(value: object) -> Json:
    return forms.read_object(
        value, {**_COMMON, "content": forms.text(1, 4000)}, required=("content",)
    )


def _section(value: object) -> Json:
    beside: dict[int, Reader] = {Component.BUTTON: _button, Component.THUMBNAIL: _thumbnail}
    fields: dict[str, Field] = {
        **_COMMON,
        "components": forms.array(_text_display, minimum=1, maximum=3),
        "accessory": _one_of(beside),
    }
    return forms.read_object(value, fields, required=("components", "accessory"))


def _thumbnail(value: object) -> Json:
    fields: dict[str, Field] = {
        **_COMMON,
        "media": _MEDIA,
        "description": forms.nullable(forms.text(0, 1024)),
        "spoiler": forms.nullable(forms.boolean),
    }
    return forms.read_object(value, fields, required=("media",))


def _gallery(value: object) -> Json:
    item = forms.model(
        {
            "media": _MEDIA,
            "description": forms.nullable(forms.text(0, 1024)),
            "spoiler": forms.nullable(forms.boolean),
        },
        required=("media",),
    )
    fields: dict[str, Field] = {**_COMMON, "items": forms.array(item, minimum=1, maximum=10)}
    return forms.read_object(value, fields, required=("items",))


def _file(value: object) -> Json:
    fields: dict[str, Field] = {
        **_COMMON,
        "file": _MEDIA,
        "spoiler": forms.nullable(forms.boolean),
    }
    return forms.read_object(value, fields, required=("file",))


def _separator(value: object) -> Json:
    fields: dict[str, Field] = {
        **_COMMON,
        "divider": forms.nullable(forms.boolean),
        "spacing": forms.nullable(forms.integer(1, 2)),
    }
    return forms.read_object(value, fields)


def _container(value: object) -> Json:
    inside: dict[int, Reader] = {**_LAYOUT}
    del inside[Component.CONTAINER]
    fields: dict[str, Field] = {
        **_COMMON,
        "components": forms.array(_one_of(inside), minimum=1, maximum=MAX_LAYOUT),
        "accent_color": forms.nullable(forms.integer(0, 0xFFFFFF)),
        "spoiler": forms.nullable(forms.boolean),
    }
    return forms.read_object(value, fields, required=("components",))


Reader = Callable[[object], Json]

_IN_ROW: dict[int, Reader] = {
    Component.BUTTON: _button,
    Component.STRING_SELECT: _string_select,
    Component.USER_SELECT: _select,
    Component.ROLE_SELECT: _select,
    Component.MENTIONABLE_SELECT: _select,
    Component.CHANNEL_SELECT: _select,
}
_ONLY_ROWS: dict[int, Reader] = {Component.ACTION_ROW: _row}
_LAYOUT: dict[int, Reader] = {
    Component.ACTION_ROW: _row,
    Component.SECTION: _section,
    Component.TEXT_DISPLAY: _text_display,
    Component.MEDIA_GALLERY: _gallery,
    Component.FILE: _file,
    Component.SEPARATOR: _separator,
    Component.CONTAINER: _container,
}


def _one_of(readers: dict[int, Reader]) -> Field:
    def read_one(value: object) -> Json:
        kind = forms.read_object(value, {"type": forms.integer()}, required=("type",))["type"]
        reader = readers.get(cast("int", kind))
        if reader is None:
            allowed = ", ".join(str(int(one)) for one in readers)
            message = f'Value of field "type" must be one of ({allowed},).'
            raise Invalid({"type": invalid("UNION_TYPE_CHOICES", message).errors})
        return {**reader(value), "type": kind}

    return read_one


def read(value: object, *, layout: bool = False) -> list[Json]:
    """Accept the components of a message; `layout` allows more than rows (IS_COMPONENTS_V2)."""
    readers = _LAYOUT if layout else _ONLY_ROWS
    limit = MAX_LAYOUT if layout else MAX_ROWS
    found = cast("list[Json]", forms.array(_one_of(readers), maximum=limit)(value))
    _refuse_duplicates(found)
    return _numbered(found)


def _refuse_duplicates(components: list[Json]) -> None:
    seen: set[object] = set()
    for path, one in _walk(components, ()):
        custom_id = one.get("custom_id")
        if custom_id is not None and custom_id in seen:
            message = "Component custom id cannot be duplicated"
            raise Invalid(nested(path, "COMPONENT_CUSTOM_ID_DUPLICATED", message))
        seen.add(custom_id)


def _walk(components: list[Json], path: tuple[str, ...]) -> list[tuple[tuple[str, ...], Json]]:
    found: list[tuple[tuple[str, ...], Json]] = []
    for index, one in enumerate(components):
        here = (*path, str(index))
        found.append((here, one))
        if isinstance(one.get("accessory"), dict):
            found.append(((*here, "accessory"), cast("Json", one["accessory"])))
        inside = cast("list[Json]", one.get("components") or [])
        found.extend(_walk(inside, (*here, "components")))
    return found


def walk(components: list[Json]) -> list[Json]:
    """Return all components, those inside of others too."""
    return [one for _, one in _walk(components, ())]


def _numbered(components: list[Json]) -> list[Json]:
    everything = walk(components)
    taken = {one["id"] for one in everything if one.get("id")}
    free = (number for number in range(1, 1000) if number not in taken)
    for one in everything:
        one["id"] = one.get("id") or next(free)
        for name in [name for name, value in one.items() if value is None]:
            del one[name]
    return components


def texts(components: list[Json]) -> list[str]:
    """Return the texts that a message's layout components show."""
    shown = [one for one in walk(components) if one["type"] == Component.TEXT_DISPLAY]
    return [str(one["content"]) for one in shown]
