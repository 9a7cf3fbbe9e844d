"""Consuming a queue: one guild's messages in order, guilds side by side, acked when handled."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from contextlib import suppress
from datetime import datetime

import structlog
from aiormq.abc import DeliveredMessage
from aiormq.channel import Channel
from msgspec import Struct

from shared.bus.acks import Acks
from shared.bus.lanes import Lanes
from shared.bus.link import CHANNEL_LOST, GRACE, Backoff, Link, closed, closing
from shared.bus.messages import Delivery, QueueSpec, delivery
from shared.bus.metrics import BusMetrics
from shared.bus.retries import Retries
from shared.bus.topology import declare_queue
from shared.errors import Poison, Retry
from shared.logging import bound
from shared.postgres import is_unavailable

Handler = Callable[[Delivery], Awaitable[None]]
Key = Callable[[Delivery], Hashable]

log = structlog.get_logger()


def by_guild(message: Delivery) -> Hashable:
    """Keep one guild's messages in order."""
    return message.guild_id


class _Item(Struct, eq=False):
    """A message with where it is to be acknowledged."""

    message: Delivery
    tag: int
    channel: Channel
    acks: Acks


class Consumption:
    """A queue being consumed, over every reconnect, until it is drained."""

    def __init__(
        self,
        link: Link,
        retries: Retries,
        metrics: BusMetrics,
        spec: QueueSpec,
        handler: Handler,
        *,
        prefetch: int,
        concurrency: int,
        key: Key,
    ) -> None:
        self._link = link
        self._retries = retries
        self._metrics = metrics
        self.spec = spec
        self._handler = handler
        self._prefetch = prefetch
        self._key = key
        self._lanes: Lanes[_Item] = Lanes(self._work, concurrency)
        self._channel: Channel | None = None
        self._acks: Acks | None = None
        self._tag = ""
        self._ready = asyncio.Event()
        self._draining = asyncio.Event()
        self._runner: asyncio.Task[None] | None = None
        self._closing: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin, and return when messages can come.

        Raises what the broker says when the queue exists with other arguments.
        """
        self._runner = asyncio.create_task(
            self._link.keep(self._use, give_up=lambda: not self._ready.is_set())
        )
        ready = asyncio.create_task(self._ready.wait())
        await asyncio.wait((self._runner, ready), return_when=asyncio.FIRST_COMPLETED)
        if not self._ready.is_set():
            ready.cancel()
            await self._runner

    @property
    def oldest(self) -> datetime | None:
        """When the oldest message was sent that was taken here and is not handled yet."""
        lost = self._channel is None or self._channel.is_closed
        return None if lost or self._acks is None else self._acks.oldest

    async def drain(self, within: float = GRACE) -> None:
        """Take nothing new, finish what runs, acknowledge it, and give back the rest."""
        self._draining.set()
        channel, acks = self._channel, self._acks
        if channel is not None:
            with suppress(*CHANNEL_LOST):
                await channel.basic_cancel(self._tag, timeout=2)
        self._lanes.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                await self._lanes.idle()
        self._lanes.cancel()
        if acks is not None:
            await acks.flush()
        await self._stop_running()

    async def _stop_running(self) -> None:
        if self._runner is not None:
            self._runner.cancel()
            await asyncio.wait((self._runner,))
        if self._channel is not None:
            with suppress(*CHANNEL_LOST):
                await self._channel.close(timeout=2)

    async def _use(self, channel: Channel) -> None:
        """Consume on this channel until it is lost."""
        await channel.basic_qos(prefetch_count=self._prefetch)
        await declare_queue(channel, self.spec)
        acks = Acks(channel)
        flushing = asyncio.create_task(acks.run())

        async def on_message(message: DeliveredMessage) -> None:
            self._take(message, channel, acks)

        async def on_cancelled(_: object) -> None:
            log.warning("consumer_was_cancelled", queue=self.spec.name)
            self._closing = asyncio.create_task(channel.close())

        channel.on_consumer_cancel_callbacks.add(on_cancelled)
        try:
            self._channel, self._acks = channel, acks
            consuming = await channel.basic_consume(self.spec.name, on_message)
            self._tag = consuming.consumer_tag or ""
            self._ready.set()
            await closed(channel)
        finally:
            flushing.cancel()

    def _take(self, message: DeliveredMessage, channel: Channel, acks: Acks) -> None:
        tag = message.delivery_tag or 0
        arrived = delivery(message)
        acks.delivered(tag, arrived.timestamp)
        if not self._draining.is_set():
            item = _Item(arrived, tag, channel, acks)
            self._lanes.put(self._key(item.message), item)

    async def _work(self, item: _Item) -> None:
        """Handle one message; on a lost channel it is skipped, as it will be delivered again."""
        if item.channel.is_closed or self._draining.is_set():
            return
        with bound(event_id=item.message.message_id, guild_id=item.message.guild_id):
            outcome = await self._outcome(item)
        self._metrics.consumed.labels(self.spec.name, outcome).inc()
        if outcome != "given_back":
            item.acks.finished(item.tag)

    async def _outcome(self, item: _Item) -> str:
        """Run the handler, again while something that it needs is away, and say what came of it."""
        backoff = Backoff()
        while True:
            try:
                await self._handler(item.message)
            except Poison as error:
                log.warning("message_is_poison", queue=self.spec.name, error=str(error))
                return await self._move(item, self._retries.bury(item.message, f"poison: {error}"))
            except Retry as order:
                log.info("message_put_off", queue=self.spec.name, reason=order.reason)
                return await self._move(
                    item, self._retries.put_off(item.message, order.reason, order.after)
                )
            except Exception as error:
                if not is_unavailable(error):
                    log.exception("handler_failed", queue=self.spec.name)
                    return await self._move(
                        item, self._retries.put_off(item.message, repr(error), None)
                    )
                log.warning("handler_waits", queue=self.spec.name, error=repr(error))
            else:
                return "done"
            if not await self._may_go_on(item, backoff):
                return "given_back"

    async def _may_go_on(self, item: _Item, backoff: Backoff) -> bool:
        """Wait a little; say whether the message is still ours, and to be tried again."""
        pause = asyncio.create_task(backoff.wait())
        stop = asyncio.create_task(self._draining.wait())
        try:
            await asyncio.wait((pause, stop), return_when=asyncio.FIRST_COMPLETED)
        finally:
            pause.cancel()
            stop.cancel()
        return not (self._draining.is_set() or item.channel.is_closed)

    async def _move(self, item: _Item, moving: Awaitable[str]) -> str:
        """Move a message to another queue, unless its channel is lost and it will come again."""
        task = asyncio.ensure_future(moving)
        gone = closing(item.channel)
        try:
            await asyncio.wait((task, gone), return_when=asyncio.FIRST_COMPLETED)
            return task.result() if task.done() else "given_back"
        except CHANNEL_LOST:
            return "given_back"
        finally:
            task.cancel()
            gone.cancel()
