"""Changing one value of a configuration by its path, keeping what a person wrote around it."""

import re
from typing import Final, cast

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode

from shared.config.problems import ConfigError
from shared.config.reading import compose, flow_text, load_yaml, read_document
from shared.config.writing import dump_yaml
from shared.contracts.config import ConfigDocument

_SEGMENT: Final = re.compile(r'(\{[^{}]*\}|"[^"]*"|<[@#&!]*\d+>|[^.{}"<>]+)(?:\.|$)')
_AFTER_COLON: Final = re.compile(r"(\{[^:{}]+):\s*")
_MENTION: Final = re.compile(r"<(?:@[!&]?|#)(\d+)>")
_MAP: Final = "tag:yaml.org,2002:map"
_STR: Final = "tag:yaml.org,2002:str"
_INT: Final = "tag:yaml.org,2002:int"


def set_value(text: str, path: str, value: str) -> str:
    """Return the text with a value set: `plugins.core.nickname`, `commands.{command:ban}.level`.

    The value is read as YAML, and where that does not fit, a mention as its id, and all else as
    plain text. Raises ConfigError.
    """
    segments = _segments(path)
    first: ConfigError | None = None
    for node in _readings(value):
        root = _root(text)
        _put(root, segments, node)
        try:
            document = read_document(root)
        except ConfigError as error:
            first = first or ConfigError(f"`{path}`: {error.problem}", path=error.path)
            continue
        return _patched(text, segments, node, document)
    raise first or ConfigError(f"`{path}`: there is no value.")


def unset_value(text: str, path: str) -> str:
    """Return the text without a value, so that its default holds again. Raises ConfigError."""
    segments = _segments(path)
    root = _root(text)
    above = _find(root, segments[:-1])
    found = _entry(above, segments[-1]) if isinstance(above, MappingNode) else None
    if not isinstance(above, MappingNode) or found is None:
        raise ConfigError(f"`{path}` is not set.", path=path)
    above.value.remove(found)
    return dump_yaml(read_document(root))


def _segments(path: str) -> list[str]:
    segments: list[str] = []
    end = 0
    for match in _SEGMENT.finditer(path):
        if match.start() != end:
            break
        segments.append(_MENTION.sub(r"\1", match[1].strip('"')))
        end = match.end()
    if not segments or end != len(path):
        raise ConfigError(
            f"`{path}` is not a path. Paths are keys with dots: `plugins.core.prefix`, "
            "`permissions.123456789012345678.level`, `commands.{command:role.add}.disabled`."
        )
    return segments


def _readings(value: str) -> list[Node]:
    """Return what a value may mean: as YAML, as the id that a mention names, then as text."""
    plain: list[Node] = [ScalarNode(_STR, value, style='"')]
    if mention := _MENTION.fullmatch(value.strip()):
        plain.insert(0, ScalarNode(_INT, mention[1]))
    try:
        node = compose(value)
    except ConfigError:
        return plain
    return plain if node is None else [node, *plain]


def _root(text: str) -> MappingNode:
    load_yaml(text)
    node = compose(text)
    return node if isinstance(node, MappingNode) else MappingNode(_MAP, [])


def _put(root: MappingNode, segments: list[str], value: Node) -> None:
    """Put a value into the tree, with the mappings on the way to it."""
    node = root
    for segment in segments[:-1]:
        entry = _entry(node, segment)
        if entry is None or not isinstance(entry[1], MappingNode):
            below = MappingNode(_MAP, [])
            _replace(node, segment, below)
            node = below
        else:
            node = entry[1]
    _replace(node, segments[-1], value)


def _replace(node: MappingNode, segment: str, value: Node) -> None:
    entries = cast("list[tuple[Node, Node]]", node.value)
    old = _entry(node, segment)
    key = old[0] if old else _key(segment)
    at = entries.index(old) if old else len(entries)
    entries[at : at + 1] = [(key, value)]


def _key(segment: str) -> Node:
    node = compose(re.sub(r":\s*", ": ", segment)) if segment.startswith("{") else None
    return node or ScalarNode(_STR, segment)


def _entry(node: MappingNode, segment: str) -> tuple[Node, Node] | None:
    wanted = flow_text(_key(segment))
    entries = cast("list[tuple[Node, Node]]", node.value)
    return next((entry for entry in entries if flow_text(entry[0]) == wanted), None)


def _find(root: Node, segments: list[str]) -> Node | None:
    node: Node | None = root
    for segment in segments:
        entry = _entry(node, segment) if isinstance(node, MappingNode) else None
        node = entry[1] if entry else None
    return node


def _patched(text: str, segments: list[str], value: Node, document: ConfigDocument) -> str:
    """Change just that place in the text where this works, or write the whole anew."""
    for patched in (
        text,
        _with_new_value(text, segments, value),
        _with_new_key(text, segments, value),
    ):
        if patched is not None and _reads_as(patched, document):
            return patched
    return dump_yaml(document)


def _with_new_value(text: str, segments: list[str], value: Node) -> str | None:
    old = _find(_root(text), segments)
    if not isinstance(old, ScalarNode) or not isinstance(value, ScalarNode):
        return None
    return f"{text[: old.start_mark.index]}{_written(value)}{text[old.end_mark.index :]}"


def _with_new_key(text: str, segments: list[str], value: Node) -> str | None:
    """Add the key behind the last one of the innermost mapping that is there already."""
    node, known = _root(text), 0
    while isinstance(below := _find(node, segments[known : known + 1]), MappingNode):
        node, known = below, known + 1
    if not isinstance(value, ScalarNode) or not node.value:
        return None
    keys = [_AFTER_COLON.sub(r"\1: ", segment) for segment in segments[known:]]
    if node.flow_style:
        at = _end(node.value[-1][1])
        return f"{text[:at]}, {_flow(keys, value)}{text[at:]}"
    line_end = text.find("\n", _end(node))
    at = len(text) if line_end < 0 else line_end
    return f"{text[:at]}{_block(keys, value, ' ' * node.start_mark.column)}{text[at:]}"


def _flow(keys: list[str], value: ScalarNode) -> str:
    """Write a value below its keys on one line."""
    written = f"{keys[-1]}: {_written(value)}"
    for key in reversed(keys[:-1]):
        written = f"{key}: {{{written}}}"
    return written


def _block(keys: list[str], value: ScalarNode, indent: str) -> str:
    """Write a value below its keys, the innermost two on one line."""
    lines = [f"{key}:" for key in keys[:-2]] + [_flow(keys[-2:], value)]
    return "".join(f"\n{indent}{'  ' * depth}{line}" for depth, line in enumerate(lines))


def _end(node: Node) -> int:
    """Return where the last thing in a block ends, before what is said behind it."""
    while isinstance(node, MappingNode) and node.flow_style is False and node.value:
        node = cast("list[tuple[Node, Node]]", node.value)[-1][1]
    return node.end_mark.index


def _written(value: ScalarNode) -> str:
    written = yaml.serialize(ScalarNode(value.tag, value.value, style=value.style), width=10**9)  # pyright: ignore[reportUnknownMemberType] - its stubs leave the nodes untyped
    return written.removesuffix("...\n").strip()


def _reads_as(text: str, document: ConfigDocument) -> bool:
    try:
        return load_yaml(text) == document
    except ConfigError:
        return False
