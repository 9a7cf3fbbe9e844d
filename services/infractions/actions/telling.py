"""Telling the member by direct message, if the guild wants it, before they are gone."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from services.infractions import queries
from services.infractions.actions.writing import note
from services.infractions.deps import Deps
from services.infractions.model import FLOTILLA, Infraction, Kind
from services.infractions.wording import LONGEST_NAME, on_one_line, shown
from shared.commands import timestamp
from shared.contracts.actions import Message, SendDirect
from shared.errors import UnavailableError, UserError
from shared.postgres import transaction

PATIENCE: Final = timedelta(seconds=3)
"""A measure does not wait longer than this for the message to the member."""

LONGEST_REASON: Final = 1500
"""Characters of a reason in the message, which has 2000 in all."""

WORDS: Final[Mapping[Kind, str]] = {
    Kind.WARNING: "You were warned in",
    Kind.BAN: "You were banned from",
}
"""What members are told of; the rest is not for them."""


async def tell(deps: Deps, infraction: Infraction) -> None:
    """Tell the member once, and write down whether that worked."""
    wanted = deps.config.get(infraction.guild_id).plugins.infractions.notify_user
    if not wanted or infraction.kind not in WORDS or await queries.was_told(deps.db, infraction):
        return
    failure = await _send(deps, infraction)
    async with transaction(deps.db) as tx:
        await queries.lock(tx, infraction.guild_id, infraction.number)
        if not await queries.was_told(tx, infraction):
            change = "told" if failure is None else "not told"
            await note(tx, infraction, FLOTILLA, change, failure or "")


async def _send(deps: Deps, infraction: Infraction) -> str | None:
    """Send the message; return why it did not arrive, if so."""
    try:
        async with asyncio.timeout(PATIENCE.total_seconds()):
            guild = await deps.gateway.guild(infraction.guild_id, timeout=PATIENCE)
            result = await deps.gateway.do(
                SendDirect(
                    user_id=infraction.user_id,
                    message=Message(content=_notice(infraction, guild.name)),
                ),
                key=f"infraction:{infraction.key}:tell",
                timeout=PATIENCE,
            )
    except (TimeoutError, UnavailableError):
        return "Discord did not answer in time."
    except UserError as refusal:
        return refusal.message
    return None if result.status == "done" else result.message


def _notice(infraction: Infraction, guild_name: str) -> str:
    until = f" until {timestamp(infraction.expires_at)}" if infraction.expires_at else ""
    why = shown(infraction.reason, LONGEST_REASON)
    where = on_one_line(guild_name, LONGEST_NAME)
    return f"{WORDS[infraction.kind]} **{where}**{until}." + (f"\nReason: {why}" if why else "")
