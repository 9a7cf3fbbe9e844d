"""The options of a slash command as a user filled them in, checked against its declaration."""

from collections.abc import Callable, Mapping, Sequence
from typing import cast

import msgspec
from msgspec import Struct

from sandbox import forms
from sandbox.errors import FormErrors
from sandbox.forms import Field, Invalid, Json, invalid
from sandbox.interactions.kinds import OptionType
from sandbox.interactions.resolve import Resolved
from sandbox.models import Attachment, Guild
from sandbox.world import World

NESTED = (OptionType.SUB_COMMAND, OptionType.SUB_COMMAND_GROUP)
_LONGEST = 6000


class Choice(Struct, frozen=True):
    """One of the values that an option is limited to."""

    name: str
    value: str | int | float


class Option(Struct, frozen=True, kw_only=True):
    """An option as it was declared, as far as filling it in goes."""

    type: OptionType
    name: str = ""
    required: bool = False
    min_length: int | None = None
    max_length: int | None = None
    min_value: float | None = None
    max_value: float | None = None
    choices: tuple[Choice, ...] = ()
    channel_types: tuple[int, ...] = ()
    options: "tuple[Option, ...]" = ()


def declared_options(options: Sequence[Json]) -> tuple[Option, ...]:
    """Return the options of a command in a form to fill in."""
    return msgspec.convert(options, tuple[Option, ...])


class Filling(Struct, frozen=True, kw_only=True):
    """Where options are filled in: who, where, with which files, and whether still typing."""

    world: World
    guild: Guild | None
    user_id: int
    files: Mapping[int, Attachment]
    resolved: Resolved
    typing: bool = False


def read_options(filling: Filling, declared: Sequence[Option], given: object) -> list[Json]:
    """Return the options as the application gets them; raise `Invalid` with every mistake."""
    fields: dict[str, Field] = {
        "name": forms.text(1, 32),
        "type": forms.integer(),
        "value": forms.anything,
        "options": forms.anything,
        "focused": forms.nullable(forms.boolean),
    }
    model = forms.model(fields, required=("name", "type"))
    chosen = cast("list[Json]", forms.array(model, maximum=25)(given or []))
    known = {option.name: option for option in declared}
    errors: FormErrors = {}
    options: list[Json] = []
    for index, one in enumerate(chosen):
        try:
            options.append(_read(filling, known.get(str(one["name"])), one))
        except Invalid as wrong:
            errors[str(index)] = wrong.errors
    errors.update(_missing(filling, declared, chosen))
    if errors:
        raise Invalid(errors)
    return options


def _missing(filling: Filling, declared: Sequence[Option], chosen: list[Json]) -> FormErrors:
    names = {one["name"] for one in chosen}
    nested = [option for option in declared if option.type in NESTED]
    if nested and len(names) != 1:
        return {"_errors": [{"code": "BASE_TYPE_REQUIRED", "message": "Choose one sub-command."}]}
    if filling.typing:
        return {}
    absent = [one.name for one in declared if one.required and one.name not in names]
    return {name: invalid(*forms.REQUIRED).errors for name in absent}


def _read(filling: Filling, declared: Option | None, given: Json) -> Json:
    if declared is None or declared.type != given["type"]:
        code = "APPLICATION_COMMAND_OPTIONS_UNKNOWN"
        raise Invalid({"name": invalid(code, "This option does not exist").errors})
    shown: Json = {"name": given["name"], "type": given["type"]}
    if declared.type in NESTED:
        shown["options"] = _nested(filling, declared.options, given.get("options"))
        return shown
    if filling.typing and given.get("focused"):
        return shown | {"value": given.get("value", ""), "focused": True}
    try:
        shown["value"] = read_value(filling, declared, given.get("value"))
    except Invalid as wrong:
        raise Invalid({"value": wrong.errors}) from None
    return shown


def _nested(filling: Filling, declared: Sequence[Option], given: object) -> list[Json]:
    try:
        return read_options(filling, declared, given)
    except Invalid as wrong:
        raise Invalid({"options": wrong.errors}) from None


