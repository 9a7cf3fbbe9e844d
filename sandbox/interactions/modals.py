"""Modals: the form that an application shows, and what a user filled into it."""

from collections.abc import Iterator, Mapping
from typing import cast

from sandbox import forms
from sandbox.errors import FormErrors
from sandbox.forms import Field, Invalid, Json, invalid
from sandbox.world.components import Component

LABEL = 18
_LONGEST = 4000
_ID = forms.nullable(forms.integer(0))


def _text_input(value: object, *, labelled: bool) -> Json:
    fields: dict[str, Field] = {
        "type": forms.choice(int(Component.TEXT_INPUT)),
        "id": _ID,
        "custom_id": forms.text(1, 100),
        "style": forms.choice(1, 2),
        "label": forms.nullable(forms.text(1, 45)),
        "min_length": forms.nullable(forms.integer(0, _LONGEST)),
        "max_length": forms.nullable(forms.integer(1, _LONGEST)),
        "required": forms.nullable(forms.boolean),
        "value": forms.nullable(forms.text(0, _LONGEST)),
        "placeholder": forms.nullable(forms.text(0, 100)),
    }
    needed = ("type", "custom_id", "style") + (() if labelled else ("label",))
    return forms.read_object(value, fields, required=needed)


def _row(value: object) -> Json:
    inside = forms.array(lambda one: _text_input(one, labelled=False), minimum=1, maximum=1)
    fields: dict[str, Field] = {"type": forms.integer(), "id": _ID, "components": inside}
    return forms.read_object(value, fields, required=("components",))


def _labelled(value: object) -> Json:
    kind = forms.read_object(value, {"type": forms.integer()}, required=("type",))["type"]
    if kind == Component.TEXT_INPUT:
        return _text_input(value, labelled=True)
    if kind not in _SELECTS:
        raise Invalid({"type": invalid("UNION_TYPE_CHOICES", "Unknown component type.").errors})
    forms.read_object(value, {"custom_id": forms.text(1, 100)}, required=("custom_id",))
    return dict(cast("Json", value))


_SELECTS = frozenset(
    {
        Component.STRING_SELECT,
        Component.USER_SELECT,
        Component.ROLE_SELECT,
        Component.MENTIONABLE_SELECT,
        Component.CHANNEL_SELECT,
    }
)


def _label(value: object) -> Json:
    fields: dict[str, Field] = {
        "type": forms.integer(),
        "id": _ID,
        "label": forms.text(1, 45),
        "description": forms.nullable(forms.text(0, 100)),
        "component": _labelled,
    }
    return forms.read_object(value, fields, required=("label", "component"))


def _display(value: object) -> Json:
    fields: dict[str, Field] = {"type": forms.integer(), "id": _ID, "content": forms.text(1, 4000)}
    return forms.read_object(value, fields, required=("content",))


_READERS: Mapping[int, Field] = {
    Component.ACTION_ROW: _row,
    LABEL: _label,
    Component.TEXT_DISPLAY: _display,
}


def _component(value: object) -> object:
    kinds = forms.choice(*(int(kind) for kind in _READERS))
    kind = forms.read_object(value, {"type": kinds}, required=("type",))["type"]
    return _READERS[cast("int", kind)](value)


_MODAL: dict[str, Field] = {
    "custom_id": forms.text(1, 100),
    "title": forms.text(1, 45),
    "components": forms.array(_component, minimum=1, maximum=5),
}


def read_modal(value: object) -> Json:
    """Accept a modal that an application wants to show; raise `Invalid`."""
    modal = forms.read_object(value, _MODAL, required=("custom_id", "title", "components"))
    numbers = iter(range(1, 1000))
    for one in _walk(cast("list[Json]", modal["components"])):
        one["id"] = one.get("id") or next(numbers)
        for name in [name for name, part in one.items() if part is None]:
            del one[name]
    return modal


def _walk(components: list[Json]) -> Iterator[Json]:
    for one in components:
        yield one
        inside = cast("list[Json]", one.get("components") or [])
        if "component" in one:
            inside = [cast("Json", one["component"])]
        yield from _walk(inside)


def _inputs(components: list[Json]) -> dict[str, Json]:
    return {str(one["custom_id"]): one for one in _walk(components) if "custom_id" in one}


def read_submission(modal: Json, given: object) -> list[Json]:
    """Return what was filled into a modal, in its order; answers 50035 with every mistake."""
    shown = cast("list[Json]", modal["components"])
    filled = _inputs(cast("list[Json]", given if isinstance(given, list) else []))
    errors: FormErrors = {}
    answers: dict[str, Json] = {}
    for custom_id, declared in _inputs(shown).items():
        try:
            answers[custom_id] = _answer(declared, filled.get(custom_id, {}))
        except Invalid as wrong:
            errors[custom_id] = wrong.errors
    if errors:
        raise Invalid(errors)
    return [_with_answers(one, answers) for one in shown]


def _answer(declared: Json, given: Json) -> Json:
    answer: Json = {key: declared[key] for key in ("type", "custom_id", "id")}
    required = declared.get("required", True)
    if declared["type"] != Component.TEXT_INPUT:
        values = cast("list[object]", given.get("values") or [])
        if required and not values:
            raise invalid(*forms.REQUIRED)
        return answer | {"values": values}
    value = given.get("value") or ""
    if value or required:
        least = cast("int", declared.get("min_length") or (1 if required else 0))
        forms.text(least, cast("int", declared.get("max_length") or _LONGEST))(value)
    return answer | {"value": value}


def _with_answers(shown: Json, answers: Mapping[str, Json]) -> Json:
    part: Json = {"type": shown["type"], "id": shown["id"]}
    if "components" in shown:
        inside = cast("list[Json]", shown["components"])
        part["components"] = [answers[str(one["custom_id"])] for one in inside]
    if "component" in shown:
        part["component"] = answers[str(cast("Json", shown["component"])["custom_id"])]
    return part
