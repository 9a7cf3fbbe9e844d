"""Fixtures of the tests of infractions: one service for most, each test in its own guild."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack

import pytest_asyncio
from prometheus_client import CollectorRegistry

from services.infractions import app
from services.infractions.deps import Deps
from services.infractions.settings import Settings
from shared.settings import load
from tests.infractions.file_server import FileServer, file_server
from tests.infractions.rig import Rig, environment, in_process
from tests.infractions.rig import rig as make_rig
from tests.infractions.scene import Scene
from tests.support import backends as places
from tests.support.backends import Backends


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def rig(backends: Backends) -> AsyncGenerator[Rig]:
    """Give infractions, running, between real servers and a gateway that the tests script."""
    async with AsyncExitStack() as stack:
        database_url = await stack.enter_async_context(places.database(backends.database_url))
        amqp_url = await stack.enter_async_context(
            places.vhost(backends.amqp_url, backends.amqp_management_url)
        )
        environ = environment(database_url, amqp_url)
        made = await stack.enter_async_context(make_rig(environ))
        await stack.enter_async_context(in_process(environ))
        yield made


@pytest_asyncio.fixture(loop_scope="session")
async def scene(rig: Rig) -> Scene:
    """Give a guild of the test's own."""
    return Scene(rig)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def elsewhere(rig: Rig) -> AsyncGenerator[Deps]:
    """Give what another process of the service would have, to act at the same time as the first."""
    async with AsyncExitStack() as stack:
        yield await app.open_deps(stack, load(Settings, rig.environ), CollectorRegistry())


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def files(rig: Rig) -> AsyncGenerator[FileServer]:
    """Give the file server that infractions may fetch from."""
    async with file_server(rig.environ["CDN_ORIGINS"]) as server:
        yield server
