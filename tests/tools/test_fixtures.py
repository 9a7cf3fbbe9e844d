"""The places that tests are given are empty, usable and gone afterwards."""

from __future__ import annotations

import aio_pika
import asyncpg
import pytest

from tests.support import backends as places
from tests.support.backends import Backends
from tests.support.databases import drop_spares
from tests.support.waiting import eventually

LEFT_BEHIND = (
    "SELECT 1",
    "CREATE SCHEMA fleet; CREATE EXTENSION pg_trgm SCHEMA fleet; CREATE TABLE fleet.ships (a int)",
    "CREATE TABLE ships (a int)",
    "CREATE TYPE mood AS ENUM ('calm')",
    "CREATE FUNCTION one() RETURNS int LANGUAGE sql RETURN 1",
    "CREATE EXTENSION btree_gin",
    "SELECT lo_create(0)",
    "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET work_mem = 64', current_database()); END $$",
    "LISTEN fleet; SELECT pg_advisory_lock(1)",
)
THINGS = """
SELECT (SELECT count(*) FROM pg_class) + (SELECT count(*) FROM pg_proc)
     + (SELECT count(*) FROM pg_type)
     + (SELECT count(*) FROM pg_namespace WHERE nspname !~ '_temp_')
     + (SELECT count(*) FROM pg_extension) + (SELECT count(*) FROM pg_largeobject_metadata)
     + (SELECT count(*) FROM pg_db_role_setting
         WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database()))
"""


@pytest.mark.parametrize("statements", LEFT_BEHIND)
async def test_a_database_has_nothing_of_whoever_used_it_before(
    backends: Backends, statements: str
) -> None:
    before, _ = await use(backends, THINGS)
    _, former = await use(backends, statements)

    after, database = await use(backends, THINGS)

    assert after == before
    assert await sessions_in(backends, former) == await sessions_in(backends, database) == 0


async def test_two_tests_never_have_the_same_database(backends: Backends) -> None:
    async with (
        places.database(backends.database_url) as one,
        places.database(backends.database_url) as other,
    ):
        assert one != other


async def test_databases_are_gone_in_the_end_but_for_those_in_use(backends: Backends) -> None:
    async with places.database(backends.database_url) as used:
        async with places.database(backends.database_url) as unused:
            pass

        async def gone() -> None:
            await drop_spares(backends.database_url)
            assert not await exists(unused)

        await eventually(gone)  # another run on the same server may have it for a moment
        assert await exists(used)


async def use(backends: Backends, statements: str) -> tuple[object, str]:
    """Run statements in a database, and leave without saying goodbye."""
    async with places.database(backends.database_url) as url:
        connection = await asyncpg.connect(url)
        if statements == THINGS:
            value = await connection.fetchval(THINGS)
        else:
            value = await connection.execute(statements)
        name: str = await connection.fetchval("SELECT current_database()")
    connection.terminate()
    return value, name


async def exists(url: str) -> bool:
    try:
        await (await asyncpg.connect(url)).close()
    except asyncpg.InvalidCatalogNameError:
        return False
    return True


async def sessions_in(backends: Backends, name: str) -> int:
    server = await asyncpg.connect(backends.database_url)
    count: int = await server.fetchval(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = $1 AND backend_type = 'client backend'",
        name,
    )
    await server.close()
    return count


async def test_a_vhost_takes_quorum_queues(amqp_url: str) -> None:
    connection = await aio_pika.connect(amqp_url)
    async with connection:
        channel = await connection.channel()
        queue = await channel.declare_queue("x", durable=True, arguments={"x-queue-type": "quorum"})
        await channel.default_exchange.publish(aio_pika.Message(b"hello"), "x")
        message = await queue.get(timeout=30)
        assert message.body == b"hello"
        await message.ack()


async def test_a_clickhouse_database_keeps_rows(clickhouse_url: str) -> None:
    with places.clickhouse(clickhouse_url) as client:
        client.execute("CREATE TABLE t (a UInt64) ENGINE = ReplacingMergeTree ORDER BY a")
        client.execute("INSERT INTO t VALUES", [(1,), (2,)])
        assert client.execute("SELECT count() FROM t") == [(2,)]
