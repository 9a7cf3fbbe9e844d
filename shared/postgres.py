"""Postgres: a pool that outlives restarts, migrations, and rows as Structs."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

import asyncpg
import msgspec
import structlog
from asyncpg.pool import PoolConnectionProxy

from shared.errors import UnavailableError

if TYPE_CHECKING:
    Db: TypeAlias = asyncpg.Pool[asyncpg.Record]
    Connection: TypeAlias = PoolConnectionProxy[asyncpg.Record]
else:  # asyncpg's classes take type arguments in its stubs only
    Db = asyncpg.Pool
    Connection = PoolConnectionProxy

Executor: TypeAlias = Db | Connection
"""What a query runs on: the pool, or a connection with a transaction open."""

T = TypeVar("T")

SHARED_MIGRATIONS: Final = Path(__file__).with_name("migrations")
FIRST_WAIT: Final = 0.1
LONGEST_WAIT: Final = 2.0
"""Seconds between two attempts to reach a server that is away."""

PATIENCE: Final = 1.0
"""Seconds that a server which is up may take to answer."""

CONFIRMED_WITHIN: Final = 0.1
"""Seconds that it may take to confirm that a query is cancelled."""

log = structlog.get_logger()


@asynccontextmanager
async def connect(
    url: str,
    *,
    schema: str,
    migrations: Path | None = None,
    shared: tuple[str, ...] = (),
    min_size: int = 2,
    max_size: int = 10,
) -> AsyncGenerator[Db]:
    """Give a pool whose connections work in `schema`, with its migrations applied.

    `shared` names migrations of `shared/migrations` that the service wants too. Waits for a server
    that is away. Raises MigrationError when an applied migration was altered since.
    """
    pool = await _reach(url, schema, min_size, max_size)
    try:
        await migrate(pool, schema, _migration_files(migrations, shared))
        yield pool
    finally:
        await _close(pool)


def is_unavailable(error: BaseException) -> bool:
    """Say whether an error means that Postgres (or something else) is away for now."""
    if isinstance(error, (UnavailableError, ConnectionError, *_AWAY)):
        return True
    if not isinstance(error, asyncpg.InterfaceError):
        return False
    return "clos" in str(error) or "released back to the pool" in str(error)


_AWAY: Final = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.TooManyConnectionsError,
    asyncpg.ReadOnlySQLTransactionError,
    # what asyncpg trips over when the server ends a connection while it is being used
    asyncpg.InternalClientError,
)


async def is_up(db: Db) -> bool:
    """Say whether Postgres answers within a second; little later it is told, however it hangs."""
    asking = asyncio.create_task(_answers(db))
    try:
        await asyncio.wait((asking,), timeout=PATIENCE)
        return asking.done() and asking.result()
    finally:
        await _give_up(asking)


async def _answers(db: Db) -> bool:
    try:
        await db.fetchval("SELECT 1")
    except Exception as error:
        if not is_unavailable(error) and not isinstance(error, OSError):
            raise
        return False
    return True


async def _give_up(asking: asyncio.Task[bool]) -> None:
    """Cancel a query, and then its wait for a server that does not confirm that."""
    for _ in range(2):
        if not asking.done():
            asking.cancel()
            await asyncio.wait((asking,), timeout=CONFIRMED_WITHIN)


async def fetch_all(db: Executor, type_: type[T], sql: str, *args: object) -> list[T]:
    """Return every row as a Struct, by column name."""
    rows = await db.fetch(sql, *args)
    return [msgspec.convert(dict(row), type_) for row in rows]


async def fetch_one(db: Executor, type_: type[T], sql: str, *args: object) -> T | None:
    """Return the first row as a Struct, if there is one."""
    row = await db.fetchrow(sql, *args)
    return None if row is None else msgspec.convert(dict(row), type_)


async def fetch_value(db: Executor, type_: type[T], sql: str, *args: object) -> T:
    """Return the first column of the first row, which has to be there."""
    return msgspec.convert(await db.fetchval(sql, *args), type_)


async def fetch_maybe(db: Executor, type_: type[T], sql: str, *args: object) -> T | None:
    """Return the first column of the first row, None where there is no row or it is NULL."""
    value = await db.fetchval(sql, *args)
    return None if value is None else msgspec.convert(value, type_)


async def execute(db: Executor, sql: str, *args: object) -> int:
    """Run a statement and return how many rows it touched."""
    status = await db.execute(sql, *args)
    count = status.rpartition(" ")[2]
    return int(count) if count.isdigit() else 0


@asynccontextmanager
async def transaction(db: Executor) -> AsyncGenerator[Connection]:
    """Give a connection in a transaction, which commits unless an exception passes.

    On a connection that has one open already it is a savepoint.
    """
    if isinstance(db, PoolConnectionProxy):
        async with db.transaction():
            yield db
        return
    async with db.acquire() as connection, connection.transaction():
        yield connection


async def listen(
    db: Db,
    channel: str,
    wake: Callable[[], None],
    *,
    hold: Callable[[Connection], Any] | None = None,
) -> None:
    """Call `wake` at every NOTIFY of `<schema>_<channel>`, until cancelled; after a reconnect too.

    Any: `hold` may return an awaitable of whatever it likes; it runs with the connection.
    """
    wait = FIRST_WAIT
    while True:
        try:
            async with db.acquire() as connection:
                wait = FIRST_WAIT
                await _listen_on(connection, channel, wake, hold)
        except Exception as error:
            if not is_unavailable(error) and not isinstance(error, OSError | TimeoutError):
                raise
            log.debug("listening_was_cut", channel=channel, error=repr(error))
        await asyncio.sleep(wait)
        wait = min(wait * 2, LONGEST_WAIT)


async def _listen_on(
    connection: Connection,
    channel: str,
    wake: Callable[[], None],
    hold: Callable[[Connection], Any] | None,
) -> None:
    """Listen until the connection is lost."""
    lost = asyncio.Event()

    def on_notify(*_: object) -> None:
        wake()

    def on_lost(_: object) -> None:
        lost.set()

    connection.add_termination_listener(on_lost)
    try:
        schema = await connection.fetchval("SELECT current_schema()")
        await connection.add_listener(f"{schema}_{channel}", on_notify)
        wake()
        if hold is not None:
            await hold(connection)
        await lost.wait()
    finally:
        with suppress(Exception):
            connection.remove_termination_listener(on_lost)
            await connection.reset()


# --- connecting ---------------------------------------------------------------------------------


async def _reach(url: str, schema: str, min_size: int, max_size: int) -> Db:
    """Open the pool, however long the server takes to come."""
    wait = FIRST_WAIT
    while True:
        try:
            return await asyncpg.create_pool(
                url,
                min_size=min_size,
                max_size=max_size,
                init=_teach_json,
                reset=_leave_as_it_is,
                timeout=10,
                command_timeout=60,
                server_settings={"search_path": schema, "application_name": schema},
            )
        except (OSError, asyncpg.PostgresError) as error:
            if not is_unavailable(error) and not isinstance(error, OSError):
                raise
            log.warning("postgres_is_away", error=repr(error), retry_in=wait)
        await asyncio.sleep(wait)
        wait = min(wait * 2, LONGEST_WAIT)


async def _teach_json(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Make json and jsonb columns Python objects, both ways."""
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        format="binary",
        encoder=lambda value: b"\x01" + msgspec.json.encode(value),
        decoder=lambda data: msgspec.json.decode(memoryview(data)[1:]),
    )
    await connection.set_type_codec(
        "json",
        schema="pg_catalog",
        format="binary",
        encoder=msgspec.json.encode,
        decoder=msgspec.json.decode,
    )


