"""Fresh places in the real servers for one test each."""

from __future__ import annotations

import asyncio
import json
import secrets
import urllib.request
from collections.abc import AsyncGenerator, Callable, Generator
from concurrent.futures import Executor, Future
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Protocol, cast
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from clickhouse_driver import Client

from tests.support.databases import database

__all__ = [
    "Backends",
    "ClickHouse",
    "Sweeper",
    "clickhouse",
    "clickhouse_database",
    "database",
    "stranger",
    "vhost",
    "with_path",
]


@dataclass(frozen=True)
class Backends:
    """Where the servers are that tests may use."""

    database_url: str
    amqp_url: str
    amqp_management_url: str
    clickhouse_url: str


class ClickHouse(Protocol):
    """A connection of the driver, which has no types of its own."""

    def execute(self, query: str, params: object = None) -> object:
        """Run a statement and return its rows, if any."""
        ...

    def disconnect(self) -> None:
        """Close the connection."""
        ...


class _ClickHouses(Protocol):
    def from_url(self, url: str) -> ClickHouse: ...


class Sweeper:
    """Cleans up after a test while the next one runs already."""

    def __init__(self, threads: Executor) -> None:
        self._threads = threads
        self._begun: list[Future[None]] = []

    def begin(self, work: Callable[[], None]) -> None:
        """Have something done soon."""
        self._begun.append(self._threads.submit(work))

    def end(self) -> None:
        """Wait for all of it, and raise what failed."""
        for work in self._begun:
            work.result()


def fresh_name() -> str:
    """Make a name that no other test has."""
    return f"test_{secrets.token_hex(6)}"


def with_path(url: str, path: str) -> str:
    """Point the URL of a server to one database or vhost in it."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{quote(path, safe='')}"))


@asynccontextmanager
async def vhost(
    server: str, management: str, sweeper: Sweeper | None = None
) -> AsyncGenerator[str]:
    """Give an empty RabbitMQ vhost and delete it afterwards; a sweeper does that meanwhile."""
    name = fresh_name()
    user = quote(urlsplit(server).username or "guest", safe="")
    await asyncio.to_thread(_manage, management, "PUT", f"vhosts/{name}")
    try:
        rights = {"configure": ".*", "write": ".*", "read": ".*"}
        await asyncio.to_thread(_manage, management, "PUT", f"permissions/{name}/{user}", rights)
        yield with_path(server, name)
    finally:
        delete = partial(_manage, management, "DELETE", f"vhosts/{name}")
        if sweeper is None:
            await asyncio.to_thread(delete)
        else:
            sweeper.begin(delete)


@asynccontextmanager
async def stranger(vhost_url: str, management: str) -> AsyncGenerator[str]:
    """Give a user of a vhost who may use nothing there but the exchanges and replies."""
    name, vhost = fresh_name(), urlsplit(vhost_url).path.lstrip("/")
    rights = r"^(replies\..*|discord\..*|gateway\.actions|flotilla\.events|amq\.default)$"
    await asyncio.to_thread(
        _manage, management, "PUT", f"users/{name}", {"password": name, "tags": ""}
    )
    try:
        of_user = f"permissions/{vhost}/{name}"
        every = dict.fromkeys(("configure", "write", "read"), rights)
        await asyncio.to_thread(_manage, management, "PUT", of_user, every)
        host = urlsplit(vhost_url).netloc.rpartition("@")[2]
        yield urlunsplit(urlsplit(vhost_url)._replace(netloc=f"{name}:{name}@{host}"))
    finally:
        await asyncio.to_thread(_manage, management, "DELETE", f"users/{name}")


@asynccontextmanager
async def clickhouse_database(server: str) -> AsyncGenerator[str]:
    """Give an empty ClickHouse database and drop it afterwards."""
    name = fresh_name()
    await asyncio.to_thread(_clickhouse, server, f"CREATE DATABASE {name} ENGINE = Atomic")
    try:
        yield with_path(server, name)
    finally:
        await asyncio.to_thread(_clickhouse, server, f"DROP DATABASE IF EXISTS {name} SYNC")


@contextmanager
def clickhouse(url: str) -> Generator[ClickHouse]:
    """Connect to ClickHouse by its native protocol."""
    client = cast("_ClickHouses", Client).from_url(url)
    try:
        yield client
    finally:
        client.disconnect()


def _clickhouse(server: str, statement: str) -> None:
    with clickhouse(server) as client:
        client.execute(statement)


def _manage(management: str, method: str, path: str, body: object = None) -> None:
    parts = urlsplit(management)
    base = f"{parts.scheme}://{parts.hostname}:{parts.port or 15672}"
    passwords = urllib.request.HTTPPasswordMgrWithPriorAuth()
    user, password = unquote(parts.username or "guest"), unquote(parts.password or "guest")
    passwords.add_password(None, base, user, password, is_authenticated=True)
    opener = urllib.request.build_opener(
        urllib.request.HTTPBasicAuthHandler(passwords), urllib.request.ProxyHandler({})
    )
    request = urllib.request.Request(  # noqa: S310 - the address is our own server's
        f"{base}/api/{path}",
        data=json.dumps(body).encode() if body is not None else None,
        headers={"content-type": "application/json"},
        method=method,
    )
    with opener.open(request, timeout=30):
        pass
