"""Fixtures for the mechanisms: servers behind a proxy that a test can cut."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from shared.bus import Bus, connect
from tests.support.proxy import Proxy, proxied
from tests.support.waiting import eventually


@pytest.fixture
async def bus(amqp_url: str) -> AsyncGenerator[Bus]:
    """Give a bus of the test's own."""
    async with connect(amqp_url, name="test") as bus:
        yield bus


@pytest.fixture
async def broker(amqp_url: str) -> AsyncGenerator[Proxy]:
    """Give a broker whose connections the test can cut."""
    async with proxied(amqp_url) as proxy:
        yield proxy


@pytest.fixture
async def shaky_bus(broker: Proxy) -> AsyncGenerator[Bus]:
    """Give a bus on a broker whose connections the test can cut, with all of them made."""
    async with connect(broker.url, name="shaky") as bus:
        await eventually(lambda: bus.connected)
        yield bus
