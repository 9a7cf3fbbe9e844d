"""Batches: closed by size or by time, acknowledged as a whole, tried again until they work."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from shared.bus import BatchConsumption, Bus, Delivery, QueueSpec
from shared.contracts.topology import DISCORD_EVENTS
from tests.support.proxy import Proxy
from tests.support.waiting import eventually

INGEST = QueueSpec("tests.ingest", ((DISCORD_EVENTS, "THING.*"),))


class Batches:
    """A handler that keeps its batches, and fails as often as asked to."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.tried: list[list[int]] = []
        self.done: list[list[int]] = []
        self.go_on = asyncio.Event()
        self.go_on.set()

    async def __call__(self, batch: Sequence[Delivery]) -> None:
        numbers = [int(delivery.body) for delivery in batch]
        self.tried.append(numbers)
        await self.go_on.wait()
        if self.failures:
            self.failures -= 1
            raise ConnectionError("away")
        self.done.append(numbers)

    @property
    def numbers(self) -> set[int]:
        return {number for batch in self.done for number in batch}


async def publish(bus: Bus, numbers: range) -> None:
    for number in numbers:
        await bus.publish(
            DISCORD_EVENTS, "THING.1", b"%d" % number, message_id=str(number), type="THING"
        )


async def consume(bus: Bus, handler: Batches, *, wait: float = 0.05) -> BatchConsumption:
    return await bus.consume_batches(
        INGEST, handler, size=10, wait=timedelta(seconds=wait), prefetch=40
    )


async def queued(bus: Bus, count: int) -> bool:
    return (await bus.queue_stats(INGEST.name)) == (count, 0)


async def test_a_batch_is_as_big_as_allowed_and_no_bigger(bus: Bus) -> None:
    await (await consume(bus, Batches())).drain()
    await publish(bus, range(30))
    handler = Batches()

    await consume(bus, handler, wait=600)

    await eventually(lambda: handler.numbers == set(range(30)))
    assert [len(batch) for batch in handler.done] == [10, 10, 10]


async def test_a_batch_does_not_wait_for_more_than_its_time(bus: Bus) -> None:
    handler = Batches()
    await consume(bus, handler)

    await publish(bus, range(3))

    await eventually(lambda: handler.numbers == set(range(3)))


async def test_a_batch_that_fails_is_tried_again_as_it_was(bus: Bus) -> None:
    await (await consume(bus, Batches())).drain()
    await publish(bus, range(10))
    handler = Batches(failures=3)
    consumption = await consume(bus, handler, wait=600)

    await eventually(lambda: handler.done)

    assert handler.tried == [list(range(10))] * 4
    await consumption.drain()
    await eventually(lambda: queued(bus, 0))


async def test_nothing_is_acknowledged_before_its_batch_was_handled(
    broker: Proxy, shaky_bus: Bus, bus: Bus
) -> None:
    handler = Batches()
    handler.go_on.clear()
    await consume(shaky_bus, handler, wait=600)
    await publish(bus, range(10))
    await eventually(lambda: handler.tried)

    broker.cut()
    handler.go_on.set()

    await eventually(lambda: len(handler.done) == 2)
    assert [sorted(batch) for batch in handler.done] == [list(range(10))] * 2


async def test_every_message_is_handled_over_cut_connections(
    broker: Proxy, shaky_bus: Bus, bus: Bus
) -> None:
    handler = Batches()
    await consume(shaky_bus, handler)

    for part in range(4):
        await publish(bus, range(part * 30, part * 30 + 30))
        broker.cut()

    await eventually(lambda: handler.numbers == set(range(120)))


async def test_draining_handles_what_was_taken_and_gives_back_the_rest(bus: Bus) -> None:
    handler = Batches()
    handler.go_on.clear()
    consumption = await consume(bus, handler)
    await publish(bus, range(15))
    await eventually(lambda: handler.tried)

    draining = asyncio.create_task(consumption.drain())
    await asyncio.sleep(0)
    handler.go_on.set()
    await draining

    assert handler.done == handler.tried
    taken = len(handler.done[0])
    await eventually(lambda: queued(bus, 15 - taken))
