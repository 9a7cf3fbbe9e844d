"""How much waits in queues: seen by whoever is connected, whosever the queues are."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from aiormq.exceptions import ChannelAccessRefused

from shared.bus import Bus, Delivery, Depth, QueueSpec, connect
from tests.support import backends as places
from tests.support.backends import Backends
from tests.support.proxy import proxied
from tests.support.waiting import eventually

SHIPS = QueueSpec("tests.ships")


async def nothing(_: Delivery) -> None:
    """Handle a message by doing nothing."""


async def test_a_stranger_sees_how_much_waits_and_nothing_else(
    bus: Bus, amqp_url: str, backends: Backends
) -> None:
    await (await bus.consume(SHIPS, nothing)).drain()
    for number in range(3):
        await bus.publish("", SHIPS.name, b"{}", message_id=str(number), type="x")
    async with (
        places.stranger(amqp_url, backends.amqp_management_url) as url,
        connect(url, name="stranger") as stranger,
    ):
        names = ("tests.none", SHIPS.name, "tests.neither", SHIPS.dead)

        async def seen() -> bool:
            found = await stranger.depths(names)
            return found == {SHIPS.name: Depth(3, 0), SHIPS.dead: Depth(0, 0)}

        await eventually(seen)
        with pytest.raises(ChannelAccessRefused):
            await stranger.consume(SHIPS, nothing)


async def test_who_looks_while_the_broker_is_lost_waits_for_it(bus: Bus, amqp_url: str) -> None:
    await (await bus.consume(SHIPS, nothing)).drain()
    async with proxied(amqp_url) as broker, connect(broker.url, name="looking") as looking:
        await broker.shut()
        await eventually(lambda: not looking.connected)
        seeing = asyncio.create_task(looking.depths((SHIPS.name,)))
        await broker.open()

        assert await seeing == {SHIPS.name: Depth(0, 0)}


async def test_the_oldest_message_that_is_not_handled_is_known(bus: Bus) -> None:
    go_on = asyncio.Event()

    async def wait(delivery: Delivery) -> None:
        if delivery.message_id == "slow":
            await go_on.wait()

    consuming = await bus.consume(SHIPS, wait, key=lambda delivery: delivery.message_id)
    assert consuming.oldest is None
    for name in ("quick", "slow", "quick too"):
        await bus.publish("", SHIPS.name, b"{}", message_id=name, type="x")

    oldest = await eventually(lambda: consuming.oldest)
    assert oldest is not None
    assert datetime.now(UTC) - oldest < timedelta(minutes=1)
    go_on.set()
    await eventually(lambda: consuming.oldest is None)
