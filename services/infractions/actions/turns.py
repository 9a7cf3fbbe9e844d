"""Doing all the work of a kind that a guild has in one go, while others who come for it step back.

So a guild with much to do takes up one place of the worker, whatever the number of its jobs.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final
from uuid import uuid4

from services.infractions.queries.turns import end_turn, take_turn
from shared.contracts.ids import GuildId
from shared.errors import Retry
from shared.postgres import Db

LOOK_AGAIN: Final = timedelta(seconds=20)
"""After which one who stepped back looks whether the other one has finished, or died."""

Step = Callable[[], Awaitable[bool]]
"""Does a piece of the work; says whether there was one."""


async def in_turn(db: Db, guild_id: GuildId, name: str, step: Step, more: Step) -> None:
    """Do step by step what there is, as the only one; `more` says whether there is anything.

    Raises Retry while somebody else is at it, and what a step raises.
    """
    # Again after the turn, as something may have come while others still saw us at it.
    while await more():
        await _one_turn(db, guild_id, name, step)


async def _one_turn(db: Db, guild_id: GuildId, name: str, step: Step) -> None:
    holder = uuid4()
    if not await take_turn(db, guild_id, name, holder):
        raise Retry(after=LOOK_AGAIN, reason="somebody else is at it")
    try:
        while await step():
            if not await take_turn(db, guild_id, name, holder):
                raise Retry(after=LOOK_AGAIN, reason="somebody else took over")
    finally:
        await end_turn(db, guild_id, name, holder)
