"""The outbox: what a transaction tells leaves if it commits, in order, whatever goes away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from itertools import pairwise

import pytest

from shared import outbox, postgres
from shared.bus import Bus, Delivery, QueueSpec
from shared.contracts.codec import decode
from shared.contracts.domain import ConfigWanted
from shared.contracts.topology import FLOTILLA_EVENTS
from shared.outbox import POLL, Outbox
from shared.postgres import Db, fetch_value, transaction
from tests.support.proxy import Proxy, proxied
from tests.support.waiting import eventually

HEARD = QueueSpec("tests.domain", ((FLOTILLA_EVENTS, ConfigWanted.KEY),))


class Heard:
    """Whoever listens for the events, and keeps them."""

    def __init__(self) -> None:
        self.deliveries: list[Delivery] = []

    async def __call__(self, delivery: Delivery) -> None:
        self.deliveries.append(delivery)

    @property
    def numbers(self) -> list[int]:
        return [int(decode(each.body, ConfigWanted).service) for each in self.deliveries]


@pytest.fixture
async def db(database_url: str) -> AsyncGenerator[Db]:
    async with postgres.connect(database_url, schema="tests", shared=("outbox",)) as db:
        yield db


@asynccontextmanager
async def running(db: Db, bus: Bus, *, poll: float = POLL) -> AsyncGenerator[None]:
    task = asyncio.create_task(Outbox(db, bus, poll=poll).run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait((task,))


async def put(db: Db, number: int, *, fail: bool = False) -> None:
    async with transaction(db) as tx:
        await outbox.put(tx, ConfigWanted(service=str(number)))
        if fail:
            raise RuntimeError


async def nothing_waits(db: Db) -> bool:
    return await fetch_value(db, int, "SELECT count(*) FROM outbox") == 0


async def test_an_event_leaves_as_soon_as_its_transaction_has_committed(db: Db, bus: Bus) -> None:
    heard = Heard()
    await bus.consume(HEARD, heard)
    async with running(db, bus, poll=600):
        await put(db, 0)
        await eventually(lambda: heard.numbers == [0])
        await put(db, 1)
        await eventually(lambda: heard.numbers == [0, 1])
        await eventually(lambda: nothing_waits(db))

    delivery = heard.deliveries[0]
    assert (delivery.type, delivery.routing_key, delivery.guild_id) == (
        ConfigWanted.KEY,
        ConfigWanted.KEY,
        0,
    )
    assert delivery.message_id != heard.deliveries[1].message_id


async def test_an_event_of_a_transaction_that_failed_never_leaves(db: Db) -> None:
    with pytest.raises(RuntimeError):
        await put(db, 1, fail=True)
    assert await nothing_waits(db)


async def test_events_leave_in_order_over_cut_connections(
    db: Db, broker: Proxy, shaky_bus: Bus, bus: Bus
) -> None:
    heard = Heard()
    await bus.consume(HEARD, heard)
    async with running(db, shaky_bus):
        for number in range(60):
            await put(db, number)
            if number in {20, 40}:
                broker.cut()
        await eventually(lambda: set(heard.numbers) == set(range(60)))
        await eventually(lambda: nothing_waits(db))
    first_seen = list(dict.fromkeys(heard.numbers))
    assert all(a < b for a, b in pairwise(first_seen))
    ids = {each.message_id: each.body for each in heard.deliveries}
    assert len(ids) == 60


async def test_events_wait_while_the_broker_is_away(
    db: Db, broker: Proxy, shaky_bus: Bus, bus: Bus
) -> None:
    heard = Heard()
    await bus.consume(HEARD, heard)
    await broker.shut()
    async with running(db, shaky_bus):
        await put(db, 1)
        await broker.open()
        await eventually(lambda: heard.numbers == [1])


async def test_the_outbox_goes_on_when_the_database_is_back(
    database_url: str, db: Db, bus: Bus
) -> None:
    heard = Heard()
    await bus.consume(HEARD, heard)
    async with (
        proxied(database_url) as server,
        postgres.connect(server.url, schema="tests") as shaky,
        running(shaky, bus),
    ):
        await put(db, 1)
        await eventually(lambda: heard.numbers == [1])
        await eventually(lambda: nothing_waits(db))
        await server.shut()
        await put(db, 2)
        await server.open()
        await eventually(lambda: heard.numbers == [1, 2])


async def test_of_several_processes_one_publishes_and_another_takes_over(
    db: Db, database_url: str, bus: Bus
) -> None:
    heard = Heard()
    await bus.consume(HEARD, heard)
    async with postgres.connect(database_url, schema="tests") as other, running(other, bus):
        async with running(db, bus):
            for number in range(20):
                await put(db, number)
            await eventually(lambda: len(heard.numbers) >= 20)
            await eventually(lambda: nothing_waits(db))
        assert heard.numbers == list(range(20))
        await put(db, 99)
        await eventually(lambda: 99 in heard.numbers)
