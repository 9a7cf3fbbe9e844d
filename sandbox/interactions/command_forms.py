"""Application commands as developers send them, checked as Discord checks them."""

import unicodedata
from collections.abc import Mapping
from typing import cast

from sandbox import forms
from sandbox.errors import FormErrors
from sandbox.forms import Field, Invalid, Json, invalid
from sandbox.interactions.kinds import CommandType, OptionType

MAX_OPTIONS = 25
MAX_CHOICES = 25
MAX_SIZE = 8000
_MAX_PERMISSIONS = 2**54 - 1
_MAX_NUMBER = 2**53
_NESTED = (OptionType.SUB_COMMAND, OptionType.SUB_COMMAND_GROUP)
_SCRIPTS = (range(0x0900, 0x0980), range(0x0E00, 0x0E80))  # Devanagari and Thai, with their marks
_LOCALES = frozenset(
    [
        *("id", "da", "de", "en-GB", "en-US", "es-ES", "es-419", "fr", "hr", "it", "lt", "hu"),
        *("nl", "no", "pl", "pt-BR", "ro", "fi", "sv-SE", "vi", "tr", "cs", "el", "bg", "ru"),
        *("uk", "hi", "th", "zh-CN", "ja", "zh-TW", "ko", "he", "ar"),
    ]
)


def _is_word(letter: str) -> bool:
    in_script = any(ord(letter) in script for script in _SCRIPTS)
    return letter in "-_'" or unicodedata.category(letter)[0] in "LN" or in_script


def word(value: object) -> str:
    """Accept the name of a slash command or an option: lower case letters, digits, - and _."""
    name = cast("str", forms.text(1, 32)(value))
    if not all(_is_word(letter) for letter in name) or name != name.lower():
        raise invalid(
            "APPLICATION_COMMAND_INVALID_NAME",
            "Command name is invalid",
        )
    return name


def _localized(field: Field) -> Field:
    def read_localized(value: object) -> Json:
        if not isinstance(value, dict):
            raise invalid("DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType")
        given = cast("Json", value)
        unknown = [locale for locale in given if locale not in _LOCALES]
        if unknown:
            raise Invalid({unknown[0]: invalid("BASE_TYPE_CHOICES", "Unknown locale").errors})
        return {locale: field(text) for locale, text in given.items() if text is not None}

    return forms.nullable(read_localized)


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise invalid("NUMBER_TYPE_COERCE", f'Value "{value}" is not number.')
    if not -_MAX_NUMBER <= value <= _MAX_NUMBER:
        raise invalid("NUMBER_TYPE_MAX", f"number value should be within {_MAX_NUMBER}.")
    return value


_VALUES: Mapping[int, Field] = {
    OptionType.STRING: forms.text(0, 6000),
    OptionType.INTEGER: forms.integer(-_MAX_NUMBER, _MAX_NUMBER),
    OptionType.NUMBER: _number,
}
_BOUNDS: Mapping[int, dict[str, Field]] = {
    OptionType.STRING: {
        "min_length": forms.nullable(forms.integer(0, 6000)),
        "max_length": forms.nullable(forms.integer(1, 6000)),
    },
    OptionType.INTEGER: {
        "min_value": forms.nullable(forms.integer(-_MAX_NUMBER, _MAX_NUMBER)),
        "max_value": forms.nullable(forms.integer(-_MAX_NUMBER, _MAX_NUMBER)),
    },
    OptionType.NUMBER: {
        "min_value": forms.nullable(_number),
        "max_value": forms.nullable(_number),
    },
}


def _choice(value_field: Field) -> Field:
    name = forms.text(1, 100)
    fields: dict[str, Field] = {
        "name": name,
        "name_localizations": _localized(name),
        "value": value_field,
    }
    return forms.model(fields, required=("name", "value"))


def _option_fields(kind: int) -> dict[str, Field]:
    description = forms.text(1, 100)
    fields: dict[str, Field] = {
        "type": forms.integer(),
        "name": word,
        "name_localizations": _localized(word),
        "description": description,
        "description_localizations": _localized(description),
    }
    if kind in _NESTED:
        return {**fields, "options": forms.nullable(lambda value: _options(value, kind))}
    fields["required"] = forms.nullable(forms.boolean)
    if kind == OptionType.CHANNEL:
        fields["channel_types"] = forms.nullable(forms.array(forms.integer(0)))
    if kind in _VALUES:
        choices = forms.array(_choice(_VALUES[kind]), maximum=MAX_CHOICES)
        fields["choices"] = forms.nullable(choices)
        fields["autocomplete"] = forms.nullable(forms.boolean)
        fields.update(_BOUNDS[kind])
    return fields


