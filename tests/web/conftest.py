"""Fixtures of the dashboard's tests: one bay for all of them, people who log in, a browser."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack

import httpx
import pytest_asyncio
from playwright.async_api import Browser

from tests.support import backends as places
from tests.support.backends import Backends
from tests.support.browser import browser as started_browser
from tests.support.sandbox import running

from .bay import Bay, bay
from .visitors import Visitor


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def cove(backends: Backends) -> AsyncGenerator[Bay]:
    """Give the bay that all tests share."""
    async with AsyncExitStack() as stack:
        sandbox = await stack.enter_async_context(running())
        database = await stack.enter_async_context(places.database(backends.database_url))
        vhost = await stack.enter_async_context(
            places.vhost(backends.amqp_url, backends.amqp_management_url)
        )
        clickhouse = await stack.enter_async_context(
            places.clickhouse_database(backends.clickhouse_url)
        )
        yield await stack.enter_async_context(bay(sandbox, database, vhost, clickhouse))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncGenerator[Browser]:
    """Give a real browser."""
    async with started_browser() as started:
        yield started


@pytest_asyncio.fixture(loop_scope="session")
async def visitor(cove: Bay) -> AsyncGenerator[Visitor]:
    """Give somebody without a browser, who is not logged in."""
    async with httpx.AsyncClient(base_url=cove.url, timeout=60) as client:
        yield Visitor(cove, client)
