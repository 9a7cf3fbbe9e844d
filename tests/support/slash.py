"""Reading a slash command as a person types it: `/tempban @raider 20s spamming`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct

from tests.support.calls import Json

Lookup = Callable[[str], int]
"""Finds the id of what somebody named, or raises `SlashError`."""

SUBCOMMAND, GROUP = 1, 2
STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE, NUMBER = range(3, 11)
WORD = re.compile(r'"([^"]*)"|(\S+)')


class SlashError(AssertionError):
    """The line is not one that Discord's client would have sent."""


class Leaf(Struct):
    """A command that can be run: its words, its options, and the groups that lead to it."""

    words: list[str]
    command: Json
    path: list[Json]
    options: list[Json]


def leaves(command: Json) -> Iterator[Leaf]:
    """Yield a command, or each of its subcommands."""
    yield from _below(command, Leaf([command["name"]], command, [], command.get("options", [])))


def _below(node: Json, leaf: Leaf) -> Iterator[Leaf]:
    nested = [option for option in node.get("options", []) if option["type"] in (SUBCOMMAND, GROUP)]
    if not nested:
        yield leaf
    for option in nested:
        deeper = Leaf(
            [*leaf.words, option["name"]],
            leaf.command,
            [*leaf.path, option],
            option.get("options", []),
        )
        yield from _below(option, deeper)


def find(commands: list[Json], line: str) -> tuple[Leaf, str]:
    """Return the command that a line begins with, and the rest of the line."""
    text = line.strip().removeprefix("/")
    known = [
        leaf for command in commands if command.get("type", 1) == 1 for leaf in leaves(command)
    ]
    for leaf in sorted(known, key=lambda one: -len(one.words)):
        name = " ".join(leaf.words)
        if text == name or text.startswith(f"{name} "):
            return leaf, text[len(name) :].strip()
    names = ", ".join(sorted(" ".join(leaf.words) for leaf in known)) or "none"
    raise SlashError(f"There is no command for {line!r}. There are: {names}.")


def values(leaf: Leaf, text: str, lookup: Mapping[int, Lookup]) -> list[Json]:
    """Return the options of an interaction: positional words or `name:value`, in any mix.

    The last text option takes the rest of the line. Quotes keep words together.
    """
    texts = _named(leaf, text) if _starts_named(leaf, text) else _positional(leaf, text)
    missing = [
        one["name"] for one in leaf.options if one.get("required") and one["name"] not in texts
    ]
    if missing:
        raise SlashError(f"/{' '.join(leaf.words)} needs {', '.join(missing)}.")
    given = [one for one in leaf.options if one["name"] in texts]
    return [_option(one, texts[one["name"]], lookup) for one in given]


def wrapped(leaf: Leaf, options: list[Json]) -> list[Json]:
    """Return options inside the groups and the subcommand that lead to them."""
    for step in reversed(leaf.path):
        options = [{"type": step["type"], "name": step["name"], "options": options}]
    return options


def _markers(leaf: Leaf, text: str) -> list[re.Match[str]]:
    names = "|".join(re.escape(option["name"]) for option in leaf.options)
    return list(re.finditer(rf"(?:^|(?<=\s))({names}):\s*", text)) if names else []


def _starts_named(leaf: Leaf, text: str) -> bool:
    return bool(_markers(leaf, text))


def _named(leaf: Leaf, text: str) -> dict[str, str]:
    found = _markers(leaf, text)
    texts = _positional(leaf, text[: found[0].start()].strip())
    for mark, following in zip(found, [*found[1:], None], strict=True):
        value = text[mark.end() : following.start() if following else None].strip()
        texts[mark[1]] = value[1:-1] if value[:1] == value[-1:] == '"' and len(value) > 1 else value
    return texts


def _positional(leaf: Leaf, text: str) -> dict[str, str]:
    texts: dict[str, str] = {}
    last = next((one for one in reversed(leaf.options) if one["type"] == STRING), None)
    for option in leaf.options:
        if not text:
            break
        if option is last and not _required_after(leaf, option):
            return texts | {option["name"]: text.strip('"') if text.count('"') == 2 else text}
        word = WORD.match(text)
        assert word
        texts[option["name"]] = word[1] if word[1] is not None else word[2]
        text = text[word.end() :].strip()
    if text:
        raise SlashError(f"/{' '.join(leaf.words)} has no option for {text!r}.")
    return texts


def _required_after(leaf: Leaf, option: Json) -> bool:
    following = leaf.options[leaf.options.index(option) + 1 :]
    return any(one.get("required") for one in following)


def _option(option: Json, text: str, lookup: Mapping[int, Lookup]) -> Json:
    return {"type": option["type"], "name": option["name"], "value": _value(option, text, lookup)}


def _value(option: Json, text: str, lookup: Mapping[int, Lookup]) -> str | int | float | bool:
    kind = option["type"]
    for choice in option.get("choices") or ():
        if text in (choice["name"], str(choice["value"])):
            return choice["value"]
    if kind == STRING:
        return text
    if kind in lookup:
        return str(lookup[kind](text))
    if kind == BOOLEAN:
        return text.lower() in ("true", "yes")
    try:
        return int(text) if kind == INTEGER else float(text)
    except ValueError:
        raise SlashError(f"{option['name']} must be a number, not {text!r}.") from None
