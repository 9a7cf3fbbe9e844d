"""How many messages wait in queues, and who takes them: asked of the broker with no right to them.

A passive declaration needs no permission (RabbitMQ, "Access Control"), so that one service may
watch the queues of all others without being able to read or change anything there.
"""

from collections.abc import Iterable
from contextlib import suppress

from aiormq.channel import Channel
from aiormq.exceptions import ChannelNotFoundEntity
from msgspec import Struct

from shared.bus.link import CHANNEL_LOST, Link
from shared.errors import UnavailableError


class Depth(Struct, frozen=True):
    """How many messages wait in a queue, not yet given to anybody, and how many consume it."""

    messages: int
    consumers: int


class Depths:
    """Looks at queues, on a channel for the purpose."""

    def __init__(self, link: Link) -> None:
        self._link = link

    async def of(self, names: Iterable[str]) -> dict[str, Depth]:
        """Return what waits in each of these queues; one that is not there is left out.

        Raises UnavailableError when the broker is lost meanwhile.
        """
        try:
            return await self._look(names)
        except CHANNEL_LOST as error:
            raise UnavailableError("RabbitMQ does not answer at the moment.") from error

    async def _look(self, names: Iterable[str]) -> dict[str, Depth]:
        found: dict[str, Depth] = {}
        channel = await self._link.channel(confirms=False)
        try:
            for name in names:
                if channel.is_closed:  # as after every queue that was not there
                    channel = await self._link.channel(confirms=False)
                depth = await _depth(channel, name)
                if depth is not None:
                    found[name] = depth
        finally:
            with suppress(*CHANNEL_LOST):
                await channel.close()
        return found


async def _depth(channel: Channel, name: str) -> Depth | None:
    try:
        declared = await channel.queue_declare(name, passive=True)
    except ChannelNotFoundEntity:
        return None
    return Depth(declared.message_count or 0, declared.consumer_count or 0)
