"""Fixtures of the gateway's tests."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest

from tests.gateway.rig import Rig
from tests.gateway.rig import rig as make_rig
from tests.support.ports import free_port
from tests.support.sandbox import Sandbox


@pytest.fixture
async def rig(sandbox: Sandbox, database_url: str, amqp_url: str) -> AsyncGenerator[Rig]:
    """Give a sandbox with a guild, a bot in it and people, and the means to run gateways."""
    # Shorter than the gateway's pause, as what is sent in time may be received a little late.
    sandbox.hub.settings.identify_interval = timedelta(milliseconds=50)
    async with AsyncExitStack() as stack:
        made = make_rig(stack, sandbox, database_url, amqp_url, free_port())
        yield await stack.enter_async_context(made)


@pytest.fixture
async def gateway(rig: Rig) -> AsyncGenerator[Rig]:
    """Give a rig whose gateway runs."""
    async with rig.gateway():
        yield rig
