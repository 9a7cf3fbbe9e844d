"""Fixtures of the gateway's tests."""

from __future__ import annotations

import socket
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest

from tests.gateway.rig import Rig
from tests.gateway.rig import rig as make_rig
from tests.support.sandbox import Sandbox


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]


@pytest.fixture
async def rig(sandbox: Sandbox, database_url: str, amqp_url: str) -> AsyncGenerator[Rig]:
    """Give a sandbox with a guild, a bot in it and people, and the means to run gateways."""
    sandbox.hub.settings.identify_interval = timedelta(milliseconds=200)
    async with AsyncExitStack() as stack:
        made = make_rig(stack, sandbox, database_url, amqp_url, free_port())
        yield await stack.enter_async_context(made)


@pytest.fixture
async def gateway(rig: Rig) -> AsyncGenerator[Rig]:
    """Give a rig whose gateway runs."""
    async with rig.gateway():
        yield rig
