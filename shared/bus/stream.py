"""A stream of messages in order: frames packed by hand and written together, confirms pipelined."""

import asyncio
import time
from collections.abc import Callable
from typing import TypeAlias, cast

import structlog
from aiormq.abc import ChannelFrame
from aiormq.channel import Channel
from msgspec import Struct

from shared.bus.frames import packed_publish
from shared.bus.link import Link, closed
from shared.bus.metrics import BusMetrics

NACK_WAIT = 0.2
"""Seconds before what the broker would not take is published again."""
CROWDED_WAIT = 0.002
"""Seconds before another attempt while others' frames wait to be written."""

Confirmed: TypeAlias = Callable[[], None]

log = structlog.get_logger()


class Event(Struct, eq=False):
    """A message of the stream, until it is confirmed."""

    number: int
    routing_key: str
    body: bytes
    message_id: str
    guild_id: int
    type: str
    confirmed: Confirmed


class _Awaited:
    """Stands where aiormq keeps a future for each confirm: costs a call instead of a task."""

    __slots__ = ("_number", "_stream")

    def __init__(self, stream: "Stream", number: int) -> None:
        self._stream = stream
        self._number = number

    def done(self) -> bool:
        """Say that the broker's answer is still awaited."""
        return False

    def cancelled(self) -> bool:
        """Say that nobody gave up on it."""
        return False

    def set_result(self, _: object) -> None:
        """Take the broker's confirm."""
        self._stream.confirm(self._number)

    def set_exception(self, error: BaseException) -> None:
        """Take the broker's refusal, or the news that the channel is lost."""
        self._stream.refuse(error)

    def cancel(self) -> None:
        """Take no notice: a lost channel is noticed by itself."""


class Stream:
    """Publishes to one exchange on one channel of its own.

    What is unconfirmed when the channel is lost, or not taken by the broker, is published again in
    order with the same `message_id`. The caller bounds how much is under way.
    """

    def __init__(self, link: Link, metrics: BusMetrics, exchange: str) -> None:
        self._link = link
        self._metrics = metrics
        self._exchange = exchange.encode()
        self._events: dict[int, Event] = {}
        self._fresh: list[Event] = []
        self._last = 0
        self._channel: Channel | None = None
        self._flushing = False
        self._again: asyncio.TimerHandle | None = None

    @property
    def in_flight(self) -> int:
        """How many messages are not confirmed yet."""
        return len(self._events)

    def send(
        self,
        routing_key: str,
        body: bytes,
        *,
        message_id: str,
        guild_id: int,
        type: str,  # noqa: A002 - the name of the AMQP property
        confirmed: Confirmed,
    ) -> None:
        """Publish behind everything before; `confirmed` is called when the broker has it."""
        self._last += 1
        event = Event(self._last, routing_key, body, message_id, guild_id, type, confirmed)
        self._events[event.number] = event
        if self._channel is None:
            return
        self._fresh.append(event)
        if not self._flushing:
            self._flushing = True
            asyncio.get_running_loop().call_soon(self._flush)

    async def run(self) -> None:
        """Keep a channel to publish on until cancelled."""
        await self._link.keep(self._use, confirms=True)

    def confirm(self, number: int) -> None:
        """Note that the broker has a message."""
        event = self._events.pop(number, None)
        if event is not None:
            self._metrics.published.inc()
            event.confirmed()

    def refuse(self, error: BaseException) -> None:
        """Have everything unconfirmed published again, in order, after a short wait."""
        if self._channel is None or self._again is not None:
            return
        log.warning("events_refused", error=repr(error), in_flight=len(self._events))
        self._again = asyncio.get_running_loop().call_later(NACK_WAIT, self._send_all)

    async def _use(self, channel: Channel) -> None:
        """Publish on this channel until it is lost."""
        self._channel = channel
        try:
            self._send_all()
            await closed(channel)
        finally:
            self._channel = None
            self._fresh.clear()
            if self._again is not None:
                self._again.cancel()
                self._again = None

    def _send_all(self) -> None:
        """Send whatever is not confirmed, in order; new messages go behind it."""
        self._again = None
        self._metrics.republished.inc(len(self._events))
        self._fresh = list(self._events.values())
        self._flush()

    def _flush(self) -> None:
        """Write everything that came since the last time in one piece."""
        self._flushing = False
        channel, fresh = self._channel, self._fresh
        if channel is None or not fresh:
            return
        # aiormq leaves what its queue holds untyped
        frames = cast("asyncio.Queue[ChannelFrame]", vars(channel)["write_queue"])
        if frames.full():
            self._flushing = True
            asyncio.get_running_loop().call_later(CROWDED_WAIT, self._flush)
            return
        self._fresh = []
        packed = b"".join([self._pack(channel, event) for event in fresh])
        frames.put_nowait(ChannelFrame(payload=packed, should_close=False))

    def _pack(self, channel: Channel, event: Event) -> bytes:
        """Note which confirm is whose, and return the message's frames."""
        channel.delivery_tag += 1
        # aiormq's confirmations are futures; ours answer to the same calls
        confirmations = cast("dict[int, object]", vars(channel)["confirmations"])
        confirmations[channel.delivery_tag] = _Awaited(self, event.number)
        return packed_publish(
            channel.number,
            self._exchange,
            event.routing_key,
            event.body,
            message_id=event.message_id,
            correlation_id=str(event.guild_id),
            type_=event.type,
            timestamp=int(time.time()),
            largest=channel.max_content_size,
        )
