"""Help: which commands there are for somebody, and how each is written."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Annotated

from services.admin import queries
from services.admin.commands.declared import commands, prefix_of
from services.admin.deps import Deps
from shared.commands import (
    Describe,
    Reply,
    Text,
    code,
    command_list,
    help_page,
    is_menu_only,
    nearest,
    usage,
)
from shared.contracts.invocations import Choice, CommandSpec, Invocation
from shared.errors import NotFoundError
from shared.permissions import Disabled, level_of, required_level


@commands.command("help", guild_only=False, ephemeral=True)
async def help_(
    deps: Deps,
    by: Invocation,
    command: Annotated[Text, Describe("A command, or a group of them")] = "",
) -> Reply:
    """List the commands that you may use, or explain one."""
    usable = await _usable(deps, by)
    if not command:
        return Reply(_overview(usable, prefix_of(by)))
    return Reply(_explained(usable, command, prefix_of(by)))


@commands.autocomplete("help", "command")
async def complete_command(deps: Deps, by: Invocation, typed: str) -> Sequence[Choice]:
    """Offer the commands that the caller may use."""
    names = [spec.name for spec in await _usable(deps, by)]
    return [Choice(name=name, value=name) for name in names if typed.lower() in name]


async def _usable(deps: Deps, by: Invocation) -> list[CommandSpec]:
    config = deps.config.get(by.guild_id)
    level = level_of(by, config, deps.settings.operators)
    return [
        spec
        for spec in await queries.announced(deps.db)
        if not isinstance(needed := required_level(config, spec), Disabled) and level >= needed
    ]


def _overview(specs: Iterable[CommandSpec], prefix: str) -> str:
    by_plugin = sorted(specs, key=lambda spec: (spec.plugin, is_menu_only(spec), spec.name))
    lines = [
        f"**{plugin.capitalize()}**: " + ", ".join(f"`{_listed(spec)}`" for spec in group)
        for plugin, group in groupby(by_plugin, key=lambda spec: spec.plugin)
    ]
    return "\n".join([*lines, f"`{prefix}help <command>` explains one."])


def _listed(spec: CommandSpec) -> str:
    return usage(spec) if is_menu_only(spec) else spec.name


def _explained(specs: Sequence[CommandSpec], asked: str, prefix: str) -> str:
    """Explain a command, or list a group. Raises NotFoundError."""
    name = " ".join(asked.lower().removeprefix(prefix).split())
    for spec in specs:
        if name in (spec.name, *spec.aliases):
            return help_page(spec, prefix)
    group = [spec for spec in specs if spec.name.startswith(f"{name} ")]
    if group:
        return command_list(group, prefix)
    meant = nearest(name, [spec.name for spec in specs])
    guess = f" Did you mean `{meant}`?" if meant else ""
    raise NotFoundError(f"There is no command {code(asked)} that you may use.{guess}")
