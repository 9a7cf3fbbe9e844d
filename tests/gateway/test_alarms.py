"""RabbitMQ out of memory: publishers wait, Discord's events wait at Discord, nothing is lost."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from pathlib import Path

import msgspec
import pytest

from tests.gateway.rig import Rig, Running
from tests.gateway.rig import rig as make_rig
from tests.support.brokers import PrivateBroker, private_broker
from tests.support.ports import free_port
from tests.support.sandbox import Sandbox
from tests.support.waiting import eventually

WINDOW = 20
SAID = 200


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncGenerator[PrivateBroker]:
    async with private_broker(tmp_path) as started:
        yield started


@pytest.fixture
async def rig(sandbox: Sandbox, database_url: str, broker: PrivateBroker) -> AsyncGenerator[Rig]:
    """Give a rig on a broker of its own."""
    async with AsyncExitStack() as stack:
        made = make_rig(stack, sandbox, database_url, broker.url, free_port())
        yield await stack.enter_async_context(made)


async def test_an_alarm_of_the_broker_stops_the_reading_and_nothing_is_lost(
    rig: Rig, broker: PrivateBroker
) -> None:
    async with rig.gateway(PUBLISH_WINDOW=str(WINDOW)) as gateway:
        first = await rig.sandbox.traffic(rig.guild, 1)
        await eventually(lambda: arrived(rig) == first)

        await broker.raise_alarm()
        said = first + await rig.sandbox.traffic(rig.guild, SAID)
        published = rig.start(rig.bus.publish("", "test.events", b"{}", message_id="x", type="X"))
        await eventually(lambda: stands_still(gateway))
        assert arrived(rig) == said[: len(arrived(rig))]
        assert len(arrived(rig)) < SAID - WINDOW
        assert not published.done()

        await broker.end_alarm()
        await eventually(lambda: len(arrived(rig)) == len(said))
        await published
        assert arrived(rig) == said
        assert await rig.identifies() == 1


def arrived(rig: Rig) -> list[int]:
    """Return the messages that the broker has passed on, in order, those that came twice once."""
    events = rig.events.of("MESSAGE_CREATE")
    return [int(msgspec.json.decode(event.body)["id"]) for event in events]


async def stands_still(gateway: Running) -> bool:
    """Check that the window is full, and that no more was read than it holds."""
    read = await gateway.api.metric("gateway_seq_read")
    confirmed = await gateway.api.metric("gateway_seq_confirmed")
    used = await gateway.api.metric("gateway_publish_window")
    assert (used, read - confirmed) == (WINDOW, WINDOW)
    return True
