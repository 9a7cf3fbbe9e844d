"""The places that tests are given are empty, usable and gone afterwards."""

from __future__ import annotations

import aio_pika
import asyncpg

from tests.support import backends as places
from tests.support.backends import Backends


async def test_a_database_is_empty_and_gone_afterwards(backends: Backends) -> None:
    async with places.database(backends.database_url) as url:
        connection = await asyncpg.connect(url)
        assert (
            await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
            == 0
        )
        name = await connection.fetchval("SELECT current_database()")
        await connection.close()

    server = await asyncpg.connect(backends.database_url)
    assert await server.fetchval("SELECT count(*) FROM pg_database WHERE datname = $1", name) == 0
    await server.close()


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
