"""Fixtures of the end to end tests: one whole stack for all of them, in a folder of its own."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio

from tests.e2e.harbour import Harbour
from tests.support.sandbox import SandboxClient
from tools.stack import Stack


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """Give a stack whose parts a test may kill, stop and start."""
    folder = tmp_path_factory.mktemp("stack")
    async with Stack(folder, thrown_away=True) as started:
        yield started


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def harbour(stack: Stack) -> AsyncIterator[Harbour]:
    """Give the demo guild of the stack."""
    async with SandboxClient(stack.url("sandbox")) as client, aiohttp.ClientSession() as http:
        found = Harbour(stack, client, http)
        await found.arrive()
        yield found
