"""A configuration to YAML, as a person would have written it: only what is not the default."""

from collections.abc import Iterator
from typing import cast

import msgspec
import yaml
from msgspec import Struct
from yaml.nodes import ScalarNode, SequenceNode

from shared.config.reading import PAIRS
from shared.contracts.config import CommandOverride, CommandSelector, ConfigDocument, EscalationRule

_FLOW = (CommandSelector, CommandOverride, EscalationRule)
"""What is written on one line, in braces."""

_WHOLE = (EscalationRule,)
"""What stands in a list, and says what it is only with its defaults."""


def dump_yaml(document: ConfigDocument) -> str:
    """Write a configuration so that `load_yaml` reads the same; the default one is empty."""
    return "".join(f"{line}\n" for line in _lines(document))


def _lines(value: object) -> Iterator[str]:
    """Write a mapping or a list in block style."""
    for key, entry in _entries(value):
        if _is_block(entry):
            yield key
            yield from (f"  {line}" for line in _lines(entry))
        else:
            yield f"{key} {_flow(entry)}"


def _entries(value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, Struct):
        yield from ((f"{_scalar(name)}:", entry) for name, entry in _changed(value))
    elif isinstance(value, dict):
        entries = cast("dict[int, object]", value)
        yield from ((f"{_scalar(key)}:", entry) for key, entry in entries.items())
    else:
        for each in cast("tuple[object, ...]", value):
            left, right = PAIRS.get(type(each), ("", ""))
            pair = (f"{_flow(getattr(each, left))}:", getattr(each, right)) if left else ("-", each)
            yield pair


def _is_block(value: object) -> bool:
    if isinstance(value, Struct):
        return bool(_changed(value)) and not isinstance(value, _FLOW)
    return isinstance(value, dict | tuple) and bool(cast("tuple[object, ...]", value))


def _flow(value: object) -> str:
    if isinstance(value, Struct):
        pairs = (f"{_scalar(name)}: {_flow(entry)}" for name, entry in _changed(value))
        return "{" + ", ".join(pairs) + "}"
    return _scalar(value)


def _changed(value: Struct) -> list[tuple[str, object]]:
    """Return the fields that are not their default, by the name that they have in the text."""
    fields = msgspec.structs.fields(value)
    if isinstance(value, _WHOLE):
        there = [(field.encode_name, getattr(value, field.name)) for field in fields]
        return [(name, entry) for name, entry in there if entry is not None]
    return [
        (field.encode_name, getattr(value, field.name))
        for field in fields
        if getattr(value, field.name) not in (field.default, _made(field.default_factory))
    ]


def _made(factory: object) -> object:
    return factory() if callable(factory) else msgspec.NODEFAULT


def _scalar(value: object) -> str:
    """Write a value so that it can stand anywhere, quoted where it would read as something else."""
    if value is None:
        return "null"
    if not isinstance(value, str):
        return str(value).lower()
    style = None if value.isprintable() else '"'
    node = ScalarNode("tag:yaml.org,2002:str", value, style=style)
    list_ = SequenceNode("tag:yaml.org,2002:seq", [node], flow_style=True)
    written = yaml.serialize(list_, allow_unicode=True, width=10**9)  # pyright: ignore[reportUnknownMemberType] - its stubs leave the nodes untyped
    return written.strip()[1:-1]
