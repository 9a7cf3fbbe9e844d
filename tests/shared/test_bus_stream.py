"""The stream of events: packed as the protocol wants it, in order, nothing lost over a cut."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pamqp.frame
from aiormq.channel import Channel
from hypothesis import given
from hypothesis import strategies as st
from pamqp.body import ContentBody
from pamqp.commands import Basic
from pamqp.header import ContentHeader
from typing_extensions import override

from shared.bus import Bus, Delivery, QueueSpec
from shared.bus.frames import Packer, packed_timestamp
from shared.bus.link import Link
from shared.bus.messages import Headers
from shared.bus.metrics import BusMetrics
from shared.bus.stream import Stream
from shared.contracts.topology import DISCORD_EVENTS
from tests.support.proxy import Proxy
from tests.support.waiting import eventually

EVENTS = QueueSpec("tests.events", ((DISCORD_EVENTS, "THING.*"),))
names = st.text(max_size=60).filter(lambda text: len(text.encode()) < 256)


@given(
    key=names,
    message_id=names,
    type_=names,
    body=st.binary(max_size=300),
    guild=st.integers(0, 1 << 64),
)
def test_packed_frames_are_what_the_protocol_library_reads(
    key: str, message_id: str, type_: str, body: bytes, guild: int
) -> None:
    packer = Packer(5, "discord.events", largest=100)
    packed = packer.pack(key, body, message_id, guild, type_, packed_timestamp(1_700_000_000))

    method, header, *contents = unpack(packed)

    assert isinstance(method, Basic.Publish)
    assert (method.exchange, method.routing_key, method.mandatory) == (
        "discord.events",
        key,
        False,
    )
    assert isinstance(header, ContentHeader)
    properties = header.properties
    assert (properties.message_id, properties.message_type) == (message_id, type_)
    assert properties.correlation_id == str(guild)
    assert (properties.delivery_mode, properties.content_type) == (2, "application/json")
    assert properties.timestamp is not None
    assert properties.timestamp.timestamp() == 1_700_000_000
    assert header.body_size == len(body)
    parts = [content.value for content in contents if isinstance(content, ContentBody)]
    assert b"".join(parts) == body
    assert all(len(part) <= 100 for part in parts)


def unpack(packed: bytes) -> list[object]:
    frames: list[object] = []
    while packed:
        size, channel, frame = pamqp.frame.unmarshal(packed)
        assert channel == 5
        frames.append(frame)
        packed = packed[size:]
    return frames


class Collected:
    """A consumer that keeps what came."""

    def __init__(self) -> None:
        self.deliveries: list[Delivery] = []

    async def __call__(self, delivery: Delivery) -> None:
        self.deliveries.append(delivery)

    @property
    def first_seen(self) -> list[int]:
        return list(dict.fromkeys(int(delivery.body) for delivery in self.deliveries))


class Sent:
    """Numbered events, and which of them were confirmed, in that order."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self.confirmed: list[int] = []

    def send(self, numbers: range) -> None:
        for number in numbers:
            self._stream.send(
                "THING.7",
                b"%d" % number,
                message_id=f"m{number}",
                guild_id=7,
                type="THING",
                confirmed=lambda number=number: self.confirmed.append(number),
            )


@asynccontextmanager
async def streaming(url: str, link: Link | None = None) -> AsyncGenerator[Stream]:
    metrics = BusMetrics(None)
    link = link or Link(url, "stream", metrics)
    stream = Stream(link, metrics, DISCORD_EVENTS)
    tasks = [asyncio.create_task(link.run()), asyncio.create_task(stream.run())]
    try:
        yield stream
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def test_events_arrive_in_order_with_their_properties(bus: Bus, amqp_url: str) -> None:
    got = Collected()
    await bus.consume(EVENTS, got)
    async with streaming(amqp_url) as stream:
        sent = Sent(stream)
        sent.send(range(1000))

        await eventually(lambda: len(got.deliveries) == 1000)

    assert got.first_seen == list(range(1000))
    first = got.deliveries[0]
    assert (first.routing_key, first.type, first.message_id) == ("THING.7", "THING", "m0")
    assert first.guild_id == 7
    assert first.timestamp is not None
    assert sorted(sent.confirmed) == list(range(1000))
    assert stream.in_flight == 0


async def test_a_large_event_arrives_whole(bus: Bus) -> None:
    got = Collected()
    await bus.consume(EVENTS, got)
    body = b'"%s"' % (b"0123456789" * 60_000)
    async with bus.stream(DISCORD_EVENTS) as stream:
        stream.send(
            "THING.1", body, message_id="m", guild_id=1, type="THING", confirmed=lambda: None
        )

        await eventually(lambda: got.deliveries)

    assert got.deliveries[0].body == body


