"""A function's signature read as the list of a command's options."""

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin, get_type_hints

from shared.commands.kinds import (
    DURATION,
    DURATION_OR_PERMANENT,
    KINDS,
    Describe,
    Kind,
    Length,
    Range,
    no_longer_than,
    one_of,
    within,
)
from shared.contracts.invocations import OptionSpec

MOST_OPTIONS: Final = 25
"""How many options, and how many choices of one, Discord allows."""

LONGEST_DESCRIPTION: Final = 100
_OPTION_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,31}", re.ASCII)
_GIVEN: Final = 2
"""The parameters before the options: `deps` and `by`."""


class DeclarationError(TypeError):
    """A command is declared in a way that can't work; the message says where and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter of a handler: the option it is, and what it is when not given.

    One that is optional and stands after `*` is `by_name`: in text it is given as `name:word` only,
    so that no word is taken for it that was meant as the beginning of a text.
    """

    name: str
    kind: Kind
    option: OptionSpec
    default: object = None
    by_name: bool = False

    @property
    def required(self) -> bool:
        """Whether a command can't run without it."""
        return self.option.required


def parameters_of(handler: Callable[..., object]) -> tuple[Parameter, ...]:
    """Return the options that a handler's signature declares, after `deps` and `by`.

    Raises DeclarationError.
    """
    signature = list(inspect.signature(handler).parameters.values())
    if len(signature) < _GIVEN:
        raise DeclarationError(
            f"{_place(handler)} takes {len(signature)} parameters: begin with "
            "`deps: Deps, by: Invocation`, then the options."
        )
    hints = get_type_hints(handler, include_extras=True)
    found = tuple(_parameter(handler, each, hints) for each in signature[_GIVEN:])
    _check_order(handler, found)
    return found


def description_of(handler: Callable[..., object]) -> str:
    """Return the first line of a handler's docstring, the description of its command.

    Raises DeclarationError.
    """
    first = (inspect.getdoc(handler) or "").split("\n", 1)[0].strip()
    if not first:
        raise DeclarationError(
            f"{_place(handler)} has no docstring: its first line is the command's description."
        )
    return _fitting(handler, first.removesuffix("."), "the first line of its docstring")


def _place(handler: Callable[..., object]) -> str:
    module, name = getattr(handler, "__module__", "?"), getattr(handler, "__qualname__", "?")
    return f"The command handler {module}.{name}"


def _parameter(
    handler: Callable[..., object], declared: inspect.Parameter, hints: dict[str, Any]
) -> Parameter:
    if declared.kind not in (declared.POSITIONAL_OR_KEYWORD, declared.KEYWORD_ONLY):
        raise DeclarationError(
            f"{_place(handler)}: options can't be `*{declared.name}`; name each."
        )
    name = declared.name.removesuffix("_")
    if not _OPTION_NAME.fullmatch(name):
        raise DeclarationError(
            f"{_place(handler)}: `{name}` can't name an option; use 1 to 32 of a-z, 0-9 and _."
        )
    if declared.name not in hints:
        raise DeclarationError(f"{_place(handler)}: give `{name}` a type, such as UserId or Text.")
    kind, described, nullable = _kind(handler, name, hints[declared.name])
    required = declared.default is declared.empty
    _check_default(handler, name, kind, declared, nullable=nullable)
    return Parameter(
        name=declared.name,
        kind=kind,
        option=OptionSpec(
            name=name,
            description=_fitting(handler, described or _describe(name, kind), f"`{name}`"),
            type=kind.type,
            kind=kind.name,
            required=required,
            choices=kind.choices,
            min_value=kind.min_value,
            max_value=kind.max_value,
            max_length=kind.max_length,
        ),
        default=None if required else declared.default,
        by_name=declared.kind is declared.KEYWORD_ONLY and not required,
    )


