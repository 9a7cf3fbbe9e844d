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
_MENTION: Final = re.compile(r"<(?:@[!&]?|#)(\d+)>")
_MAP: Final = "tag:yaml.org,2002:map"
_STR: Final = "tag:yaml.org,2002:str"


def set_value(text: str, path: str, value: str) -> str:
    """Return the text with a value set: `plugins.core.nickname`, `commands.{command:ban}.level`.

    The value is read as YAML, and as plain text where that does not fit. Raises ConfigError.
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
    """Return what a value may mean: as YAML, then as text."""
    plain: list[Node] = [ScalarNode(_STR, value, style='"')]
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
    """Replace just the old value in the text where that works, or write the whole anew."""
    if _reads_as(text, document):
        return text
    old = _find(_root(text), segments)
    if isinstance(old, ScalarNode) and isinstance(value, ScalarNode):
        start, end = old.start_mark.index, old.end_mark.index
        patched = f"{text[:start]}{_written(value)}{text[end:]}"
        if _reads_as(patched, document):
            return patched
    return dump_yaml(document)


def _written(value: ScalarNode) -> str:
    written = yaml.serialize(ScalarNode(value.tag, value.value, style=value.style), width=10**9)  # pyright: ignore[reportUnknownMemberType] - its stubs leave the nodes untyped
    return written.removesuffix("...\n").strip()


def _reads_as(text: str, document: ConfigDocument) -> bool:
    try:
        return load_yaml(text) == document
    except ConfigError:
        return False