async def _leave_as_it_is(_connection: object) -> None:
    """Save a round trip after every query, as nothing here changes a session.

    asyncpg itself rolls an open transaction back; what listens or locks resets by itself.
    """


async def _close(pool: Db) -> None:
    """Close the pool gracefully, but not for ever."""
    try:
        async with asyncio.timeout(5):
            await pool.close()
    except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        pool.terminate()


# --- migrations ---------------------------------------------------------------------------------


class MigrationError(Exception):
    """A migration that was applied has been altered; write a new one instead of changing it."""


def _migration_files(own: Path | None, shared: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return names and texts, the shared ones first: `jobs.sql`, then `jobs_0002_*.sql`, ..."""
    files = [
        (f"shared/{path.stem}", path)
        for name in shared
        for path in (
            SHARED_MIGRATIONS / f"{name}.sql",
            *sorted(SHARED_MIGRATIONS.glob(f"{name}_[0-9]*.sql")),
        )
    ]
    if own is not None:
        files += [(path.stem, path) for path in sorted(own.glob("*.sql"))]
    return [(name, path.read_text(encoding="utf-8")) for name, path in files]


async def migrate(db: Db, schema: str, files: list[tuple[str, str]]) -> None:
    """Create the schema and apply what is new, one process at a time.

    Raises MigrationError.
    """
    async with db.acquire() as connection:
        lock = int.from_bytes(hashlib.sha256(schema.encode()).digest()[:7])
        await connection.execute("SELECT pg_advisory_lock($1)", lock)
        try:
            await _create_schema(connection, schema)
            for name, sql in files:
                await _apply(connection, name, sql)
        finally:
            with suppress(asyncpg.InterfaceError, asyncpg.PostgresError, OSError):
                await connection.execute("SELECT pg_advisory_unlock($1)", lock)


async def _create_schema(connection: Connection, schema: str) -> None:
    exists = "SELECT 1 FROM pg_namespace WHERE nspname = $1"
    if not await connection.fetchval(exists, schema):
        await connection.execute('CREATE SCHEMA "{}"'.format(schema.replace('"', '""')))
    await connection.execute(
        """
        CREATE TABLE IF NOT EXISTS migrations (
            name text PRIMARY KEY,
            sha256 text NOT NULL,
            applied_at timestamptz NOT NULL DEFAULT now()
        )
        """
    )


async def _apply(connection: Connection, name: str, sql: str) -> None:
    """Apply a migration that was not yet, in a transaction of its own."""
    digest = hashlib.sha256(sql.encode()).hexdigest()
    applied = await connection.fetchval("SELECT sha256 FROM migrations WHERE name = $1", name)
    if applied == digest:
        return
    if applied is not None:
        raise MigrationError(f"Migration {name} was altered after it had been applied.")
    async with connection.transaction():
        await connection.execute(sql)
        await connection.execute(
            "INSERT INTO migrations (name, sha256) VALUES ($1, $2)", name, digest
        )
    log.info("migration_applied", migration=name)
