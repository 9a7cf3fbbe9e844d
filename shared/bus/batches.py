"""Consuming in batches: acknowledged as a whole, and tried again until it works."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import timedelta

import structlog
from aiormq.abc import DeliveredMessage
from aiormq.channel import Channel

from shared.bus.link import CHANNEL_LOST, GRACE, Backoff, Link, closed, closing
from shared.bus.messages import Delivery, QueueSpec, delivery
from shared.bus.metrics import BusMetrics
from shared.bus.topology import declare_queue

BatchHandler = Callable[[Sequence[Delivery]], Awaitable[None]]
LONGEST_WAIT = 5.0

log = structlog.get_logger()


class BatchConsumption:
    """A queue being consumed in batches, over every reconnect, until it is drained."""

    def __init__(
        self,
        link: Link,
        metrics: BusMetrics,
        spec: QueueSpec,
        handler: BatchHandler,
        *,
        size: int,
        wait: timedelta,
        prefetch: int,
    ) -> None:
        self._link = link
        self._metrics = metrics
        self.spec = spec
        self._handler = handler
        self._size = size
        self._wait = wait.total_seconds()
        self._prefetch = max(prefetch, size)
        self._ready = asyncio.Event()
        self._draining = asyncio.Event()
        self._runner: asyncio.Task[None] | None = None
        self._closing: asyncio.Task[None] | None = None
        self._working: asyncio.Task[None] | None = None
        self._channel: Channel | None = None

    async def start(self) -> None:
        """Begin, and return when messages can come."""
        self._runner = asyncio.create_task(
            self._link.keep(self._use, give_up=lambda: not self._ready.is_set())
        )
        ready = asyncio.create_task(self._ready.wait())
        await asyncio.wait((self._runner, ready), return_when=asyncio.FIRST_COMPLETED)
        if not self._ready.is_set():
            ready.cancel()
            await self._runner

    async def drain(self, within: float = GRACE) -> None:
        """Take nothing new, handle what was taken, acknowledge it."""
        self._draining.set()
        if self._working is not None:
            await asyncio.wait((self._working,), timeout=within)
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
        arrived: asyncio.Queue[tuple[int, Delivery]] = asyncio.Queue()

        async def on_message(message: DeliveredMessage) -> None:
            arrived.put_nowait((message.delivery_tag or 0, delivery(message)))

        async def on_cancelled(_: object) -> None:
            self._closing = asyncio.create_task(channel.close())

        channel.on_consumer_cancel_callbacks.add(on_cancelled)
        self._channel = channel
        self._working = asyncio.create_task(self._work(channel, arrived))
        try:
            await channel.basic_consume(self.spec.name, on_message)
            self._ready.set()
            await closed(channel)
        finally:
            # what is being handled comes again: better to let it finish than to cut it
            if not self._working.done() and self._draining.is_set():
                self._working.cancel()

    async def _work(self, channel: Channel, arrived: "asyncio.Queue[tuple[int, Delivery]]") -> None:
        while not (channel.is_closed or self._draining.is_set()):
            batch = await self._gather(channel, arrived)
            if not batch or not await self._handle(channel, [item for _, item in batch]):
                continue
            self._metrics.consumed.labels(self.spec.name, "done").inc(len(batch))
            with suppress(*CHANNEL_LOST):
                await channel.basic_ack(batch[-1][0], multiple=True, wait=False)

    async def _gather(
        self, channel: Channel, arrived: "asyncio.Queue[tuple[int, Delivery]]"
    ) -> list[tuple[int, Delivery]]:
        """Collect up to `size` messages, for at most `wait` after the first."""
        first = asyncio.create_task(arrived.get())
        stop = asyncio.create_task(self._draining.wait())
        gone = closing(channel)
        await asyncio.wait((first, stop, gone), return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        gone.cancel()
        if not first.done():
            first.cancel()
            return []
        batch = [first.result()]
        with suppress(TimeoutError):
            async with asyncio.timeout(self._wait):
                while len(batch) < self._size and not self._draining.is_set():
                    batch.append(await arrived.get())
        return batch

    async def _handle(self, channel: Channel, batch: list[Delivery]) -> bool:
        """Handle a batch until it works; on a lost channel its messages come again instead."""
        backoff = Backoff(longest=LONGEST_WAIT)
        while True:
            try:
                await self._handler(batch)
            except Exception as error:  # noqa: BLE001 - this loop runs handlers
                self._metrics.consumed.labels(self.spec.name, "retry").inc(len(batch))
                log.warning(
                    "batch_failed", queue=self.spec.name, size=len(batch), error=repr(error)
                )
            else:
                return True
            await backoff.wait()
            if channel.is_closed or self._draining.is_set():
                return False
