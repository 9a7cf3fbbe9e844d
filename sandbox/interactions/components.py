"""Buttons and menus as a user uses them, checked against the message that shows them."""

from collections.abc import Mapping
from typing import cast

from sandbox import forms
from sandbox.errors import field_error
from sandbox.forms import Field, Invalid, Json, invalid
from sandbox.interactions.kinds import OptionType
from sandbox.interactions.options import Filling, Option, read_value
from sandbox.interactions.requests import Submission
from sandbox.models import Message
from sandbox.world.components import Component, walk

_FIELDS: dict[str, Field] = {
    "component_type": forms.integer(),
    "custom_id": forms.text(1, 100),
    "values": forms.nullable(forms.array(forms.text(1, 100), maximum=25)),
}
_NAMES: Mapping[int, OptionType] = {
    Component.USER_SELECT: OptionType.USER,
    Component.ROLE_SELECT: OptionType.ROLE,
    Component.MENTIONABLE_SELECT: OptionType.MENTIONABLE,
    Component.CHANNEL_SELECT: OptionType.CHANNEL,
}


def read(submission: Submission, message: Message) -> Json:
    """Return the data for the application; raise `Invalid` or answer 50035."""
    given = forms.read_object(submission.data, _FIELDS, required=("component_type", "custom_id"))
    shown = _find(message, given)
    data: Json = {
        "custom_id": shown["custom_id"],
        "component_type": shown["type"],
        "id": shown["id"],
    }
    if shown["type"] == Component.BUTTON:
        return data
    return data | _chosen(submission, shown, cast("list[str]", given.get("values") or []))


def _find(message: Message, given: Json) -> Json:
    for one in walk(message.components):
        same = (one.get("custom_id"), one["type"]) == (given["custom_id"], given["component_type"])
        if same and not one.get("disabled"):
            return one
    raise field_error("data", "COMPONENT_VALIDATION_FAILED", "Component validation failed")


def _chosen(submission: Submission, shown: Json, values: list[str]) -> Json:
    least = cast("int", shown.get("min_values", 1))
    most = cast("int", shown.get("max_values", 1))
    if not least <= len(values) <= most:
        message = f"Must be between {least} and {most} in length."
        raise Invalid({"values": invalid("BASE_TYPE_BAD_LENGTH", message).errors})
    if shown["type"] == Component.STRING_SELECT:
        return {"values": _known(shown, values)}
    return _resolved(submission, shown, values)


def _known(shown: Json, values: list[str]) -> list[str]:
    known = [option["value"] for option in cast("list[Json]", shown["options"])]
    unknown = [value for value in values if value not in known]
    if unknown:
        message = f"Value must be one of {tuple(known)}."
        raise Invalid({"values": invalid("BASE_TYPE_CHOICES", message).errors})
    return values


def _resolved(submission: Submission, shown: Json, values: list[str]) -> Json:
    resolved = submission.resolved()
    filling = Filling(
        world=submission.call.world,
        guild=submission.guild,
        user_id=submission.call.user.id,
        files={},
        resolved=resolved,
    )
    declared = Option(
        type=_NAMES[cast("int", shown["type"])],
        channel_types=tuple(cast("list[int]", shown.get("channel_types") or [])),
    )
    chosen = [read_value(filling, declared, value) for value in values]
    return {"values": chosen, "resolved": resolved.json()}