def _kind(handler: Callable[..., object], name: str, hint: object) -> tuple[Kind, str, bool]:
    """Return the kind that a type stands for, its description if any, and whether None is one."""
    base, beside, nullable = _unfold(hint)
    kind = next((each for each in beside if isinstance(each, Kind)), None) or _plain_kind(base)
    if kind is None:
        known = "UserId, RoleId, ChannelId, MessageId, Snowflake, Duration, Text, str, int, float"
        raise DeclarationError(
            f"{_place(handler)}: `{name}` has the type {hint}, which no option can have; "
            f"use {known}, bool, Attachment, a Literal or an Enum."
        )
    if nullable and kind is DURATION:
        kind = DURATION_OR_PERMANENT
    described = ""
    for each in beside:
        match each:
            case Describe(text):
                described = text
            case Range():
                kind = within(kind, each)
            case Length():
                kind = no_longer_than(kind, each)
            case _:
                pass
    return kind, described, nullable


def _unfold(hint: object) -> tuple[object, tuple[object, ...], bool]:
    """Take `Annotated[X | None, ...]` apart: X, what stands beside it, whether None is allowed."""
    if get_origin(hint) is Annotated:
        inner, *beside = get_args(hint)
        base, more, nullable = _unfold(inner)
        return base, (*more, *beside), nullable
    if get_origin(hint) in (Union, UnionType):
        others = [each for each in get_args(hint) if each is not NoneType]
        if len(others) == 1:
            base, beside, _ = _unfold(others[0])
            return base, beside, True
    return hint, (), False


def _plain_kind(base: object) -> Kind | None:
    if get_origin(base) is Literal:
        return one_of(get_args(base))
    if isinstance(base, type) and issubclass(base, Enum):
        return one_of(tuple(base))
    return next((kind for type_, kind in KINDS.items() if type_ is base), None)


def _check_default(
    handler: Callable[..., object],
    name: str,
    kind: Kind,
    declared: inspect.Parameter,
    *,
    nullable: bool,
) -> None:
    if declared.default is None and not nullable:
        raise DeclarationError(f"{_place(handler)}: `{name}` is None by default; add `| None`.")
    optional = declared.default is not declared.empty
    if nullable and not optional and kind.name != "duration":
        raise DeclarationError(
            f"{_place(handler)}: `{name}` may be None, so make that its default: `= None`."
        )


def _check_order(handler: Callable[..., object], parameters: tuple[Parameter, ...]) -> None:
    if len(parameters) > MOST_OPTIONS:
        raise DeclarationError(f"{_place(handler)} has over {MOST_OPTIONS} options.")
    optional = ""
    last = [each for each in parameters if not each.by_name][-1:]
    for each in parameters:
        if each.required and optional:
            raise DeclarationError(
                f"{_place(handler)}: the required `{each.option.name}` comes after the optional "
                f"`{optional}`; Discord wants required options first."
            )
        optional = optional or ("" if each.required else each.option.name)
        if each.kind.rest and each not in last:
            raise DeclarationError(
                f"{_place(handler)}: `{each.option.name}` takes the rest of the line, so it must "
                "be the last option; use `str` for a single word."
            )
        if len(each.option.choices) > MOST_OPTIONS:
            raise DeclarationError(
                f"{_place(handler)}: `{each.option.name}` has over {MOST_OPTIONS} choices; "
                "use `str` with an autocomplete handler."
            )


def _describe(name: str, kind: Kind) -> str:
    plain = kind.expected.replace("`", "")
    return f"{name.replace('_', ' ').capitalize()}: {plain}"[:LONGEST_DESCRIPTION]


def _fitting(handler: Callable[..., object], description: str, what: str) -> str:
    if not 0 < len(description) <= LONGEST_DESCRIPTION:
        raise DeclarationError(
            f"{_place(handler)}: the description of {what} has {len(description)} characters; "
            f"Discord allows 1 to {LONGEST_DESCRIPTION}."
        )
    return description
