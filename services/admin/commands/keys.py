"""API keys of a guild, from Discord; by slash command only, as a secret is shown."""

from typing import Annotated

from services.admin import actions, queries
from services.admin.commands.declared import commands
from services.admin.deps import Deps
from services.admin.model import Key
from shared.commands import Describe, Length, Reply, Text, escape, timestamp
from shared.contracts.invocations import Invocation
from shared.permissions import ADMINISTRATOR

READING = ("infractions:read", "stats:read", "config:read")
"""The scopes of a key that was asked for without any."""

Name = Annotated[str, Length(actions.LONGEST_KEY_NAME), Describe("What the key is for")]
Scopes = Annotated[Text, Describe("What it may do, such as infractions:read; all reading without")]


@commands.command("apikey create", level=ADMINISTRATOR, ephemeral=True, text=False)
async def create(deps: Deps, by: Invocation, name: Name, scopes: Scopes = "") -> Reply:
    """Create an API key for scripts; it is shown this once."""
    wanted = tuple(dict.fromkeys(scopes.replace(",", " ").split())) or READING
    shown, key = actions.key_of_invocation(deps, by.id, name, wanted, by.user.id)
    await actions.create_key(deps, by.guild_id, key)
    listed = ", ".join(f"`{scope}`" for scope in wanted)
    return Reply(
        f"API key **{escape(name)}** (id `{key.id}`) with {listed}. Keep it now, as it is not "
        f"shown again:\n```\n{shown}\n```",
        ephemeral=True,
    )


@commands.command("apikey list", level=ADMINISTRATOR, ephemeral=True, text=False)
async def list_(deps: Deps, by: Invocation) -> Reply:
    """List this server's API keys."""
    found = await queries.keys(deps.db, by.guild_id)
    if not found:
        return Reply("This server has no API keys.", ephemeral=True)
    return Reply("\n".join(_line(key) for key in found), ephemeral=True)


@commands.command("apikey revoke", level=ADMINISTRATOR, ephemeral=True, text=False)
async def revoke(
    deps: Deps, by: Invocation, key: Annotated[str, Describe("The key's id, as in the list")]
) -> Reply:
    """Take an API key back at once."""
    await actions.revoke_key(deps, by.guild_id, key)
    return Reply(f"The key `{key}` is revoked.", ephemeral=True)


def _line(key: Key) -> str:
    scopes = ", ".join(f"`{scope}`" for scope in key.scopes)
    return (
        f"- `{key.id}` **{escape(key.name)}** ({scopes}), by <@{key.created_by}> "
        f"{timestamp(key.created_at, 'R')}"
    )
