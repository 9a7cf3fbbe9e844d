"""Consuming: in order for each guild, acknowledged when handled, and again after every loss."""

from __future__ import annotations

import asyncio
from collections import defaultdict

import pytest
from aiormq.exceptions import ChannelPreconditionFailed
from prometheus_client import CollectorRegistry

from shared.bus import Bus, Delivery, QueueSpec, connect
from shared.contracts.topology import DISCORD_EVENTS
from tests.support.proxy import Proxy
from tests.support.waiting import eventually

EVENTS = QueueSpec("tests.events", ((DISCORD_EVENTS, "THING.*"),), retry_steps=(0.05, 0.1))


async def publish(bus: Bus, number: int, guild_id: int = 7) -> None:
    await bus.publish(
        DISCORD_EVENTS,
        f"THING.{guild_id}",
        b"%d" % number,
        message_id=f"{guild_id}:{number}",
        guild_id=guild_id,
        type="THING",
    )


async def cut(broker: Proxy, bus: Bus) -> None:
    """Cut both connections of a bus, and wait until they are back."""
    before = broker.accepted
    broker.cut()
    await eventually(lambda: broker.accepted >= before + 2 and bus.connected)


async def test_a_guilds_messages_are_handled_in_order_and_guilds_side_by_side(bus: Bus) -> None:
    seen: dict[int, list[int]] = defaultdict(list)
    running: set[int] = set()
    most_at_once = 0
    twins = 0
    go_on = asyncio.Event()

    async def handle(delivery: Delivery) -> None:
        nonlocal most_at_once, twins
        twins += delivery.guild_id in running
        running.add(delivery.guild_id)
        most_at_once = max(most_at_once, len(running))
        await go_on.wait()
        await asyncio.sleep(0.002)
        seen[delivery.guild_id].append(int(delivery.body))
        running.discard(delivery.guild_id)

    await bus.consume(EVENTS, handle, concurrency=3)
    await asyncio.gather(*(publish(bus, n, guild) for guild in range(6) for n in range(20)))
    await eventually(lambda: len(running) == 3)
    go_on.set()

    await eventually(lambda: sum(map(len, seen.values())) == 120)
    assert all(numbers == list(range(20)) for numbers in seen.values())
    assert (most_at_once, twins) == (3, 0)


async def test_a_guild_whose_handler_hangs_does_not_hold_up_others(bus: Bus) -> None:
    go_on = asyncio.Event()
    done: list[int] = []

    async def handle(delivery: Delivery) -> None:
        if delivery.guild_id == 1:
            await go_on.wait()
        done.append(delivery.guild_id)

    await bus.consume(EVENTS, handle)
    await publish(bus, 1, guild_id=1)
    await publish(bus, 1, guild_id=2)

    await eventually(lambda: done == [2])
    go_on.set()
    await eventually(lambda: done == [2, 1])


async def test_a_message_is_acknowledged_only_when_it_was_handled(
    broker: Proxy, shaky_bus: Bus
) -> None:
    began: list[Delivery] = []
    go_on = asyncio.Event()

    async def handle(delivery: Delivery) -> None:
        began.append(delivery)
        await go_on.wait()

    await shaky_bus.consume(EVENTS, handle)
    await publish(shaky_bus, 1)
    await eventually(lambda: began)
    await cut(broker, shaky_bus)
    go_on.set()

    await eventually(lambda: len(began) == 2)
    assert [delivery.redelivered for delivery in began] == [False, True]


async def test_consumers_come_back_after_every_cut(broker: Proxy, shaky_bus: Bus) -> None:
    done: set[int] = set()

    async def handle(delivery: Delivery) -> None:
        done.add(int(delivery.body))

    await shaky_bus.consume(EVENTS, handle)
    for number in range(4):
        await publish(shaky_bus, number)
        await eventually(lambda n=number: n in done)
        broker.cut()

    await publish(shaky_bus, 99)
    await eventually(lambda: 99 in done)


async def test_order_holds_for_what_is_delivered_again(broker: Proxy, shaky_bus: Bus) -> None:
    done: list[int] = []
    go_on = asyncio.Event()

    async def handle(delivery: Delivery) -> None:
        await go_on.wait()
        done.append(int(delivery.body))

    await shaky_bus.consume(EVENTS, handle)
    for number in range(10):
        await publish(shaky_bus, number)
    await cut(broker, shaky_bus)
    go_on.set()

    await eventually(lambda: set(done) == set(range(10)))
    assert list(dict.fromkeys(done)) == list(range(10))


