"""YAML to a configuration, each mistake told with its line, its column and what was expected."""

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from types import NoneType, UnionType
from typing import (
    Final,
    Literal,
    NoReturn,
    Protocol,
    TypeGuard,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

import msgspec
import yaml
from msgspec import Struct
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from shared.config.checks import LARGEST_ID, expected_of, expected_of_whole
from shared.config.problems import ConfigError
from shared.contracts.config import CommandRule, ConfigDocument

LARGEST: Final = 64 * 1024
"""Bytes that a configuration may have."""

DEEPEST: Final = 16
"""Levels of nesting that a text may have: far more than any configuration needs."""

LONGEST_SHOWN: Final = 40
"""Characters of a wrong value that a message repeats."""

PAIRS: Final[Mapping[object, tuple[str, str]]] = {CommandRule: ("selector", "override")}
"""Structs of two fields whose tuples are written as a mapping from the one to the other."""

_TAG: Final = "tag:yaml.org,2002:"
_WHOLE: Final = re.compile(r"[+-]?\d{1,20}", re.ASCII)
_BOOLEANS: Final[Mapping[str, bool]] = {
    **dict.fromkeys(("true", "yes", "on"), True),
    **dict.fromkeys(("false", "no", "off"), False),
}


def load_yaml(text: str) -> ConfigDocument:
    """Read a configuration; an empty text is the default one.

    Raises ConfigError.
    """
    if len(text.encode()) > LARGEST:
        raise ConfigError(f"The configuration is longer than {LARGEST // 1024} KiB.")
    node = compose(text)
    return ConfigDocument() if node is None else read_document(node)


def read_document(node: Node) -> ConfigDocument:
    """Read a configuration from a tree of nodes. Raises ConfigError."""
    return cast("ConfigDocument", _read(node, ConfigDocument, ""))


def compose(text: str) -> Node | None:
    """Return a text's tree of nodes, which names no types and runs nothing.

    Raises ConfigError.
    """
    try:
        _check_nesting(text)
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = f"This is not YAML: {error.problem or error.context}."
        raise _at(mark, problem) from None
    except yaml.YAMLError as error:
        line, column = _place(text, getattr(error, "position", 0))
        raise ConfigError(
            "This is not YAML: a character that text can't have.", line=line, column=column
        ) from None


def _check_nesting(text: str) -> None:
    depth = 0
    for event in cast("Iterable[yaml.Event]", yaml.parse(text, Loader=yaml.SafeLoader)):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEEPEST:
            raise _at(event.start_mark, f"This is nested deeper than {DEEPEST} levels.")


# --- walking by type ----------------------------------------------------------------------------


def _read(node: Node, hint: object, path: str) -> object:
    """Read a node as a value of a type."""
    _check_tag(node, path)
    inner, nullable = _inner(hint)
    if _is_null(node) and (nullable or _is_collection(inner)):
        return None if nullable else _empty(inner)
    if _is_struct(inner):
        return _read_struct(node, inner, path)
    if get_origin(inner) is dict:
        return _read_dict(node, inner, path)
    if get_origin(inner) is tuple:
        return _read_tuple(node, get_args(inner)[0], path)
    if get_origin(inner) is Literal:
        return _read_choice(node, get_args(inner), path)
    return _read_scalar(node, inner, path)


def _inner(hint: object) -> tuple[object, bool]:
    if get_origin(hint) in (Union, UnionType):
        others = [each for each in get_args(hint) if each is not NoneType]
        return others[0], True
    return hint, False


def _is_collection(hint: object) -> bool:
    return _is_struct(hint) or get_origin(hint) in (dict, tuple)


def _is_struct(hint: object) -> TypeGuard[type[Struct]]:
    return isinstance(hint, type) and issubclass(hint, Struct)


def _empty(hint: object) -> object:
    """Return what a key with nothing after it means."""
    empty = get_origin(hint) or hint
    return cast("Callable[[], object]", empty)()


def _read_struct(node: Node, type_: type[Struct], path: str) -> Struct:
    hints = get_type_hints(type_, include_extras=True)
    fields = {field.encode_name: field.name for field in msgspec.structs.fields(type_)}
    given: dict[str, object] = {}
    for key, value in _entries(node, path, f"the keys {_listed(fields)}"):
        name = _key_name(key, fields, path)
        if fields[name] in given:
            _refuse(key, f"`{name}` is here for the second time.", path)
        place = _join(path, name)
        given[fields[name]] = _read(value, hints[fields[name]], place)
        expected = expected_of(type_, fields[name], given[fields[name]])
        if expected:
            _refuse(value, f"Expected {expected}, got {_shown(value)}.", place)
    made = type_(**given)
    expected = expected_of_whole(made)
    if expected:
        _refuse(node, f"Expected {expected}.", path)
    return made


def _key_name(key: Node, fields: Mapping[str, str], path: str) -> str:
    if not isinstance(key, ScalarNode):
        _refuse(key, f"Expected one of the keys {_listed(fields)}, got {_shown(key)}.", path)
    name = str(key.value)
    if name not in fields:
        near = difflib.get_close_matches(name, fields, n=1)
        guess = f" Did you mean `{near[0]}`?" if near else ""
        _refuse(key, f"Unknown key {_shown(key)}.{guess} Expected one of {_listed(fields)}.", path)
    return name


def _read_dict(node: Node, hint: object, path: str) -> dict[int, object]:
    """Read a mapping whose keys are ids."""
    value_type = get_args(hint)[1]
    found: dict[int, object] = {}
    for key, value in _entries(node, path, "ids as keys"):
        name = str(key.value) if isinstance(key, ScalarNode) else ""
        if not _WHOLE.fullmatch(name) or not 0 < int(name) <= LARGEST_ID:
            _refuse(key, f"Expected the id of a role or a user, got {_shown(key)}.", path)
        if int(name) in found:
            _refuse(key, f"`{int(name)}` is here for the second time.", path)
        found[int(name)] = _read(value, value_type, _join(path, name))
    return found


def _read_tuple(node: Node, item: object, path: str) -> tuple[object, ...]:
    if item in PAIRS:
        return _read_pairs(node, cast("type[Struct]", item), path)
    if not isinstance(node, SequenceNode):
        _refuse(node, f"Expected a list, got {_shown(node)}.", path)
    nodes = cast("list[Node]", node.value)
    return tuple(_read(each, item, f"{path}[{index}]") for index, each in enumerate(nodes))


def _read_pairs(node: Node, type_: type[Struct], path: str) -> tuple[object, ...]:
    left, right = PAIRS[type_]
    hints = get_type_hints(type_)
    found: dict[object, object] = {}
    for key, value in _entries(node, path, "entries such as {plugin.name: infractions}"):
        selector = _read(key, hints[left], path)
        place = _join(path, flow_text(key))
        if selector in found:
            _refuse(key, f"`{flow_text(key)}` is here for the second time.", path)
        found[selector] = type_(**{left: selector, right: _read(value, hints[right], place)})
    return tuple(found.values())


def _entries(node: Node, path: str, expected: str) -> list[tuple[Node, Node]]:
    if not isinstance(node, MappingNode):
        _refuse(node, f"Expected {expected}, got {_shown(node)}.", path)
    return cast("list[tuple[Node, Node]]", node.value)


def _read_choice(node: Node, choices: tuple[object, ...], path: str) -> object:
    value = node.value if isinstance(node, ScalarNode) else None
    if value not in choices:
        near = difflib.get_close_matches(str(value), [str(each) for each in choices], n=1)
        guess = f" Did you mean `{near[0]}`?" if near else ""
        listed = _listed(str(each) for each in choices)
        _refuse(node, f"Expected one of {listed}, got {_shown(node)}.{guess}", path)
    return value


def _read_scalar(node: Node, type_: object, path: str) -> object:
    expected, reads = _SCALARS[type_]
    value = reads(node) if isinstance(node, ScalarNode) and not _is_null(node) else None
    if value is None:
        _refuse(node, f"Expected {expected}, got {_shown(node)}.", path)
    return value


def _read_whole(node: ScalarNode) -> int | None:
    plain = node.tag == f"{_TAG}int" and _WHOLE.fullmatch(node.value)
    return int(node.value) if plain else None


def _read_number(node: ScalarNode) -> float | None:
    return float(node.value) if node.tag in (f"{_TAG}int", f"{_TAG}float") else None


def _read_boolean(node: ScalarNode) -> bool | None:
    return _BOOLEANS.get(node.value.lower()) if node.tag == f"{_TAG}bool" else None


_SCALARS: Final[Mapping[object, tuple[str, Callable[[ScalarNode], object]]]] = {
    str: ("text", lambda node: node.value),
    int: ("a whole number", _read_whole),
    float: ("a number", _read_number),
    bool: ("true or false", _read_boolean),
}


# --- words and places ---------------------------------------------------------------------------


class _Mark(Protocol):
    line: int
    column: int


def _refuse(node: Node, problem: str, path: str) -> NoReturn:
    raise _at(node.start_mark, problem, path)


def _at(mark: _Mark | None, problem: str, path: str = "") -> ConfigError:
    if mark is None:
        return ConfigError(problem, path=path)
    return ConfigError(problem, line=mark.line + 1, column=mark.column + 1, path=path)


def _place(text: str, position: int) -> tuple[int, int]:
    before = text[:position]
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


def _check_tag(node: Node, path: str) -> None:
    tag = str(node.tag)
    if not tag.startswith(_TAG) or "python" in tag:
        shown = _shortened(tag.removeprefix(_TAG))
        problem = (
            f"Tags such as `{shown}` are not allowed; put text that begins with `!` in quotes."
        )
        _refuse(node, problem, path)


def _is_null(node: Node) -> bool:
    return isinstance(node, ScalarNode) and node.tag == f"{_TAG}null"


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _shown(node: Node) -> str:
    """Name what stands there, in few words."""
    if isinstance(node, MappingNode):
        return "a mapping"
    if isinstance(node, SequenceNode):
        return "a list"
    if _is_null(node):
        return "nothing"
    text = " ".join(str(node.value).replace("`", "'").split())
    return f"`{_shortened(text)}`"


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST_SHOWN else text[:LONGEST_SHOWN] + "…"


def flow_text(node: Node) -> str:
    """Return a key as a path names it: `{plugin.name: infractions}`."""
    if isinstance(node, MappingNode):
        pairs = cast("list[tuple[Node, Node]]", node.value)
        return (
            "{" + ", ".join(f"{flow_text(key)}: {flow_text(value)}" for key, value in pairs) + "}"
        )
    return str(node.value) if isinstance(node, ScalarNode) else "[]"
