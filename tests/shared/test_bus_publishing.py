"""Publishing: confirmed, in order, and nothing lost while the broker comes and goes."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest
from prometheus_client import CollectorRegistry

from shared.bus import Bus, Delivery, PublishRefused, QueueSpec, Returned, connect
from shared.contracts.topology import DISCORD_EVENTS
from shared.errors import UnavailableError
from tests.support.proxy import Proxy
from tests.support.waiting import eventually

EVENTS = QueueSpec("tests.events", ((DISCORD_EVENTS, "THING.*"),))


async def publish(bus: Bus, number: int, *, exchange: str = DISCORD_EVENTS) -> None:
    await bus.publish(
        exchange,
        "THING.7",
        b"%d" % number,
        message_id=f"m{number}",
        guild_id=7,
        type="THING",
        mandatory=True,
    )


class Collected:
    """A consumer that keeps what came."""

    def __init__(self) -> None:
        self.deliveries: list[Delivery] = []

    async def __call__(self, delivery: Delivery) -> None:
        self.deliveries.append(delivery)

    @property
    def numbers(self) -> list[int]:
        return [int(delivery.body) for delivery in self.deliveries]

    @property
    def first_seen(self) -> list[int]:
        return list(dict.fromkeys(self.numbers))


async def queue_up(bus: Bus) -> None:
    """Declare the queue, and leave it without a consumer."""
    await (await bus.consume(EVENTS, Collected())).drain()


async def holds(bus: Bus, count: int) -> bool:
    """Whether so many messages wait in the queue; the broker tells with a moment's delay."""
    return (await bus.queue_stats(EVENTS.name))[0] == count


async def test_a_published_message_carries_its_properties(bus: Bus) -> None:
    got = Collected()
    await bus.consume(EVENTS, got)

    await publish(bus, 1)

    await eventually(lambda: got.deliveries)
    delivery = got.deliveries[0]
    assert (delivery.body, delivery.type, delivery.message_id) == (b"1", "THING", "m1")
    assert (delivery.guild_id, delivery.routing_key, delivery.attempt) == (7, "THING.7", 0)
    assert delivery.timestamp is not None
    assert not delivery.redelivered


async def test_publishing_returns_when_the_broker_has_the_message(bus: Bus) -> None:
    await queue_up(bus)

    await publish(bus, 1)

    await eventually(lambda: holds(bus, 1))


async def test_a_mandatory_message_that_no_queue_takes_is_returned(bus: Bus) -> None:
    with pytest.raises(Returned, match="Nobody listens to"):
        await publish(bus, 1)


async def test_nobody_listening_counts_as_something_that_is_away() -> None:
    assert issubclass(Returned, UnavailableError)


async def test_a_message_without_listeners_is_no_error_unless_mandatory(bus: Bus) -> None:
    await bus.publish(DISCORD_EVENTS, "OTHER.1", b"", message_id="x", type="OTHER")


async def test_publishing_waits_while_the_broker_is_away(broker: Proxy, shaky_bus: Bus) -> None:
    await queue_up(shaky_bus)
    await broker.shut()
    await eventually(lambda: not shaky_bus.connected)

    publishing = asyncio.create_task(publish(shaky_bus, 1))
    await eventually(lambda: shaky_bus.in_flight == 1)
    assert not publishing.done()

    await broker.open()
    await publishing
    await eventually(lambda: holds(shaky_bus, 1))