async def test_a_queue_that_was_deleted_is_declared_again(bus: Bus, amqp_url: str) -> None:
    done: list[bytes] = []

    async def handle(delivery: Delivery) -> None:
        done.append(delivery.body)

    await bus.consume(EVENTS, handle)
    await delete_queue(amqp_url, EVENTS.name)

    async def arrives() -> bool:
        await publish(bus, 1)
        return bool(done)

    await eventually(arrives)


async def delete_queue(url: str, name: str) -> None:
    import aiormq  # noqa: PLC0415 - only to do by hand what the bus never does

    async with aiormq.connect(url) as connection:
        channel = await connection.channel()
        await channel.queue_delete(name)


async def test_a_failed_message_comes_back_after_each_step_and_is_parked_in_the_end(
    amqp_url: str,
) -> None:
    registry = CollectorRegistry()
    attempts: list[tuple[int, str, str]] = []

    async def handle(delivery: Delivery) -> None:
        attempts.append((delivery.attempt, delivery.routing_key, delivery.message_id))
        raise ValueError("no good")

    async with connect(amqp_url, name="failing", registry=registry) as bus:
        await bus.consume(EVENTS, handle)
        await publish(bus, 1)
        [letter] = await eventually(lambda: bus.peek(EVENTS.name))

    assert attempts == [(number, "THING.7", "7:1") for number in range(3)]
    assert letter.reason == "ValueError('no good')"
    assert (letter.attempts, letter.guild_id, letter.body) == (3, 7, "1")
    assert letter.routing_key == "THING.7"
    assert letter.died_at is not None
    labels = {"queue": EVENTS.name}
    assert registry.get_sample_value("bus_dead_total", labels) == 1
    retries = registry.get_sample_value("bus_consumed_total", {**labels, "outcome": "retry"})
    assert retries == 2


async def test_draining_finishes_what_runs_and_gives_back_the_rest(bus: Bus) -> None:
    began: list[int] = []
    done: list[int] = []
    go_on = asyncio.Event()

    async def handle(delivery: Delivery) -> None:
        began.append(int(delivery.body))
        await go_on.wait()
        done.append(int(delivery.body))

    consumption = await bus.consume(EVENTS, handle)
    for number in range(5):
        await publish(bus, number)
    await eventually(lambda: began == [0])

    draining = asyncio.create_task(consumption.drain())
    await asyncio.sleep(0)
    go_on.set()
    await draining

    assert done == [0]
    await eventually(lambda: gave_back(bus, 4))


async def gave_back(bus: Bus, count: int) -> bool:
    return await bus.queue_stats(EVENTS.name) == (count, 0)


async def test_draining_does_not_wait_for_ever(bus: Bus) -> None:
    began = asyncio.Event()

    async def hang(_: Delivery) -> None:
        began.set()
        await asyncio.sleep(3600)

    consumption = await bus.consume(EVENTS, hang)
    await publish(bus, 1)
    await began.wait()

    await consumption.drain(within=0.05)

    await eventually(lambda: gave_back(bus, 1))


async def test_everything_handled_was_acknowledged(bus: Bus) -> None:
    done: list[int] = []

    async def handle(delivery: Delivery) -> None:
        await asyncio.sleep(0.001 * (delivery.guild_id % 3))
        done.append(int(delivery.body))

    consumption = await bus.consume(EVENTS, handle)
    await asyncio.gather(*(publish(bus, number, number % 7) for number in range(200)))
    await eventually(lambda: len(done) == 200)
    await consumption.drain()

    await eventually(lambda: gave_back(bus, 0))


async def test_a_queue_that_exists_with_other_arguments_is_an_error_at_once(bus: Bus) -> None:
    async def ignore(_: Delivery) -> None: ...

    await (await bus.consume(EVENTS, ignore)).drain()

    with pytest.raises(ChannelPreconditionFailed):
        await bus.consume(QueueSpec(EVENTS.name, EVENTS.bindings, delivery_limit=3), ignore)
