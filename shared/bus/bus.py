"""The bus that a service is given: everything it does with RabbitMQ goes through this object."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Iterable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import timedelta
from typing import TypeVar

import structlog
from msgspec import Struct
from prometheus_client import CollectorRegistry

from shared.bus.asking import Asker
from shared.bus.batches import BatchConsumption, BatchHandler
from shared.bus.consuming import Consumption, Handler, Key, by_guild
from shared.bus.dead import DeadLetter, DeadLetters
from shared.bus.depths import Depth, Depths
from shared.bus.hearing import Hearer, Hearing
from shared.bus.link import Link
from shared.bus.messages import Delivery, Headers, Outgoing, QueueSpec, properties
from shared.bus.metrics import BusMetrics
from shared.bus.publishing import WINDOW, Publisher
from shared.bus.retries import Retries
from shared.bus.stream import Stream
from shared.bus.topology import declare_exchanges
from shared.contracts.codec import decode, encode
from shared.errors import NotFoundError

T = TypeVar("T")

log = structlog.get_logger()


@asynccontextmanager
async def connect(
    url: str, *, name: str, registry: CollectorRegistry | None = None, window: int = WINDOW
) -> AsyncGenerator["Bus"]:
    """Give a bus that is connected, and stays so over every loss of the broker.

    It has two connections, as the broker stops reading a publishing one when it runs out of room,
    and acknowledgements must still come through then. `window` bounds the unconfirmed messages.
    Everything that consumes is drained at the end.
    """
    metrics = BusMetrics(registry)
    out, into = Link(url, f"{name}.out", metrics), Link(url, f"{name}.in", metrics)
    bus = Bus(out, into, Publisher(out, metrics, window), metrics, name)
    async with AsyncExitStack() as stack:
        for running in (out.run(), into.run(), *bus.background()):
            stack.push_async_callback(_stop, asyncio.create_task(running))
        await bus.declare_exchanges()
        stack.push_async_callback(bus.drain)
        yield bus


async def _stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


class Bus:
    """Publish, consume, ask and answer."""

    def __init__(
        self, out: Link, into: Link, publisher: Publisher, metrics: BusMetrics, name: str
    ) -> None:
        self._out = out
        self._in = into
        self._publisher = publisher
        self._metrics = metrics
        self._name = name
        self._asker = Asker(into, publisher, name)
        self._dead = DeadLetters(into, publisher)
        self._depths = Depths(into)
        self._consumptions: list[Consumption | BatchConsumption] = []

    def background(self) -> tuple[Coroutine[None, None, None], ...]:
        """Return what has to run for as long as the bus is used."""
        return self._publisher.run(), self._asker.run()

    @property
    def connected(self) -> bool:
        """Whether the broker is there right now."""
        return self._out.connected and self._in.connected

    @property
    def in_flight(self) -> int:
        """How many published messages are not confirmed yet."""
        return self._publisher.in_flight

    def on_reconnect(self, hook: Callable[[], Awaitable[None]]) -> None:
        """Have `hook` called each time after the broker came back."""
        self._in.reconnect_hooks.append(hook)

    async def declare_exchanges(self) -> None:
        """Declare the exchanges that all services share."""
        channel = await self._out.channel(confirms=False)
        try:
            await declare_exchanges(channel)
        finally:
            await channel.close()

    async def publish(
        self,
        exchange: str,
        routing_key: str,
        body: Struct | bytes,
        *,
        message_id: str,
        type: str,  # noqa: A002 - the name of the AMQP property
        guild_id: int = 0,
        mandatory: bool = False,
        headers: Headers | None = None,
        reply_to: str | None = None,
        expires: timedelta | None = None,
    ) -> None:
        """Publish, and return when the broker has confirmed it, however long it is away.

        A message whose confirm was lost is published again with the same `message_id`, by which
        consumers know it. Raises Returned when it is mandatory and no queue takes it.
        """
        await self._publisher.publish(
            Outgoing(
                exchange,
                routing_key,
                body if isinstance(body, bytes) else encode(body),
                properties(
                    message_id=message_id,
                    guild_id=guild_id,
                    type_=type,
                    headers=headers,
                    reply_to=reply_to,
                    expires=expires,
                ),
                mandatory,
            )
        )

    @asynccontextmanager
    async def stream(self, exchange: str) -> AsyncGenerator[Stream]:
        """Give a stream of messages to an exchange, cheap and in order, on its own connection."""
        link = self._out.beside("stream")
        stream = Stream(link, self._metrics, exchange)
        async with AsyncExitStack() as stack:
            for running in (link.run(), stream.run()):
                stack.push_async_callback(_stop, asyncio.create_task(running))
            yield stream

    @asynccontextmanager
    async def hearing(
        self, exchange: str, routing_key: str, hearer: Hearer
    ) -> AsyncGenerator[None]:
        """Have `hearer` hear what is published from now on, in this process besides all others.

        What is published while the broker is away from this process is not heard by it.
        """
        hearing = Hearing(self._in, self._name, exchange, routing_key, hearer)
        async with AsyncExitStack() as stack:
            stack.push_async_callback(_stop, asyncio.create_task(hearing.run()))
            yield

    async def consume(
        self,
        queue: QueueSpec,
        handler: Handler,
        *,
        prefetch: int = 100,
        concurrency: int = 50,
        key: Key = by_guild,
    ) -> Consumption:
        """Declare a queue and hand its messages to `handler`, each acked when it returned.

        Messages of one `key` are handled in order, `concurrency` keys at once. A handler that
        raises has its message come back after the queue's retry steps, and then parked; one that
        raises Poison has it parked at once; while something is away (`is_unavailable`) it is called
        again and again. The same message may come twice.
        """
        consumption = Consumption(
            self._in,
            Retries(self._in, self._publisher, self._metrics, queue),
            self._metrics,
            queue,
            handler,
            prefetch=prefetch,
            concurrency=concurrency,
            key=key,
        )
        await consumption.start()
        self._consumptions.append(consumption)
        return consumption

    async def consume_batches(
        self,
        queue: QueueSpec,
        handler: BatchHandler,
        *,
        size: int,
        wait: timedelta,
        prefetch: int,
    ) -> BatchConsumption:
        """Declare a queue and hand its messages to `handler`, up to `size` of them at once.

        A batch is closed `wait` after its first message, acked when the handler returned, and tried
        again with growing pauses for as long as it raises. The same message may come twice.
        """
        consumption = BatchConsumption(
            self._in, self._metrics, queue, handler, size=size, wait=wait, prefetch=prefetch
        )
        await consumption.start()
        self._consumptions.append(consumption)
        return consumption

    async def ask(
        self,
        exchange: str,
        routing_key: str,
        body: Struct,
        answer: type[T],
        *,
        timeout: timedelta,  # noqa: ASYNC109 - a deadline is part of every question
        type: str,  # noqa: A002 - the name of the AMQP property
        guild_id: int = 0,
        message_id: str | None = None,
    ) -> T:
        """Send a request and return its answer.

        Raises Returned when nobody takes such requests, AskTimeout when no answer came in time and
        AskLost when the connection dropped: after these two it may have been done all the same.
        """
        reply = await self._asker.ask(
            exchange,
            routing_key,
            encode(body),
            within=timeout,
            guild_id=guild_id,
            message_id=message_id,
            type_=type,
        )
        return decode(reply, answer)

    async def answer(self, delivery: Delivery, body: Struct) -> None:
        """Answer a request; does nothing for a message that asked for no answer."""
        await self._asker.answer(delivery, encode(body), type(body).__name__)

    async def queue_stats(self, name: str) -> tuple[int, int]:
        """Return how many messages wait in a queue, and how many consumers it has.

        Raises NotFoundError.
        """
        depth = (await self._depths.of((name,))).get(name)
        if depth is None:
            raise NotFoundError(f"There is no queue {name}.")
        return depth.messages, depth.consumers

    async def depths(self, names: Iterable[str]) -> dict[str, Depth]:
        """Return what waits in each of these queues, whosever they are; those that are there."""
        return await self._depths.of(names)

    async def peek(self, queue: str, limit: int = 20) -> list[DeadLetter]:
        """Show the oldest dead letters of a queue. Raises NotFoundError."""
        return await self._dead.peek(queue, limit)

    async def replay(self, queue: str, count: int) -> int:
        """Have the oldest dead letters of a queue handled again; return how many."""
        return await self._dead.replay(queue, count)

    async def drop(self, queue: str, count: int) -> int:
        """Throw away the oldest dead letters of a queue; return how many."""
        return await self._dead.drop(queue, count)

    async def drain(self) -> None:
        """Stop consuming, and wait for the handlers that run."""
        consumptions, self._consumptions = self._consumptions, []
        await asyncio.gather(*(consumption.drain() for consumption in consumptions))