async def test_messages_arrive_in_order_over_cut_connections(
    broker: Proxy, shaky_bus: Bus, bus: Bus
) -> None:
    await queue_up(bus)
    wave, waves = 150, 4
    many = wave * waves
    done = 0

    async def one(number: int) -> None:
        nonlocal done
        await publish(shaky_bus, number)
        done += 1

    for first in range(0, many, wave):
        async with asyncio.TaskGroup() as group:
            for number in range(first, first + wave):
                group.create_task(one(number))
                await asyncio.sleep(0)
            await eventually(lambda least=first + wave // 3: done >= least)
            broker.cut()
    # Each wave but the first is published over a connection that was made after a cut.
    assert broker.accepted >= 2 + waves - 1

    got = Collected()
    await bus.consume(EVENTS, got)
    await eventually(lambda: len(set(got.numbers)) == many)
    assert all(a < b for a, b in pairwise(got.first_seen))
    again = [delivery.message_id for delivery in got.deliveries]
    assert {f"m{number}" for number in range(many)} == set(again)


async def test_a_message_whose_confirm_was_lost_is_published_again_under_its_id(
    broker: Proxy, shaky_bus: Bus, bus: Bus
) -> None:
    await queue_up(bus)
    broker.stall()
    publishing = asyncio.create_task(publish(shaky_bus, 5))
    await eventually(lambda: shaky_bus.in_flight == 1)

    broker.cut()
    broker.flow()

    await publishing
    got = Collected()
    await bus.consume(EVENTS, got)
    await eventually(lambda: got.deliveries)
    assert {delivery.message_id for delivery in got.deliveries} == {"m5"}


async def test_a_stalled_broker_is_waited_for(broker: Proxy, shaky_bus: Bus) -> None:
    await queue_up(shaky_bus)
    broker.stall()
    publishing = [asyncio.create_task(publish(shaky_bus, number)) for number in range(50)]
    await eventually(lambda: shaky_bus.in_flight == 50)

    broker.flow()

    await asyncio.gather(*publishing)
    await eventually(lambda: holds(shaky_bus, 50))


async def test_no_more_messages_are_on_their_way_than_the_window_allows(broker: Proxy) -> None:
    async with connect(broker.url, name="narrow", window=3) as bus:
        await queue_up(bus)
        broker.stall()
        publishing = [asyncio.create_task(publish(bus, number)) for number in range(10)]
        await eventually(lambda: bus.in_flight == 3)
        await asyncio.sleep(0.05)
        assert bus.in_flight == 3
        broker.flow()
        await asyncio.gather(*publishing)


async def test_a_message_that_the_broker_refuses_does_not_take_others_with_it(bus: Bus) -> None:
    await queue_up(bus)

    outcomes = await asyncio.gather(
        publish(bus, 1),
        publish(bus, 2, exchange="no.such.exchange"),
        publish(bus, 3),
        return_exceptions=True,
    )

    assert outcomes[0] is None
    assert isinstance(outcomes[1], PublishRefused)
    assert outcomes[2] is None
    await publish(bus, 4)
    got = Collected()
    await bus.consume(EVENTS, got)
    await eventually(lambda: got.first_seen == [1, 3, 4])


async def test_a_publish_that_is_given_up_is_not_sent_later(broker: Proxy, shaky_bus: Bus) -> None:
    await queue_up(shaky_bus)
    await broker.shut()
    await eventually(lambda: not shaky_bus.connected)

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await publish(shaky_bus, 1)
    await broker.open()

    await publish(shaky_bus, 2)
    await eventually(lambda: holds(shaky_bus, 1))


async def test_hooks_are_called_when_the_broker_is_back(broker: Proxy, shaky_bus: Bus) -> None:
    back = asyncio.Event()

    async def hook() -> None:
        back.set()

    shaky_bus.on_reconnect(hook)
    assert not back.is_set()
    broker.cut()

    async with asyncio.timeout(30):
        await back.wait()


async def test_connecting_waits_for_a_broker_that_is_not_there_yet(broker: Proxy) -> None:
    await broker.shut()

    async def use() -> None:
        async with connect(broker.url, name="early") as bus:
            await queue_up(bus)

    using = asyncio.create_task(use())
    await asyncio.sleep(0.1)
    assert not using.done()
    await broker.open()
    await using


async def test_what_was_published_is_counted(amqp_url: str) -> None:
    registry = CollectorRegistry()
    async with connect(amqp_url, name="counted", registry=registry) as bus:
        await queue_up(bus)
        await publish(bus, 1)
        await publish(bus, 2)

    assert registry.get_sample_value("bus_published_total") == 2
