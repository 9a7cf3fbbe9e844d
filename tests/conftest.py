"""Fixtures of every test: real servers, each test with an empty place of its own in them.

`DATABASE_URL`, `AMQP_URL` and `CLICKHOUSE_URL` name servers to use; a missing one is started by
`tools.stack` for the session. The fixture `sandbox` is in `tests/support/sandbox.py`.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit, urlunsplit

import hypothesis
import pytest

from shared import logging
from tests.support import backends as places
from tests.support.backends import Backends, Sweeper
from tests.support.databases import drop_spares
from tools.background import servers
from tools.backing import Addresses
from tools.lock import is_free
from tools.progress import to_terminal

SERVERS = ("DATABASE_URL", "AMQP_URL", "CLICKHOUSE_URL")

# The same examples in each run, and as long as a slow machine takes for them.
hypothesis.settings.register_profile(
    "tests",
    deadline=None,
    derandomize=True,
    suppress_health_check=(hypothesis.HealthCheck.too_slow,),
)
hypothesis.settings.load_profile("tests")

pytest_plugins = ("tests.support.sandbox",)


@pytest.fixture(autouse=True, scope="session")
def plain_logs() -> None:
    """Log as a service does; without this, tracebacks come with every local variable."""
    logging.configure("tests", "warning", "json")


@pytest.fixture(scope="session")
def backends() -> Generator[Backends]:
    """Give the servers of the environment, and private ones for those that it does not name."""
    with ExitStack() as stack:
        if all(os.environ.get(name) for name in SERVERS):
            addresses = Addresses.given(os.environ)
        else:
            addresses = stack.enter_context(
                servers(folder_of_servers(stack), os.environ, to_terminal, hasty=True)
            )
        yield Backends(
            addresses.database_url,
            addresses.amqp_url,
            addresses.amqp_management_url or management_url(addresses.amqp_url),
            addresses.clickhouse_url,
        )
        asyncio.run(drop_spares(addresses.database_url))


def folder_of_servers(stack: ExitStack) -> Path:
    """Return where the servers keep their data: the same each time, unless it is in use now."""
    folder = Path(__file__).parents[1] / ".local" / "test"
    if is_free(folder / "lock"):
        return folder
    elsewhere = Path(stack.enter_context(TemporaryDirectory(prefix="flotilla-test-")))
    # Postgres runs as somebody else where the tests run as root.
    elsewhere.chmod(0o755)
    return elsewhere


def management_url(amqp_url: str) -> str:
    """Guess where a given broker's management API is: the usual port of the same host."""
    parts = urlsplit(amqp_url)
    login = parts.netloc.rpartition("@")[0] or "guest:guest"
    return urlunsplit(("http", f"{login}@{parts.hostname}:15672", "", "", ""))


@pytest.fixture
async def database_url(backends: Backends) -> AsyncIterator[str]:
    """Give an empty Postgres database."""
    async with places.database(backends.database_url) as url:
        yield url


@pytest.fixture(scope="session")
def sweeper(backends: Backends) -> Generator[Sweeper]:
    """Give what cleans up beside the tests; it is done before the servers stop."""
    del backends
    with ThreadPoolExecutor(1) as threads:
        sweeper = Sweeper(threads)
        yield sweeper
        sweeper.end()


@pytest.fixture
async def amqp_url(backends: Backends, sweeper: Sweeper) -> AsyncIterator[str]:
    """Give an empty RabbitMQ vhost, deleted afterwards."""
    async with places.vhost(backends.amqp_url, backends.amqp_management_url, sweeper) as url:
        yield url


@pytest.fixture
async def clickhouse_url(backends: Backends) -> AsyncIterator[str]:
    """Give an empty ClickHouse database, dropped afterwards."""
    async with places.clickhouse_database(backends.clickhouse_url) as url:
        yield url
