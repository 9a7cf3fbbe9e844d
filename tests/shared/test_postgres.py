"""Postgres: migrations once, rows as Structs, and a pool that outlives the server's absence."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from msgspec import Struct

from shared import postgres
from shared.errors import UnavailableError
from shared.postgres import (
    Db,
    MigrationError,
    execute,
    fetch_all,
    fetch_maybe,
    fetch_one,
    fetch_value,
    is_unavailable,
    listen,
    transaction,
)
from tests.support.proxy import Proxy, proxied
from tests.support.waiting import eventually


class Ship(Struct, frozen=True):
    id: int
    name: str
    launched_at: datetime | None = None
    cargo: dict[str, Any] | None = None


SHIPS = """
CREATE TABLE ships (
    id bigint PRIMARY KEY, name text NOT NULL, launched_at timestamptz, cargo jsonb, other int
)
"""


@pytest.fixture
def migrations(tmp_path: Path) -> Path:
    (tmp_path / "0001_ships.sql").write_text(SHIPS)
    return tmp_path


async def put_ship(db: postgres.Executor, number: int, name: str = "Argo") -> None:
    await execute(db, "INSERT INTO ships (id, name) VALUES ($1, $2)", number, name)


async def sink(db: postgres.Executor, number: int) -> None:
    """Write in a transaction that fails."""
    async with transaction(db) as tx:
        await put_ship(tx, number)
        raise RuntimeError


async def test_rows_become_structs_by_column_name(database_url: str, migrations: Path) -> None:
    launched = datetime(2026, 11, 1, 12, tzinfo=UTC)
    async with postgres.connect(database_url, schema="fleet", migrations=migrations) as db:
        await execute(
            db,
            "INSERT INTO ships VALUES ($1, 'Argo', $2, $3, 5)",
            2**62,
            launched,
            {"oars": [50, None, "ash"]},
        )

        ship = await fetch_one(db, Ship, "SELECT * FROM ships")

        assert ship == Ship(2**62, "Argo", launched, {"oars": [50, None, "ash"]})
        assert ship is not None
        assert ship.launched_at is not None
        assert ship.launched_at.tzinfo is not None
        assert await fetch_all(db, Ship, "SELECT * FROM ships WHERE id = 1") == []
        assert await fetch_one(db, Ship, "SELECT * FROM ships WHERE id = 1") is None
        assert await fetch_value(db, int, "SELECT count(*) FROM ships") == 1
        assert await fetch_maybe(db, str, "SELECT name FROM ships WHERE id = 1") is None
        assert await fetch_value(db, UUID, "SELECT gen_random_uuid()")


async def test_executing_tells_how_many_rows_were_touched(
    database_url: str, migrations: Path
) -> None:
    async with postgres.connect(database_url, schema="fleet", migrations=migrations) as db:
        await put_ship(db, 1)
        await put_ship(db, 2)
        assert await execute(db, "UPDATE ships SET name = 'Beagle'") == 2
        assert await execute(db, "DELETE FROM ships WHERE id = 9") == 0


async def test_tables_live_in_the_services_own_schema(database_url: str, migrations: Path) -> None:
    async with postgres.connect(database_url, schema="fleet", migrations=migrations) as db:
        await put_ship(db, 1)
    connection = await asyncpg.connect(database_url)
    assert await connection.fetchval("SELECT count(*) FROM fleet.ships") == 1
    await connection.close()


async def test_a_transaction_that_fails_leaves_nothing(database_url: str, migrations: Path) -> None:
    async with postgres.connect(database_url, schema="fleet", migrations=migrations) as db:
        with pytest.raises(RuntimeError):
            await sink(db, 1)
        assert await fetch_all(db, Ship, "SELECT * FROM ships") == []


async def test_a_transaction_inside_of_one_is_a_savepoint(
    database_url: str, migrations: Path
) -> None:
    async with postgres.connect(database_url, schema="fleet", migrations=migrations) as db:
        async with transaction(db) as tx:
            await put_ship(tx, 1)
            with pytest.raises(RuntimeError):
                await sink(tx, 2)
        assert [ship.id for ship in await fetch_all(db, Ship, "SELECT * FROM ships")] == [1]


async def test_migrations_are_applied_once_by_whoever_comes_first(
    database_url: str, migrations: Path
) -> None:
    async def start() -> None:
        async with postgres.connect(
            database_url,
            schema="fleet",
            migrations=migrations,
            shared=("jobs", "outbox"),
            min_size=1,
        ) as db:
            await fetch_value(db, int, "SELECT count(*) FROM timer")

    await asyncio.gather(*(start() for _ in range(4)))
    (migrations / "0002_more.sql").write_text("ALTER TABLE ships ADD COLUMN more int")
    await start()

    async with postgres.connect(database_url, schema="fleet") as db:
        applied = await db.fetch("SELECT name FROM migrations ORDER BY applied_at, name")
        assert {row["name"] for row in applied} == {
            "0001_ships",
            "0002_more",
            "shared/jobs",
            "shared/jobs_0002_fair",
            "shared/outbox",
        }


async def test_a_migration_that_was_altered_is_refused(database_url: str, migrations: Path) -> None:
    async with postgres.connect(database_url, schema="fleet", migrations=migrations):
        pass
    (migrations / "0001_ships.sql").write_text(SHIPS + "-- altered")

    with pytest.raises(MigrationError, match="0001_ships was altered"):
        async with postgres.connect(database_url, schema="fleet", migrations=migrations):
            pass


async def test_a_migration_that_fails_leaves_nothing_behind(
    database_url: str, migrations: Path
) -> None:
    (migrations / "0002_bad.sql").write_text("CREATE TABLE half (id int); SELECT nonsense")
    with pytest.raises(asyncpg.UndefinedColumnError):
        async with postgres.connect(database_url, schema="fleet", migrations=migrations):
            pass
    (migrations / "0002_bad.sql").write_text("CREATE TABLE half (id int)")

    async with postgres.connect(database_url, schema="fleet", migrations=migrations) as db:
        assert await fetch_value(db, int, "SELECT count(*) FROM half") == 0


@pytest.fixture
async def server(database_url: str) -> AsyncGenerator[Proxy]:
    async with proxied(database_url) as proxy:
        yield proxy


async def answers(db: Db) -> bool:
    try:
        return await fetch_value(db, int, "SELECT 1") == 1
    except Exception as error:
        if is_unavailable(error):
            return False
        raise


async def test_the_pool_recovers_when_the_server_comes_back(server: Proxy) -> None:
    async with postgres.connect(server.url, schema="fleet") as db:
        assert await answers(db)
        await server.shut()
        for _ in range(3):
            with pytest.raises(Exception) as caught:  # noqa: PT011 - which one depends on timing
                await fetch_value(db, int, "SELECT 1")
            assert is_unavailable(caught.value)

        await server.open()

        await eventually(lambda: answers(db))


async def test_losing_the_server_in_the_middle_of_a_query_counts_as_unavailable(
    server: Proxy,
) -> None:
    async with postgres.connect(server.url, schema="fleet") as db:
        query = asyncio.create_task(db.fetchval("SELECT pg_sleep(60)"))
        await eventually(lambda: sleeping(db))
        server.cut()
        with pytest.raises(Exception) as caught:  # noqa: PT011 - which one depends on timing
            await query
        assert is_unavailable(caught.value)


async def sleeping(db: Db) -> bool:
    sql = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
    return await fetch_value(db, int, sql) > 0


async def test_a_server_that_is_shut_down_by_its_admin_counts_as_unavailable(
    database_url: str,
) -> None:
    async with postgres.connect(database_url, schema="fleet") as db:
        async with db.acquire() as connection:
            pid = connection.get_server_pid()
            await fetch_value(db, bool, "SELECT pg_terminate_backend($1)", pid)
            with pytest.raises(Exception) as caught:  # noqa: PT011 - which one depends on timing
                await connection.fetchval("SELECT 1")
            assert is_unavailable(caught.value)
        assert await answers(db)


async def test_connecting_waits_for_a_server_that_is_not_there_yet(server: Proxy) -> None:
    await server.shut()

    async def use() -> bool:
        async with postgres.connect(server.url, schema="fleet") as db:
            return await answers(db)

    using = asyncio.create_task(use())
    await asyncio.sleep(0.15)
    assert not using.done()
    await server.open()
    assert await using


@pytest.mark.parametrize(
    "error", [ValueError("x"), asyncpg.UniqueViolationError(), FileNotFoundError(), TimeoutError()]
)
async def test_ordinary_errors_do_not_count_as_unavailable(error: Exception) -> None:
    assert not is_unavailable(error)
    assert is_unavailable(UnavailableError("away"))


async def test_listening_wakes_at_a_notify_and_after_each_reconnect(server: Proxy) -> None:
    woken = 0

    def wake() -> None:
        nonlocal woken
        woken += 1

    async with postgres.connect(server.url, schema="fleet") as db:
        listening = asyncio.create_task(listen(db, "bell", wake))
        await eventually(lambda: woken == 1)
        await db.execute("SELECT pg_notify('fleet_bell', '')")
        await eventually(lambda: woken == 2)
        server.cut()
        await eventually(lambda: woken >= 3)
        before = woken
        await db.execute("SELECT pg_notify('fleet_bell', '')")
        await eventually(lambda: woken > before)
        listening.cancel()
        await asyncio.wait((listening,), timeout=30)


async def test_a_length_of_time_is_an_interval(database_url: str) -> None:
    async with postgres.connect(database_url, schema="fleet") as db:
        assert await fetch_value(db, timedelta, "SELECT $1::interval", timedelta(days=2)) == (
            timedelta(days=2)
        )


async def test_a_server_that_hangs_is_not_up_and_nobody_waits_for_it(database_url: str) -> None:
    async with (
        proxied(database_url) as server,
        postgres.connect(server.url, schema="fleet", min_size=1, max_size=2) as db,
    ):
        assert await postgres.is_up(db)
        server.stall()
        # Unbounded, each would take as long as a query may: a minute.
        async with asyncio.timeout(40):
            assert [await postgres.is_up(db) for _ in range(4)] == [False] * 4

        server.flow()

        async def is_up() -> bool:
            return await postgres.is_up(db)

        await eventually(is_up, within=90)
