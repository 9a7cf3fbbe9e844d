"""The configuration, from Discord: show it, change a value, and go back."""

from typing import Annotated

from services.admin import actions, queries
from services.admin.actions import Saved
from services.admin.commands.declared import author_of, commands
from services.admin.deps import Deps
from services.admin.model import Revision
from shared.commands import Describe, Range, Reply, Text, code, escape, timestamp
from shared.contracts.actions import File
from shared.contracts.invocations import Invocation
from shared.permissions import ADMINISTRATOR, level_of

SHOWN = 1800
"""Characters of a configuration that are shown in a message; a longer one is attached."""

LISTED = 10
"""Revisions that the history lists."""

Path = Annotated[str, Describe("Where, such as plugins.infractions.notify_user")]
Number = Annotated[int, Range(0, 2**31 - 1), Describe("The revision's number")]


@commands.command("config show", level=ADMINISTRATOR, ephemeral=True)
async def show(deps: Deps, by: Invocation) -> Reply:
    """Show the configuration of this server."""
    held = await actions.current(deps, by.guild_id)
    if not held.yaml.strip():
        return Reply("The configuration is empty, so all defaults hold and Discord's permissions.")
    if len(held.yaml) > SHOWN or "```" in held.yaml:
        file = File(name="config.yaml", data=held.yaml.encode(), content_type="application/yaml")
        return Reply(f"{_named(held)}:", files=(file,))
    return Reply(f"{_named(held)}:\n```yaml\n{held.yaml.rstrip()}\n```")


@commands.command("config set", level=ADMINISTRATOR, ephemeral=True)
async def set_(
    deps: Deps,
    by: Invocation,
    path: Path,
    value: Annotated[Text, Describe("What it shall be, such as true")],
) -> Reply:
    """Change one value of the configuration."""
    level = _level(deps, by)
    saved = await actions.set_config(deps, author_of(by), by.guild_id, path, value)
    said = f"{code(path)} is now {code(value)}.{_fall(deps, by, level)}"
    return Reply(_outcome(saved, said))


@commands.command("config unset", level=ADMINISTRATOR, ephemeral=True)
async def unset(deps: Deps, by: Invocation, path: Path) -> Reply:
    """Take one value out of the configuration, so that its default holds."""
    level = _level(deps, by)
    saved = await actions.unset_config(deps, author_of(by), by.guild_id, path)
    return Reply(_outcome(saved, f"{code(path)} is unset.{_fall(deps, by, level)}"))


@commands.command("config history", level=ADMINISTRATOR, ephemeral=True)
async def history(deps: Deps, by: Invocation) -> Reply:
    """List the latest changes of the configuration."""
    found = await queries.revisions(deps.db, by.guild_id, before=None, limit=LISTED)
    if not found:
        return Reply("The configuration was never changed.")
    return Reply("\n".join(_line(each) for each in found))


@commands.command("config rollback", level=ADMINISTRATOR, ephemeral=True)
async def rollback(deps: Deps, by: Invocation, revision: Number) -> Reply:
    """Make an earlier revision of the configuration hold again; 0 is the empty one."""
    level = _level(deps, by)
    base = await actions.current(deps, by.guild_id)
    saved = await actions.roll_back(deps, author_of(by), base, revision)
    said = f"The configuration is as in revision {revision} again.{_fall(deps, by, level)}"
    return Reply(_outcome(saved, said))


def _outcome(saved: Saved, said: str) -> str:
    if not saved.changed:
        return f"It is so already, in revision {saved.revision.revision}."
    return f"{said} Revision {saved.revision.revision}."


def _level(deps: Deps, by: Invocation) -> int:
    return level_of(by, deps.config.get(by.guild_id), deps.settings.operators)


def _fall(deps: Deps, by: Invocation, before: int) -> str:
    """Warn somebody who has just taken something from themselves."""
    now = _level(deps, by)
    return f" Mind that your own level fell from {before} to {now}." if now < before else ""


def _named(revision: Revision) -> str:
    return (
        f"Revision {revision.revision} by {escape(revision.author_name)}, "
        f"{timestamp(revision.created_at, 'R')}"
    )


def _line(revision: Revision) -> str:
    note = f": {escape(revision.note)}" if revision.note else ""
    return f"- {_named(revision)}{note}"
