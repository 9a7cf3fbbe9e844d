"""Why somebody may use a command, or may not."""

from collections.abc import Sequence
from typing import Annotated

from services.admin import actions, queries
from services.admin.commands.declared import commands
from services.admin.deps import Deps
from shared.commands import Describe, Reply, code, nearest
from shared.contracts.ids import UserId
from shared.contracts.invocations import Choice, CommandSpec, Invocation
from shared.errors import NotFoundError
from shared.permissions import MODERATOR, Person, explain, person_of


@commands.command("permissions explain", level=MODERATOR, ephemeral=True)
async def explain_(
    deps: Deps,
    by: Invocation,
    command: Annotated[str, Describe("Its name; several words with dots: infractions.search")],
    user: Annotated[UserId | None, Describe("Whom it is about; you without")] = None,
) -> Reply:
    """Tell why somebody may use a command, or may not."""
    spec = await _find(deps, command)
    who = await _person(deps, by, user)
    config = deps.config.get(by.guild_id)
    return Reply("\n".join(explain(who, spec, config, deps.settings.operators)))


@commands.autocomplete("permissions explain", "command")
async def complete_command(deps: Deps, _by: Invocation, typed: str) -> Sequence[Choice]:
    """Offer all commands."""
    names = [spec.name for spec in await queries.announced(deps.db)]
    return [Choice(name=name, value=name) for name in names if typed.lower() in name]


async def _find(deps: Deps, command: str) -> CommandSpec:
    name = " ".join(command.lower().replace(".", " ").lstrip("/!").split())
    specs = await queries.announced(deps.db)
    for spec in specs:
        if name in (spec.name, *spec.aliases):
            return spec
    meant = nearest(name, [spec.name for spec in specs])
    guess = f" Did you mean `{meant}`?" if meant else ""
    raise NotFoundError(f"There is no command {code(command)}.{guess}")


async def _person(deps: Deps, by: Invocation, user: UserId | None) -> Person:
    if user is None or user == by.user.id:
        return person_of(by)
    return await actions.find_person(deps, by.guild_id, user, by.guild_version)