def read_value(filling: Filling, declared: Option, value: object) -> object:
    """Return the value of one option or menu entry; raise `Invalid`."""
    read = _READERS[declared.type](filling, declared, value)
    values = tuple(choice.value for choice in declared.choices)
    if values and read not in values:
        raise invalid("BASE_TYPE_CHOICES", f"Value must be one of {values}.")
    return read


def _string(_: Filling, declared: Option, value: object) -> str:
    if not isinstance(value, str):
        raise invalid("STRING_TYPE_CONVERT", f'Could not interpret "{value}" as string.')
    least = declared.min_length or (1 if declared.required else 0)
    most = declared.max_length or _LONGEST
    return cast("str", forms.text(least, most)(value))


def _integer(_: Filling, declared: Option, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise invalid("NUMBER_TYPE_COERCE", f'Value "{value}" is not int.')
    read = forms.integer(_whole(declared.min_value), _whole(declared.max_value))
    return cast("int", read(value))


def _whole(bound: float | None) -> int | None:
    return None if bound is None else int(bound)


def _number(_: Filling, declared: Option, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise invalid("NUMBER_TYPE_COERCE", f'Value "{value}" is not number.')
    least, most = declared.min_value, declared.max_value
    if least is not None and value < least:
        raise invalid("NUMBER_TYPE_MIN", f"number value should be at least {least}.")
    if most is not None and value > most:
        raise invalid("NUMBER_TYPE_MAX", f"number value should be at most {most}.")
    return value


def _boolean(_: Filling, __: Option, value: object) -> bool:
    if not isinstance(value, bool):
        raise invalid("BOOLEAN_TYPE_CONVERT", "Must be either true or false.")
    return value


def _user(filling: Filling, _: Option, value: object) -> str:
    user_id = forms.snowflake(value)
    user = filling.world.users.get(user_id)
    if user is None:
        raise invalid("APPLICATION_COMMAND_OPTIONS_UNKNOWN_USER", "Unknown user")
    filling.resolved.add_user(user)
    return str(user_id)


def _role(filling: Filling, _: Option, value: object) -> str:
    role_id = forms.snowflake(value)
    role = filling.guild.roles.get(role_id) if filling.guild else None
    if role is None:
        raise invalid("APPLICATION_COMMAND_OPTIONS_UNKNOWN_ROLE", "Unknown role")
    filling.resolved.add_role(role)
    return str(role_id)


def _mentionable(filling: Filling, declared: Option, value: object) -> str:
    role_id = forms.snowflake(value)
    if filling.guild is not None and role_id in filling.guild.roles:
        return _role(filling, declared, value)
    return _user(filling, declared, value)


def _channel(filling: Filling, declared: Option, value: object) -> str:
    channel_id = forms.snowflake(value)
    channel = filling.world.channels.get(channel_id)
    here = filling.guild.id if filling.guild else None
    if channel is None or channel.guild_id != here:
        raise invalid("APPLICATION_COMMAND_OPTIONS_UNKNOWN_CHANNEL", "Unknown channel")
    allowed = declared.channel_types
    if allowed and channel.type not in allowed:
        raise invalid("BASE_TYPE_CHOICES", f"Channel type must be one of {allowed}.")
    filling.resolved.add_channel(channel, filling.user_id)
    return str(channel_id)


def _attachment(filling: Filling, _: Option, value: object) -> str:
    key = forms.snowflake(value)
    attachment = filling.files.get(key)
    if attachment is None:
        raise invalid("APPLICATION_COMMAND_OPTIONS_UNKNOWN_ATTACHMENT", "Unknown attachment")
    filling.resolved.add_attachment(attachment)
    return str(attachment.id)


_READERS: Mapping[OptionType, Callable[[Filling, Option, object], object]] = {
    OptionType.STRING: _string,
    OptionType.INTEGER: _integer,
    OptionType.BOOLEAN: _boolean,
    OptionType.USER: _user,
    OptionType.CHANNEL: _channel,
    OptionType.ROLE: _role,
    OptionType.MENTIONABLE: _mentionable,
    OptionType.NUMBER: _number,
    OptionType.ATTACHMENT: _attachment,
}
