"""ClickHouse over its native protocol: columns in, Structs out, each call in a thread of a few."""

import asyncio
import queue
import re
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any, Final, Protocol, TypeVar, cast
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import clickhouse_driver
import msgspec
from clickhouse_driver import errors

from shared.errors import UnavailableError
from shared.settings import Secret

T = TypeVar("T")
R = TypeVar("R")

CONNECTIONS: Final = 3
"""How many questions are asked at a time; inserts have a connection of their own."""
CONNECT_TIMEOUT: Final = 5
WORK_TIMEOUT: Final = 60
"""Seconds; a rebuild of a big day's sums is the slowest that is asked."""
ANSWER_TIMEOUT: Final = 4
"""Seconds that somebody waits for numbers, after which a ClickHouse that hangs is away for them."""
HELLO_TIMEOUT: Final = 2
"""Seconds for a connection that was idle to say that it is still there."""

AWAY: Final = (errors.NetworkError, errors.SocketTimeoutError, EOFError, OSError)
"""What the driver raises when the server can't be reached, or goes in the middle."""
AWAY_FOR_NOW: Final = "The statistics' database is away for now."


class Client(Protocol):
    """The part of the driver's client that is used; the driver itself has no types."""

    def execute(
        self,
        query: str,
        params: object = None,
        *,
        with_column_types: bool = False,
        columnar: bool = False,
    ) -> Any:  # noqa: ANN401 - rows, columns or a count, by the statement
        """Run one statement."""
        ...

    def disconnect(self) -> None:
        """Close the socket; the next statement opens another."""
        ...


class _Driver(Protocol):
    def from_url(self, url: str) -> Client: ...


class ClickHouse:
    """A few connections to one database; opened by `connect`.

    What takes long (an insert, a rebuild) has connections of its own, so that nobody who asks for
    numbers waits behind it.
    """

    def __init__(self, url: Secret) -> None:
        self._writer = _Lane(_address(url, WORK_TIMEOUT, use_numpy="true", async_insert="0"), 1)
        self._worker = _Lane(_address(url, WORK_TIMEOUT), 1)
        self._reader = _Lane(_address(url, ANSWER_TIMEOUT), CONNECTIONS)

    async def insert(self, table: str, columns: Mapping[str, object]) -> int:
        """Insert columns and return how many rows they were; when it returns, they are kept."""
        names = ", ".join(columns)
        values = list(columns.values())
        statement = f"INSERT INTO {table} ({names}) VALUES"
        return await self._writer.call(
            lambda client: int(client.execute(statement, values, columnar=True))
        )

    async def fetch_all(self, type_: type[T], sql: str, **params: object) -> list[T]:
        """Return every row of an answer as a Struct, by column name.

        Raises UnavailableError also when there is no answer in time.
        """
        rows, columns = await self._ask(
            lambda client: client.execute(sql, params, with_column_types=True)
        )
        names = [name for name, _ in columns]
        return [msgspec.convert(dict(zip(names, row, strict=True)), type_) for row in rows]

    async def execute(self, sql: str, **params: object) -> None:
        """Run a statement that answers nothing."""
        await self._worker.call(lambda client: client.execute(sql, params or None))

    async def answers(self) -> bool:
        """Say whether the server is there."""
        try:
            await self._ask(lambda client: client.execute("SELECT 1"))
        except UnavailableError:
            return False
        return True

    def close(self) -> None:
        """Close the connections."""
        for lane in (self._writer, self._worker, self._reader):
            lane.close()

    async def _ask(self, work: Callable[[Client], R]) -> R:
        """Ask as somebody who waits for it, also while every connection is busy."""
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT):
                return await self._reader.call(work)
        except TimeoutError as error:
            raise UnavailableError(AWAY_FOR_NOW) from error


@asynccontextmanager
async def connect(url: Secret) -> AsyncGenerator[ClickHouse]:
    """Give a ClickHouse, which connects when it is first asked something."""
    clickhouse = ClickHouse(url)
    try:
        yield clickhouse
    finally:
        await asyncio.to_thread(clickhouse.close)


def is_away(error: BaseException) -> bool:
    """Say whether an error means that the server is not there (now)."""
    return isinstance(error, AWAY)


class _Lane:
    """Threads with one client each, as a client may be used by one thread at a time only."""

    def __init__(self, url: str, size: int) -> None:
        self._threads = ThreadPoolExecutor(size, thread_name_prefix="clickhouse")
        self._idle: queue.SimpleQueue[Client] = queue.SimpleQueue()
        for _ in range(size):
            self._idle.put(_client(url))

    async def call(self, work: Callable[[Client], R]) -> R:
        """Run something on an idle client; raises UnavailableError when the server is away."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._run, work)

    def close(self) -> None:
        """Wait for what runs, then close."""
        self._threads.shutdown()
        while not self._idle.empty():
            self._idle.get().disconnect()

    def _run(self, work: Callable[[Client], R]) -> R:
        client = self._idle.get()
        try:
            return work(client)
        except AWAY as error:
            client.disconnect()
            raise UnavailableError(AWAY_FOR_NOW) from error
        except BaseException:
            client.disconnect()
            raise
        finally:
            self._idle.put(client)


def _client(url: str) -> Client:
    driver = cast("_Driver", clickhouse_driver.Client)
    return driver.from_url(url)


def _address(url: Secret, patience: int, **settings: str) -> str:
    """Return the URL with our settings, where it doesn't say otherwise."""
    parts = urlsplit(url.reveal())
    ours = {
        "compression": "lz4",
        "connect_timeout": str(CONNECT_TIMEOUT),
        "send_receive_timeout": str(patience),
        "sync_request_timeout": str(HELLO_TIMEOUT),
        # an event is never in two partitions, as the time is part of its key
        "do_not_merge_across_partitions_select_final": "1",
        **settings,
    }
    given = dict(parse_qsl(parts.query))
    return urlunsplit(parts._replace(query=urlencode(ours | given)))


def database_of(url: Secret) -> str:
    """Return the name of the database that a URL leads to."""
    name = urlsplit(url.reveal()).path.strip("/") or "default"
    if not re.fullmatch(r"\w+", name):
        raise ValueError("CLICKHOUSE_URL must end with the name of a database")
    return name


def statements(sql: str) -> Sequence[str]:
    """Split a file into statements, each of which ends with a semicolon at the end of a line."""
    found = [part.strip() for part in re.split(r";\s*(?:\n|$)", sql)]
    return [part for part in found if _is_more_than_comments(part)]


def _is_more_than_comments(part: str) -> bool:
    return any(line.strip() and not line.strip().startswith("--") for line in part.splitlines())
