"""Usage lines, and lists of commands for people to read."""

import difflib
from collections.abc import Iterable, Sequence
from itertools import groupby

from shared.commands.markup import code
from shared.contracts.invocations import CommandSpec, OptionSpec


def usage(spec: CommandSpec, prefix: str = "/") -> str:
    """Return how a command is written: `!tempban <member> <duration> [reason]`."""
    if is_menu_only(spec):
        return f"Apps → {spec.menu_name}"
    return " ".join([f"{prefix}{spec.name}", *(_shown(option) for option in spec.options)])


def _shown(option: OptionSpec) -> str:
    return f"<{option.name}>" if option.required else f"[{option.name}]"


def is_menu_only(spec: CommandSpec) -> bool:
    """Say whether a command can't be typed, and stands only in a menu."""
    return not spec.slash and not spec.text


def help_page(spec: CommandSpec, prefix: str = "/") -> str:
    """Return what there is to know about one command: usage, options, other names."""
    lines = [f"**{code(usage(spec, prefix), 200)}**", f"{spec.description}."]
    if is_menu_only(spec):
        return "\n".join([*lines, f"In the menu of a {_menu_of(spec)}."])
    lines += [_option_line(option) for option in spec.options]
    if spec.aliases:
        lines.append("Also: " + ", ".join(code(f"{prefix}{alias}") for alias in spec.aliases))
    if spec.menu:
        lines.append(f"Also in the menu of a {_menu_of(spec)}: Apps → {spec.menu_name}")
    return "\n".join(lines)


def _menu_of(spec: CommandSpec) -> str:
    return "member" if spec.menu == "user" else "message"


def _option_line(option: OptionSpec) -> str:
    choices = ", ".join(f"`{choice.name}`" for choice in option.choices)
    listed = f" One of {choices}." if choices else ""
    optional = "" if option.required else " (optional)"
    return f"- `{option.name}`{optional}: {option.description}.{listed}"


def command_list(specs: Iterable[CommandSpec], prefix: str = "/") -> str:
    """Return one line for each command, in the order of their names."""
    ordered = sorted(specs, key=lambda spec: spec.name)
    return "\n".join(f"`{usage(spec, prefix)}`: {spec.description}." for spec in ordered)


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that somebody who typed this probably meant."""
    found = difflib.get_close_matches(word.lower(), list(known), n=1, cutoff=0.6)
    return found[0] if found else None


def unknown_subcommand(group: str, word: str, names: Sequence[str], prefix: str = "/") -> str:
    """Say that a group has no such command, and what it has."""
    listed = ", ".join(f"`{prefix}{name}`" for name in sorted(names))
    if not word:
        return f"`{prefix}{group}` is a group of commands: {listed}."
    said = f"`{prefix}{group}` has no {code(word)}."
    meant = nearest(word, [name.split(" ")[-1] for name in names])
    guess = f" Did you mean `{meant}`?" if meant else ""
    return f"{said}{guess} It has {listed}."


def reference_page(specs: Iterable[CommandSpec]) -> str:
    """Return the reference of commands as Markdown, by plugin."""
    ordered = sorted(specs, key=lambda spec: (spec.plugin, spec.name))
    parts = ["# Commands"]
    for plugin, group in groupby(ordered, key=lambda spec: spec.plugin):
        parts.append(f"## {plugin.capitalize()}")
        parts += [_reference(spec) for spec in group]
    return "\n\n".join(parts) + "\n"


def _reference(spec: CommandSpec) -> str:
    how = [each for each, there in (("slash", spec.slash), ("text", spec.text)) if there]
    how += [f"menu of a {_menu_of(spec)}"] if spec.menu else []
    facts = [f"Level {spec.level}", " and ".join(how)]
    facts += [f"also {', '.join(f'`{alias}`' for alias in spec.aliases)}"] if spec.aliases else []
    lines = [f"### `{usage(spec)}`", "", f"{spec.description}. {'; '.join(facts)}."]
    if spec.options:
        lines += ["", *(_option_line(option) for option in spec.options)]
    return "\n".join(lines)
