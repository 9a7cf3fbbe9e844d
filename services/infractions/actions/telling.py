"""Telling the member by direct message, if the guild wants it, before they are gone."""

import asyncio
from datetime import timedelta
from typing import Final

from services.infractions import queries
from services.infractions.actions.writing import note
from services.infractions.deps import Deps
from services.infractions.model import FLOTILLA, Infraction, Kind
from services.infractions.notices import notice
from shared.contracts.actions import Message, SendDirect
from shared.contracts.config import InfractionsPlugin
from shared.contracts.discord import GuildSnapshot
from shared.errors import UnavailableError, UserError
from shared.postgres import transaction

PATIENCE: Final = timedelta(seconds=3)
"""A measure does not wait longer than this for the message to the member."""

NOT_OURS: Final = frozenset({"audit", "import"})
"""Sources of what others did, which is not for us to tell."""

NOT_HERE: Final = "They are not in the server."
TOO_LATE: Final = "Discord did not answer in time."


async def tell(deps: Deps, infraction: Infraction) -> None:
    """Tell the member once, and write down whether that worked, within a few seconds."""
    wanted = is_wanted(deps.config.get(infraction.guild_id).plugins.infractions, infraction)
    if not wanted or await queries.was_told(deps.db, infraction):
        return
    failure = await _try_to_send(deps, infraction)
    async with transaction(deps.db) as tx:
        await queries.lock(tx, infraction.guild_id, infraction.number)
        if not await queries.was_told(tx, infraction):
            change = "told" if failure is None else "not told"
            await note(tx, infraction, FLOTILLA, change, failure or "")


def is_wanted(plugin: InfractionsPlugin, infraction: Infraction) -> bool:
    """Say whether a guild tells its members of such an infraction; never of a note."""
    told = plugin.notify_kinds
    return (
        plugin.notify_user
        and infraction.kind is not Kind.NOTE
        and infraction.source not in NOT_OURS
        and (not told or infraction.kind.value in told)
    )


async def _try_to_send(deps: Deps, infraction: Infraction) -> str | None:
    """Send the message; return why it did not arrive, if so."""
    try:
        async with asyncio.timeout(PATIENCE.total_seconds()):
            return await _send(deps, infraction)
    except (TimeoutError, UnavailableError):
        return TOO_LATE
    except UserError as refusal:
        return refusal.message


async def _send(deps: Deps, infraction: Infraction) -> str | None:
    guild, member = await asyncio.gather(
        deps.gateway.guild(infraction.guild_id, timeout=PATIENCE),
        deps.gateway.member(infraction.guild_id, infraction.user_id, timeout=PATIENCE),
    )
    if member is None:
        return NOT_HERE
    result = await deps.gateway.do(
        SendDirect(
            user_id=infraction.user_id,
            message=Message(content=_text(deps, infraction, guild)),
        ),
        key=f"infraction:{infraction.key}:tell",
        timeout=PATIENCE,
    )
    return None if result.status == "done" else result.message


def _text(deps: Deps, infraction: Infraction, guild: GuildSnapshot) -> str:
    templates = deps.config.get(infraction.guild_id).plugins.infractions.messages
    template: str | None = getattr(templates, infraction.kind.value)
    role = next((each.name for each in guild.roles if each.id == infraction.role_id), "")
    return notice(infraction, template, server=guild.name, role=role)
