"""Whether the bot is there, and what it is."""

import time
from datetime import UTC, datetime
from typing import Final

from services.admin.commands.declared import commands
from services.admin.deps import Deps
from shared.commands import Reply, timestamp
from shared.contracts.actions import Embed, EmbedField, GetGuild
from shared.contracts.invocations import Invocation
from shared.contracts.topology import INTERACTIVE

VERSION: Final = "0.1.0"
"""As in pyproject.toml."""


@commands.command("ping", guild_only=False)
async def ping(deps: Deps, by: Invocation) -> Reply:
    """Tell how long a command takes to arrive, and how long the gateway takes to answer."""
    arrived = datetime.now(UTC) - by.received_at
    text = f"Pong! This came here in {_ms(arrived.total_seconds())}"
    if by.guild is None:
        return Reply(f"{text}.")
    began = time.perf_counter()
    await deps.gateway.do(GetGuild(guild_id=by.guild_id), key=None, queue=INTERACTIVE)
    return Reply(f"{text}; the gateway answers in {_ms(time.perf_counter() - began)}.")


@commands.command("about", guild_only=False)
async def about(deps: Deps, by: Invocation) -> Reply:
    """Tell what this bot is, its version, and since when it runs."""
    fields = [
        EmbedField(name="Version", value=VERSION, inline=True),
        EmbedField(name="Running since", value=timestamp(deps.started_at, "R"), inline=True),
    ]
    if deps.settings.public_url:
        fields.append(EmbedField(name="Dashboard", value=_dashboard(deps, by), inline=True))
    said = "A self-hosted bot for moderation, statistics and server administration."
    return Reply(embeds=(Embed(title="Flotilla", description=said, fields=tuple(fields)),))


def _dashboard(deps: Deps, by: Invocation) -> str:
    base = deps.settings.public_url.rstrip("/")
    return f"{base}/guilds/{by.guild_id}" if by.guild else base


def _ms(seconds: float) -> str:
    return f"{max(0.0, seconds) * 1000:.0f} ms"
