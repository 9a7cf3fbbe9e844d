"""Tells the other services which guilds' snapshots changed, so that they drop their copies."""

import asyncio

from services.gateway.shards.dispatch import Dispatch
from services.gateway.shards.feed import Recognise, Work
from services.gateway.snapshots import KINDS, Snapshots
from shared.bus import Bus
from shared.contracts.domain import GuildChanged
from shared.contracts.topology import FLOTILLA_EVENTS

MAY_CHANGE = KINDS | {"READY"}
"""Events after which there may be something to tell; of a new session, guilds that are gone."""


class Changes:
    """Announces new versions in order; an event counts as confirmed only when they are, too."""

    def __init__(self, bus: Bus, snapshots: Snapshots) -> None:
        self._bus = bus
        self._snapshots = snapshots

    def before(self, recognise: Recognise) -> Recognise:
        """Tell what an event has changed beside what something else makes of it."""

        def look(event: Dispatch) -> Work | None:
            work = recognise(event)
            if event.type not in MAY_CHANGE:
                return work
            changed = self._snapshots.take_told()
            if not changed:
                return work
            telling = self._tell(event, changed)
            return telling if work is None else _both(telling, work)

        return look

    async def _tell(self, event: Dispatch, changed: list[GuildChanged]) -> None:
        await asyncio.gather(*(self._tell_one(event, one) for one in changed))

    async def _tell_one(self, event: Dispatch, changed: GuildChanged) -> None:
        await self._bus.publish(
            FLOTILLA_EVENTS,
            changed.KEY,
            changed,
            message_id=f"{event.message_id}:changed:{changed.guild_id}",
            guild_id=changed.guild_id,
            type=changed.KEY,
        )


async def _both(one: Work, other: Work) -> None:
    await asyncio.gather(one, other)
