"""Settings from the environment, into one frozen Struct, with every mistake told at once."""

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from types import NoneType, UnionType
from typing import (
    Any,
    Final,
    Literal,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

import msgspec
from msgspec import Struct
from msgspec.structs import FieldInfo

T = TypeVar("T", bound=Struct)

Parse = Callable[[str], object]

SECRET_LENGTH: Final = 32
"""Characters that a key for signing has at least."""


class SettingsError(Exception):
    """The environment is not one that the service can start with; one sentence for each mistake."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Secret:
    """Text that no log, repr or error shows; `reveal` gives it to the one that needs it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the text itself."""
        return self._value

    def __repr__(self) -> str:
        return "Secret('***')"

    def __str__(self) -> str:
        return "***"

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other.reveal() == self._value

    def __hash__(self) -> int:
        return hash(self._value)


class ServiceSettings(Struct, frozen=True, kw_only=True):
    """What every service reads; a service's own settings add to it."""

    database_url: Secret
    amqp_url: Secret
    token_secret: Secret
    http_host: str = "127.0.0.1"
    http_port: int
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["json", "console"] = "json"
    operators: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a key that could be guessed."""
        if len(self.token_secret.reveal()) < SECRET_LENGTH:
            raise ValueError(f"TOKEN_SECRET must have at least {SECRET_LENGTH} characters")


def load(type_: type[T], environ: Mapping[str, str]) -> T:
    """Read a Struct from the environment: field `http_port` from `HTTP_PORT`.

    An empty variable counts as one that is not set. Raises SettingsError, which names every
    variable that is missing or wrong, and never shows a secret's value.
    """
    values: dict[str, object] = {}
    problems: list[str] = []
    hints = get_type_hints(type_)
    for field in msgspec.structs.fields(type_):
        try:
            values.update(_read(field, hints[field.name], environ))
        except ValueError as error:
            problems.append(str(error))
    if problems:
        raise SettingsError(problems)
    try:
        return type_(**values)
    except ValueError as error:
        raise SettingsError([str(error)]) from error


def _read(field: FieldInfo, hint: object, environ: Mapping[str, str]) -> dict[str, object]:
    """Return the field's value by its name, or nothing where the default stands."""
    name = field.name.upper()
    text = environ.get(name, "").strip()
    expected, parse = _parser(hint)
    if not text:
        if field.required:
            raise ValueError(f"{name} is not set; expected {expected}")
        return {}
    try:
        return {field.name: parse(text)}
    except ValueError:
        shown = "its value" if _inner(hint) is Secret else repr(text)
        raise ValueError(f"{name} is wrong: {shown} is not {expected}") from None


def _inner(hint: object) -> object:
    """Return the type inside of `X | None`."""
    if get_origin(hint) in (Union, UnionType):
        return next(part for part in get_args(hint) if part is not NoneType)
    return hint


def _parser(hint: object) -> tuple[str, Parse]:
    """Return what a value of that type looks like, in words, and what reads it."""
    inner = _inner(hint)
    if inner in _PARSERS:
        return _PARSERS[inner]
    if get_origin(inner) is Literal:
        return _one_of(get_args(inner))
    if get_origin(inner) is tuple:
        return _list_of(get_args(inner)[0])
    raise TypeError(f"settings can't hold {hint!r}")


def _one_of(choices: tuple[Any, ...]) -> tuple[str, Parse]:
    """Read one of a few words; Any as that is what typing gives for a Literal's values."""

    def parse(text: str) -> object:
        if text.lower() not in choices:
            raise ValueError(text)
        return text.lower()

    return "one of " + ", ".join(str(choice) for choice in choices), parse


def _list_of(item: object) -> tuple[str, Parse]:
    expected, parse_item = _parser(item)

    def parse(text: str) -> object:
        return tuple(parse_item(part.strip()) for part in text.split(",") if part.strip())

    return f"a comma separated list, each {expected}", parse


def _boolean(text: str) -> bool:
    words = {"1": True, "true": True, "yes": True, "on": True}
    words |= {"0": False, "false": False, "no": False, "off": False}
    if text.lower() not in words:
        raise ValueError(text)
    return words[text.lower()]


def _duration(text: str) -> timedelta:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)", text)
    if match is None:
        raise ValueError(text)
    seconds = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}[match[2]]
    return timedelta(seconds=float(match[1]) * seconds)


_PARSERS: Final[dict[object, tuple[str, Parse]]] = cast(
    "dict[object, tuple[str, Parse]]",
    {
        str: ("text", str),
        int: ("a whole number", int),
        float: ("a number", float),
        bool: ("true or false", _boolean),
        timedelta: ("a length of time such as 30s or 5m", _duration),
        Secret: ("text", Secret),
    },
)