async def test_nothing_is_lost_or_out_of_order_over_cuts(bus: Bus, amqp_url: str) -> None:
    got = Collected()
    await bus.consume(EVENTS, got)
    proxy = Proxy(amqp_url)
    await proxy.open()
    async with streaming(proxy.url) as stream:
        sent = Sent(stream)
        for cut in range(4):
            sent.send(range(cut * 300, cut * 300 + 300))
            confirmed = len(sent.confirmed)
            await eventually(lambda confirmed=confirmed: len(sent.confirmed) > confirmed)
            proxy.cut()
        sent.send(range(1200, 1300))

        await eventually(lambda: len(set(sent.confirmed)) == 1300)

    await eventually(lambda: len(got.first_seen) == 1300)
    assert got.first_seen == list(range(1300))
    assert len(sent.confirmed) == 1300
    await proxy.shut()


class Recorded(Link):
    """A connection that keeps the channels it gave."""

    def __init__(self, url: str, metrics: BusMetrics) -> None:
        super().__init__(url, "recorded", metrics)
        self.channels: list[Channel] = []

    @override
    async def channel(self, *, confirms: bool) -> Channel:
        channel = await super().channel(confirms=confirms)
        self.channels.append(channel)
        return channel


async def test_a_late_answer_on_a_lost_channel_confirms_nothing_on_the_next(
    bus: Bus, amqp_url: str
) -> None:
    await bus.consume(EVENTS, Collected())
    proxy = Proxy(amqp_url)
    await proxy.open()
    link = Recorded(proxy.url, BusMetrics(None))
    async with streaming(proxy.url, link) as stream:
        sent = Sent(stream)
        sent.send(range(3))
        await eventually(lambda: len(sent.confirmed) == 3)
        proxy.cut()
        await eventually(lambda: len(link.channels) == 2, 20)
        sent.send(range(3, 6))
        await eventually(lambda: len(sent.confirmed) == 6, 20)

        sent.send(range(6, 9))
        former = vars(link.channels[0])["confirmations"].pop(9)
        former.set_result(Basic.Ack(9, multiple=True))

        assert len(sent.confirmed) == 6
        await eventually(lambda: len(sent.confirmed) == 9, 20)
    await proxy.shut()


async def test_what_is_sent_while_the_broker_is_away_arrives_when_it_is_back(
    bus: Bus, amqp_url: str
) -> None:
    got = Collected()
    await bus.consume(EVENTS, got)
    proxy = Proxy(amqp_url)
    await proxy.open()
    async with streaming(proxy.url) as stream:
        sent = Sent(stream)
        sent.send(range(10))
        await eventually(lambda: len(sent.confirmed) == 10)
        await proxy.shut()

        sent.send(range(10, 30))
        assert stream.in_flight == 20
        await proxy.open()

        await eventually(lambda: len(sent.confirmed) == 30)
    await eventually(lambda: got.first_seen == list(range(30)))
    await proxy.shut()


async def test_what_the_broker_would_not_take_is_published_again(bus: Bus, amqp_url: str) -> None:
    link = Link(amqp_url, "limited", BusMetrics(None))
    running = asyncio.create_task(link.run())
    channel = await link.channel(confirms=False)
    limits: Headers = {"x-queue-type": "quorum", "x-max-length": 2, "x-overflow": "reject-publish"}
    await channel.queue_declare("tests.limited", durable=True, arguments=limits)
    await channel.queue_bind("tests.limited", DISCORD_EVENTS, "THING.*")
    async with streaming(amqp_url) as stream:
        sent = Sent(stream)
        # a quorum queue notices that it is full a little late: send until it refuses
        refused = False
        while not refused:
            sent.send(range(len(sent.confirmed), len(sent.confirmed) + 20))
            refused = await settles_without_all(stream)
        left = stream.in_flight
        assert left > 0
        await channel.queue_purge("tests.limited")

        async def emptied() -> None:
            await channel.queue_purge("tests.limited")
            assert stream.in_flight == 0

        await eventually(emptied)

    running.cancel()
    await asyncio.wait((running,))


async def settles_without_all(stream: Stream) -> bool:
    """Wait until everything is confirmed or some of it was refused; say whether it was."""
    try:
        await eventually(lambda: stream.in_flight == 0, within=1)
    except AssertionError:
        return True
    return False