def _option(value: object, parent: int | None) -> Json:
    kinds = forms.choice(*(int(kind) for kind in OptionType))
    kind = cast("int", forms.read_object(value, {"type": kinds}, required=("type",))["type"])
    _check_nesting(kind, parent)
    fields = _option_fields(kind)
    option = forms.read_object(value, fields, required=("name", "description"))
    if option.get("autocomplete") and option.get("choices"):
        wrong = invalid(
            "APPLICATION_COMMAND_OPTIONS_AUTOCOMPLETE_CHOICES",
            "Autocomplete options cannot have choices",
        )
        raise Invalid({"choices": wrong.errors})
    return {name: part for name, part in option.items() if part is not None}


def _check_nesting(kind: int, parent: int | None) -> None:
    if parent == OptionType.SUB_COMMAND_GROUP:
        fits = kind == OptionType.SUB_COMMAND
    else:
        fits = parent is None or kind not in _NESTED
    if not fits:
        wrong = invalid(
            "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID",
            "Options of this type cannot be nested here",
        )
        raise Invalid({"type": wrong.errors})


def _options(value: object, parent: int | None) -> list[Json]:
    read = forms.array(lambda one: _option(one, parent), maximum=MAX_OPTIONS)
    options = cast("list[Json]", read(value))
    errors: FormErrors = {}
    names: set[object] = set()
    optional_seen = False
    nested = [_is_nested(option) for option in options]
    for index, option in enumerate(options):
        if wrong := _misplaced(option, names, optional_seen=optional_seen, mixed=nested):
            errors[str(index)] = wrong.errors
        names.add(option["name"])
        optional_seen = optional_seen or not (option.get("required") or nested[index])
    if errors:
        raise Invalid(errors)
    return options


def _is_nested(option: Json) -> bool:
    return option["type"] in _NESTED


def _misplaced(
    option: Json, names: set[object], *, optional_seen: bool, mixed: list[bool]
) -> Invalid | None:
    if option["name"] in names:
        return Invalid(
            {
                "name": invalid(
                    "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS",
                    "Option name already exists in the option list",
                ).errors
            }
        )
    if any(mixed) and not all(mixed) and not _is_nested(option):
        return Invalid(
            {
                "type": invalid(
                    "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID",
                    "Sub-command and sub-command group option types are mutually exclusive "
                    "to all other types",
                ).errors
            }
        )
    if option.get("required") and optional_seen:
        return invalid(
            "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID",
            "Required options must be placed before non-required options",
        )
    return None


def _fields(kind: int) -> dict[str, Field]:
    slash = kind == CommandType.CHAT_INPUT
    name = word if slash else forms.text(1, 32)
    description = forms.text(1, 100) if slash else forms.nullable(forms.text(0, 0))
    fields: dict[str, Field] = {
        "type": forms.nullable(forms.choice(*(int(one) for one in CommandType))),
        "name": name,
        "name_localizations": _localized(name),
        "description": description,
        "description_localizations": _localized(description),
        "default_member_permissions": forms.nullable(_permissions),
        "dm_permission": forms.nullable(forms.boolean),
        "contexts": forms.nullable(forms.array(forms.choice(0, 1, 2), minimum=1)),
        "integration_types": forms.nullable(forms.array(forms.choice(0, 1), minimum=1)),
        "nsfw": forms.nullable(forms.boolean),
    }
    if slash:
        fields["options"] = forms.nullable(lambda value: _options(value, None))
    return fields


def _permissions(value: object) -> int:
    return cast("int", forms.integer(0, _MAX_PERMISSIONS)(value))


def read_command(value: object) -> Json:
    """Accept a new command; raise `Invalid` with every mistake in it."""
    kind = _kind(value)
    required = ("name", "description") if kind == CommandType.CHAT_INPUT else ("name",)
    command = forms.read_object(value, _fields(kind), required=required)
    command["type"] = kind
    _check_size(command)
    return command


def read_changes(value: object, kind: int) -> Json:
    """Accept changes of a command of a kind."""
    fields = {name: field for name, field in _fields(kind).items() if name != "type"}
    return forms.read_object(value, fields)


def _kind(value: object) -> int:
    known = forms.nullable(forms.choice(*(int(one) for one in CommandType)))
    given = forms.read_object(value, {"type": known})
    return cast("int", given.get("type") or CommandType.CHAT_INPUT)


def _check_size(command: Json) -> None:
    if _size(command) > MAX_SIZE:
        raise invalid("APPLICATION_COMMAND_TOO_LARGE", "Command exceeds maximum size (8000)")


def _size(part: Json) -> int:
    inside = [*cast("list[Json]", part.get("options") or [])]
    inside += cast("list[Json]", part.get("choices") or [])
    own = sum(len(str(part.get(name) or "")) for name in ("name", "description", "value"))
    return own + sum(_size(one) for one in inside)
