"""Announced commands in the shape that Discord registers: groups, options, menus."""

import hashlib
from collections.abc import Iterable
from typing import Final, TypeAlias

import msgspec

from shared.contracts.invocations import CommandSpec, OptionSpec

Json: TypeAlias = dict[str, object]

CHAT, USER_MENU, MESSAGE_MENU = 1, 2, 3
SUBCOMMAND, GROUP = 1, 2
IN_GUILDS, IN_BOT_DM = 0, 1
DESCRIPTION: Final = 100
MENUS: Final = {"user": USER_MENU, "message": MESSAGE_MENU}


def commands_of(specs: Iterable[CommandSpec]) -> list[Json]:
    """Return the application commands for these, in an order that does not change."""
    ordered = sorted(specs, key=lambda spec: spec.name)
    tops: dict[str, list[CommandSpec]] = {}
    for spec in ordered:
        if spec.slash:
            tops.setdefault(spec.first_word, []).append(spec)
    menus = [_menu(spec) for spec in ordered if spec.menu is not None]
    return [_top(word, of_word) for word, of_word in tops.items()] + menus


def hash_of(commands: list[Json]) -> str:
    """Return what changes when the commands change."""
    return hashlib.sha256(msgspec.json.encode(commands, order="deterministic")).hexdigest()


def _top(word: str, specs: list[CommandSpec]) -> Json:
    """Return a command, or a group; a plain command of a group's name is for text only."""
    grouped = [spec for spec in specs if " " in spec.name]
    if not grouped:
        return _command(word, specs[0])
    return {
        "type": CHAT,
        "name": word,
        "description": _short(f"{word.capitalize()}: {_words(grouped)}"),
        "options": _subcommands(grouped),
        **_contexts(grouped),
    }


def _command(name: str, spec: CommandSpec) -> Json:
    return {
        "type": CHAT,
        "name": name,
        "description": _short(spec.description),
        "options": _options(spec.options),
        **_contexts([spec]),
    }


def _subcommands(specs: list[CommandSpec]) -> list[Json]:
    found: list[Json] = []
    groups: dict[str, list[Json]] = {}
    for spec in specs:
        words = spec.name.split(" ")
        subcommand = _subcommand(words[-1], spec)
        if len(words) == 2:  # noqa: PLR2004 - a name is one to three words
            found.append(subcommand)
            continue
        if words[1] not in groups:
            groups[words[1]] = []
            found.append(_group(words[1], groups[words[1]]))
        groups[words[1]].append(subcommand)
    return found


def _group(name: str, subcommands: list[Json]) -> Json:
    return {
        "type": GROUP,
        "name": name,
        "description": _short(name.capitalize()),
        "options": subcommands,
    }


def _subcommand(name: str, spec: CommandSpec) -> Json:
    return {
        "type": SUBCOMMAND,
        "name": name,
        "description": _short(spec.description),
        "options": _options(spec.options),
    }


def _menu(spec: CommandSpec) -> Json:
    assert spec.menu is not None
    return {"type": MENUS[spec.menu], "name": spec.menu_name, **_contexts([spec])}


def _contexts(specs: list[CommandSpec]) -> Json:
    everywhere = not all(spec.guild_only for spec in specs)
    return {
        "contexts": [IN_GUILDS, IN_BOT_DM] if everywhere else [IN_GUILDS],
        "integration_types": [0],
    }


def _options(options: tuple[OptionSpec, ...]) -> list[Json]:
    """Return the options; Discord wants the required ones first."""
    return [_option(option) for option in sorted(options, key=lambda option: not option.required)]


def _option(option: OptionSpec) -> Json:
    described: Json = {
        "type": int(option.type),
        "name": option.name,
        "description": _short(option.description),
        "required": option.required,
    }
    if option.choices:
        described["choices"] = [
            {"name": choice.name, "value": choice.value} for choice in option.choices
        ]
    if option.autocomplete and not option.choices:
        described["autocomplete"] = True
    for name in ("min_value", "max_value", "max_length"):
        value = getattr(option, name)
        if value is not None:
            described[name] = value
    return described


def _words(specs: list[CommandSpec]) -> str:
    return ", ".join(dict.fromkeys(spec.name.split(" ")[1] for spec in specs))


def _short(text: str) -> str:
    text = text or "…"
    return text if len(text) <= DESCRIPTION else text[: DESCRIPTION - 1] + "…"
