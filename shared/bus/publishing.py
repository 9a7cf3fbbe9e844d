"""Publishing with pipelined confirms: in order, and again whatever was not confirmed."""

import asyncio
from contextlib import suppress
from functools import partial

import structlog
from aiormq.channel import Channel
from aiormq.exceptions import AMQPChannelError, DeliveryError, PublishError
from msgspec import Struct

from shared.bus.link import CHANNEL_LOST, Link, closed, closing
from shared.bus.messages import Outgoing
from shared.bus.metrics import BusMetrics
from shared.bus.topology import declare_exchanges
from shared.errors import UnavailableError

WINDOW = 500
"""Messages that may be on their way at once; more wait for their turn."""
NACK_WAIT = 0.2
"""Seconds before a message is published again that the broker would not take."""

log = structlog.get_logger()


class Returned(UnavailableError):  # noqa: N818 - what the protocol calls it
    """Nobody listens: no queue takes messages with this routing key."""

    code = "nobody_listens"


class PublishRefused(Exception):  # noqa: N818 - says what happened
    """The broker closed the channel over this message: too large, or nothing it may be sent to."""


class _Pending(Struct, eq=False):
    """A message that is not confirmed yet."""

    message: Outgoing
    done: asyncio.Future[None]


class Publisher:
    """Publishes on one channel; what is unconfirmed when it is lost is published again in order."""

    def __init__(self, link: Link, metrics: BusMetrics, window: int = WINDOW) -> None:
        self._link = link
        self._metrics = metrics
        self._slots = asyncio.Semaphore(window)
        self._pending: dict[int, _Pending] = {}
        self._last = 0
        self._channel: Channel | None = None
        self._suspect = False
        self._sending: set[asyncio.Task[object]] = set()

    @property
    def in_flight(self) -> int:
        """How many messages are not confirmed yet."""
        return len(self._pending)

    async def publish(self, message: Outgoing) -> None:
        """Publish, and return when the broker has confirmed it, however long it is away.

        Raises Returned when the message is mandatory and no queue takes it, PublishRefused when the
        broker never will.
        """
        async with self._slots:
            self._last += 1
            number = self._last
            done = asyncio.get_running_loop().create_future()
            pending = self._pending[number] = _Pending(message, done)
            if self._channel is not None:
                self._send(self._channel, pending)
            try:
                await done
            finally:
                del self._pending[number]
        self._metrics.published.inc()

    async def run(self) -> None:
        """Keep a channel to publish on until cancelled."""
        await self._link.keep(self._use, confirms=True)

    async def _use(self, channel: Channel) -> None:
        """Publish on this channel until it is lost."""
        try:
            if self._suspect:
                await self._send_one_by_one(channel)
            self._send_all(channel)
            self._channel = channel
            why = await closed(channel)
            self._suspect = isinstance(why, AMQPChannelError)
        finally:
            self._channel = None

    def _send_all(self, channel: Channel) -> None:
        """Send whatever waits, in order; new messages go behind it."""
        waiting = [pending for pending in self._pending.values() if not pending.done.done()]
        self._metrics.republished.inc(len(waiting))
        for pending in waiting:
            self._send(channel, pending)

    async def _send_one_by_one(self, channel: Channel) -> None:
        """Find the message over which the broker closes the channel, and give up on that one."""
        with suppress(AMQPChannelError):
            helper = await self._link.channel(confirms=False)
            await declare_exchanges(helper)
            await helper.close()
        gone = closing(channel)
        for pending in tuple(self._pending.values()):
            if pending.done.done():
                continue
            self._send(channel, pending)
            await asyncio.wait((pending.done, gone), return_when=asyncio.FIRST_COMPLETED)
            if gone.done():
                self._give_up(pending, None if gone.cancelled() else gone.exception())
                raise ConnectionError("the channel was closed over a message")
        self._suspect = False

    @staticmethod
    def _give_up(pending: _Pending, why: BaseException | None) -> None:
        if isinstance(why, AMQPChannelError) and not pending.done.done():
            log.error("publish_refused", to=pending.message.exchange, error=str(why))
            pending.done.set_exception(PublishRefused(str(why)))

    def _send(self, channel: Channel, pending: _Pending) -> None:
        message = pending.message
        task = asyncio.ensure_future(
            channel.basic_publish(
                message.body,
                exchange=message.exchange,
                routing_key=message.routing_key,
                properties=message.properties,
                mandatory=message.mandatory,
                wait=False,
            )
        )
        self._sending.add(task)
        task.add_done_callback(partial(self._settle, pending))

    def _settle(self, pending: _Pending, task: "asyncio.Task[object]") -> None:
        """Take note of what the broker said about a message."""
        self._sending.discard(task)
        error = asyncio.CancelledError() if task.cancelled() else task.exception()
        if pending.done.done():
            return
        if error is None:
            pending.done.set_result(None)
        elif isinstance(error, PublishError):
            pending.done.set_exception(_returned(pending.message))
        elif isinstance(error, DeliveryError):
            asyncio.get_running_loop().call_later(NACK_WAIT, self._send_again, pending)
        elif not isinstance(error, (*CHANNEL_LOST, asyncio.CancelledError)):
            pending.done.set_exception(error)

    def _send_again(self, pending: _Pending) -> None:
        """Publish what the broker would not take; a new channel does it by itself."""
        if self._channel is not None and not pending.done.done():
            self._metrics.republished.inc()
            self._send(self._channel, pending)


def _returned(message: Outgoing) -> Returned:
    where = f"{message.exchange} {message.routing_key}".strip()
    return Returned(f"Nobody listens to {where} at the moment.")
