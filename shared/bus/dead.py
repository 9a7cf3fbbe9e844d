"""Dead letters: look at them, have them handled again, or drop them."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

from aiormq.abc import DeliveredMessage
from aiormq.channel import Channel
from aiormq.exceptions import ChannelNotFoundEntity
from msgspec import Struct

from shared.bus.link import Link
from shared.bus.messages import (
    ATTEMPT,
    ATTEMPTS,
    DIED_AT,
    QUEUE,
    REASON,
    ROUTING_KEY,
    Delivery,
    Outgoing,
    dead_queue,
    delivery,
    properties,
)
from shared.bus.publishing import Publisher
from shared.errors import NotFoundError

LOOKS = 100
LOOK_EVERY = 0.01
CRASHED = "every process that took it died, or lost its connection"


class DeadLetter(Struct, frozen=True):
    """A parked message, for an operator to judge."""

    message_id: str
    type: str
    guild_id: int
    routing_key: str
    reason: str
    attempts: int
    died_at: datetime | None
    body: str


class DeadLetters:
    """The parked messages of any queue."""

    def __init__(self, link: Link, publisher: Publisher) -> None:
        self._link = link
        self._publisher = publisher

    async def peek(self, queue: str, limit: int) -> list[DeadLetter]:
        """Show the oldest ones, leaving them where they are."""
        return [_letter(delivery(message)) for message in await self._take(queue, limit, None)]

    async def replay(self, queue: str, count: int) -> int:
        """Put the oldest ones back to be handled, and return how many."""

        async def put_back(channel: Channel, message: DeliveredMessage) -> None:
            await self._publisher.publish(_fresh(delivery(message), queue))
            await channel.basic_ack(message.delivery_tag or 0)

        return len(await self._take(queue, count, put_back))

    async def drop(self, queue: str, count: int) -> int:
        """Throw the oldest ones away, and return how many."""

        async def throw_away(channel: Channel, message: DeliveredMessage) -> None:
            await channel.basic_ack(message.delivery_tag or 0)

        return len(await self._take(queue, count, throw_away))

    async def _take(self, queue: str, limit: int, treat: "Treat | None") -> list[DeliveredMessage]:
        """Treat up to `limit` of the messages that are parked now, or put all back in order."""
        channel = await self._link.channel(confirms=False)
        try:
            parked = await channel.queue_declare(dead_queue(queue), passive=True)
            taken: list[DeliveredMessage] = []
            for _ in range(min(limit, parked.message_count or 0)):
                message = await channel.basic_get(dead_queue(queue))
                if message.delivery_tag is None:
                    break
                taken.append(message)
                if treat is not None:
                    await treat(channel, message)
            if treat is None:
                await _put_back(channel, taken)
                await _until_there(channel, dead_queue(queue), parked.message_count or 0)
        except ChannelNotFoundEntity:
            raise NotFoundError(f"There is no queue {queue}.") from None
        else:
            return taken
        finally:
            await channel.close()


Treat = Callable[[Channel, DeliveredMessage], Awaitable[None]]


async def _put_back(channel: Channel, messages: list[DeliveredMessage]) -> None:
    """Put messages back one by one, as a channel that closes mixes them up."""
    for message in messages:
        await channel.basic_nack(message.delivery_tag or 0, requeue=True)


async def _until_there(channel: Channel, queue: str, count: int) -> None:
    """Wait until messages are back in their queue, so that whoever looks next sees the same."""
    for _ in range(LOOKS):
        if ((await channel.queue_declare(queue, passive=True)).message_count or 0) >= count:
            return
        await asyncio.sleep(LOOK_EVERY)


def _letter(message: Delivery) -> DeadLetter:
    attempts = message.headers.get(ATTEMPTS)
    died_at = message.headers.get(DIED_AT)
    return DeadLetter(
        message_id=message.message_id,
        type=message.type,
        guild_id=message.guild_id,
        routing_key=message.routing_key,
        reason=str(message.headers.get(REASON) or CRASHED),
        attempts=attempts if isinstance(attempts, int) else message.attempt + 1,
        died_at=died_at if isinstance(died_at, datetime) else None,
        body=message.body.decode(errors="replace"),
    )


def _fresh(message: Delivery, queue: str) -> Outgoing:
    """Make the message that goes back: as it was before it was ever tried."""
    ours = {ATTEMPT, ATTEMPTS, REASON, QUEUE, DIED_AT}
    headers = {
        name: value
        for name, value in message.headers.items()
        if name not in ours and not name.startswith(("x-death", "x-first-death", "x-last-death"))
    }
    return Outgoing(
        exchange="",
        routing_key=queue,
        body=message.body,
        mandatory=True,
        properties=properties(
            message_id=message.message_id,
            guild_id=message.guild_id,
            type_=message.type,
            headers={**headers, ROUTING_KEY: message.routing_key},
            reply_to=message.reply_to or None,
        ),
    )
