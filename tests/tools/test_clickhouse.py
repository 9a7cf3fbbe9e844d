"""The ClickHouse that the stack brings is a real one, and keeps what it acknowledged."""

from __future__ import annotations

import importlib.metadata
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.support.backends import clickhouse
from tools.ports import Ports
from tools.progress import nothing
from tools.servers.clickhouse import ClickHouse
from tools.supervisor import Supervisor


@asynccontextmanager
async def listening(folder: Path) -> AsyncGenerator[tuple[ClickHouse, Supervisor]]:
    ports = Ports(folder / "ports.json")
    server = ClickHouse(folder / "clickhouse", ports.get("tcp"), ports.get("http"))
    server.folder.mkdir(exist_ok=True)
    supervisor = Supervisor(folder, nothing)
    await supervisor.start(server.part(os.environ, folder / "clickhouse.log"))
    try:
        await server.provision()
        yield server, supervisor
    finally:
        await supervisor.close()


async def test_rows_outlive_a_kill_and_a_planned_stop(tmp_path: Path) -> None:
    async with listening(tmp_path) as (server, supervisor):
        with clickhouse(server.url()) as client:
            client.execute(
                "CREATE TABLE events (id UInt64, ts DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)))"
                " ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(ts) ORDER BY id"
                " TTL toDateTime(ts) + INTERVAL 180 DAY"
            )
            rows = "SELECT number, now64(3) FROM numbers(1000)"
            client.execute(f"INSERT INTO events SETTINGS async_insert = 0 {rows}")
        await supervisor.kill("clickhouse")
        await supervisor.wait_ready("clickhouse")
        with clickhouse(server.url()) as client:
            assert client.execute("SELECT count() FROM events FINAL") == [(1000,)]
            client.execute(f"INSERT INTO events SETTINGS async_insert = 0 {rows}")

    async with listening(tmp_path) as (server, _):
        with clickhouse(server.url()) as client:
            assert client.execute("SELECT count() FROM events FINAL") == [(1000,)]


def test_the_wheel_is_the_one_whose_private_entry_point_was_tried() -> None:
    assert importlib.metadata.version("chdb-core") == "26.9.0"
