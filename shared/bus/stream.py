"""A stream of messages in order: frames packed by hand and written together, confirms pipelined."""

import asyncio
import time
from collections.abc import Callable
from typing import TypeAlias, cast

import structlog
from aiormq.abc import ChannelFrame
from aiormq.channel import Channel, ConfirmationType
from msgspec import Struct
from pamqp.commands import Basic

from shared.bus.frames import Packer, packed_timestamp
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

    routing_key: str
    body: bytes
    message_id: str
    guild_id: int
    type: str
    confirmed: Confirmed


class _Answers:
    """Stands where aiormq keeps a future for each message, and takes the broker's answers whole.

    For an answer to many messages aiormq asks for the keys of all, and settles each in a call of
    its own. This one names only the message that the answer itself names.
    """

    def __init__(self, stream: "Stream") -> None:
        self._stream: Stream | None = stream
        self._named = 0

    def end(self) -> None:
        """Take no more answers, as the channel is lost and its numbers mean nothing now."""
        self._stream = None

    def __contains__(self, tag: int) -> bool:
        self._named = tag
        return True

    def keys(self) -> tuple[int]:
        """Return the message that was asked for last, which is that of the answer."""
        return (self._named,)

    def pop(self, _tag: int, _default: object = None) -> "_Answers":
        """Return what takes the answer."""
        return self

    def done(self) -> bool:
        """Say that the broker's answer is still awaited."""
        return False

    def set_result(self, frame: Basic.Ack) -> None:
        """Take the broker's confirm."""
        if self._stream is not None:
            self._stream.confirm(frame.delivery_tag or 0, frame.multiple)

    def set_exception(self, error: BaseException) -> None:
        """Take the broker's refusal."""
        if self._stream is not None:
            self._stream.refuse(error)


class Stream:
    """Publishes to one exchange on one channel of its own.

    What is unconfirmed when the channel is lost, or not taken by the broker, is published again in
    order with the same `message_id`. The caller bounds how much is under way.
    """

    def __init__(self, link: Link, metrics: BusMetrics, exchange: str) -> None:
        self._link = link
        self._metrics = metrics
        self._exchange = exchange
        self._events: dict[int, Event] = {}
        """Unconfirmed, by their number on the channel, in order."""
        self._fresh: list[Event] = []
        self._oldest = 1
        self._last = 0
        self._channel: Channel | None = None
        self._packer: Packer | None = None
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
        event = Event(routing_key, body, message_id, guild_id, type, confirmed)
        self._events[self._last] = event
        if self._channel is None:
            return
        self._fresh.append(event)
        if not self._flushing:
            self._flushing = True
            asyncio.get_running_loop().call_soon(self._flush)

    async def run(self) -> None:
        """Keep a channel to publish on until cancelled."""
        await self._link.keep(self._use, confirms=True)

    def confirm(self, tag: int, multiple: bool) -> None:
        """Note that the broker has a message, or all up to it; former numbers mean nothing."""
        tags = range(self._oldest, tag + 1) if multiple else (tag,)
        events = [event for one in tags if (event := self._events.pop(one, None)) is not None]
        if multiple and tag >= self._oldest:
            self._oldest = tag + 1
        self._metrics.published.inc(len(events))
        for event in events:
            event.confirmed()

    def refuse(self, error: BaseException) -> None:
        """Have everything unconfirmed published again, in order, after a short wait."""
        if self._channel is None or self._again is not None:
            return
        log.warning("events_refused", error=repr(error), in_flight=len(self._events))
        self._again = asyncio.get_running_loop().call_later(NACK_WAIT, self._send_all)

    async def _use(self, channel: Channel) -> None:
        """Publish on this channel until it is lost."""
        answers = _Answers(self)
        channel.confirmations = cast("dict[int, ConfirmationType]", answers)
        self._channel = channel
        self._packer = Packer(channel.number, self._exchange, channel.max_content_size)
        try:
            self._send_all()
            await closed(channel)
        finally:
            answers.end()
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
        self._number_anew()
        self._flush()

    def _number_anew(self) -> None:
        """Give the unconfirmed the numbers that the broker counts for them on this channel."""
        assert self._channel is not None
        self._oldest = self._channel.delivery_tag + 1
        self._last = self._channel.delivery_tag + len(self._fresh)
        self._events = dict(enumerate(self._fresh, self._oldest))

    def _flush(self) -> None:
        """Write everything that came since the last time in one piece."""
        self._flushing = False
        channel, packer, fresh = self._channel, self._packer, self._fresh
        if channel is None or packer is None or not fresh:
            return
        # aiormq leaves what its queue holds untyped
        frames = cast("asyncio.Queue[ChannelFrame]", vars(channel)["write_queue"])
        if frames.full():
            self._flushing = True
            asyncio.get_running_loop().call_later(CROWDED_WAIT, self._flush)
            return
        self._fresh = []
        frames.put_nowait(ChannelFrame(payload=_packed(packer, fresh), should_close=False))
        channel.delivery_tag += len(fresh)


def _packed(packer: Packer, events: list[Event]) -> bytes:
    now = packed_timestamp(int(time.time()))
    return b"".join(
        [
            packer.pack(
                event.routing_key, event.body, event.message_id, event.guild_id, event.type, now
            )
            for event in events
        ]
    )
