"""Fixtures of every test: real servers, each test with an empty place of its own in them.

`DATABASE_URL`, `AMQP_URL` and `CLICKHOUSE_URL` name servers to use; a missing one is started by
`tools.stack` for the session. The fixture `sandbox` is in `tests/support/sandbox.py`.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

from tests.support import backends as places
from tests.support.backends import Backends

pytest_plugins = (
    ["tests.support.sandbox"]
    if Path(__file__).with_name("support").joinpath("sandbox.py").exists()
    else []
)


def management_url(amqp_url: str) -> str:
    """Guess where a broker's management API is: the usual port of the same host."""
    given = os.environ.get("AMQP_MANAGEMENT_URL")
    if given:
        return given
    parts = urlsplit(amqp_url)
    login = parts.netloc.rpartition("@")[0] or "guest:guest"
    return urlunsplit(("http", f"{login}@{parts.hostname}:15672", "", "", ""))


@pytest.fixture(scope="session")
def backends() -> Backends:
    """Give the servers of the environment."""
    amqp_url = os.environ["AMQP_URL"]
    return Backends(
        database_url=os.environ["DATABASE_URL"],
        amqp_url=amqp_url,
        amqp_management_url=management_url(amqp_url),
        clickhouse_url=os.environ.get("CLICKHOUSE_URL", ""),
    )


@pytest.fixture
async def database_url(backends: Backends) -> AsyncIterator[str]:
    """Give an empty Postgres database, dropped afterwards."""
    async with places.database(backends.database_url) as url:
        yield url


@pytest.fixture
async def amqp_url(backends: Backends) -> AsyncIterator[str]:
    """Give an empty RabbitMQ vhost, deleted afterwards."""
    async with places.vhost(backends.amqp_url, backends.amqp_management_url) as url:
        yield url


@pytest.fixture
async def clickhouse_url(backends: Backends) -> AsyncIterator[str]:
    """Give an empty ClickHouse database, dropped afterwards."""
    async with places.clickhouse_database(backends.clickhouse_url) as url:
        yield url
