"""What a claim costs: as much with a million jobs to come as with none, however it was planned."""

from __future__ import annotations

import ast
import asyncio
import json
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct
from prometheus_client import CollectorRegistry

from shared import jobs as scheduler
from shared import postgres
from shared.jobs import Jobs, schedule
from shared.postgres import Connection, Db, execute, fetch_value
from tests.support.waiting import eventually

FUTURE = 60_000
PAGES = 400
"""Pages that 20 jobs may touch, about ten each; the table and its indexes have thousands."""

CLAIM = "SELECT * FROM timer_claim('{lift,remind}', '{20,20}', '30 s', 'somebody', NULL)"
LOOK = "SELECT * FROM timer_claim('{lift,remind}', '{20,20}', '30 s', 'somebody', '{7}')"
SIZE = "SELECT pg_relation_size('timer') / 8192"
NEXT = "SELECT timer_next('{lift,remind}')"
FINISH = """
    SELECT timer_finish(array_agg(number + 60000), array_agg(0))
      FROM generate_series(1::int8, 20) AS number
"""


class Lift(Struct, tag="lift"):
    number: int


@pytest.fixture
async def db(database_url: str) -> AsyncGenerator[Db]:
    async with postgres.connect(database_url, schema="tests", shared=("jobs",)) as db:
        yield db


async def put(db: Connection, count: int, due: str) -> None:
    sql = """
        INSERT INTO timer (due, kind, guild_id, payload)
        SELECT now() + $2::text::interval, 'lift', 5, jsonb_build_object('number', number)
          FROM generate_series(1, $1) AS number
    """
    await execute(db, sql, count, due)


async def pages(db: Connection, sql: str) -> int:
    """Return how many pages a statement touched."""
    text = await db.fetchval(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}")
    plan: dict[str, Any] = (json.loads(text) if isinstance(text, str) else text)[0]["Plan"]
    return plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]


@pytest.mark.parametrize(
    "sql", [CLAIM, LOOK, NEXT, FINISH], ids=["claim", "look", "next", "finish"]
)
async def test_it_does_not_step_over_jobs_of_the_future(db: Db, sql: str) -> None:
    """Also where the plan was made, and kept, when the table was empty."""
    async with db.acquire() as connection:
        await connection.execute("ANALYZE timer")
        for _ in range(10):  # a plan is kept after some uses
            await connection.execute(sql)
        await put(connection, FUTURE, "1 day")
        await put(connection, 20, "-1 min")

        assert await pages(connection, sql) < PAGES
        assert await fetch_value(connection, int, SIZE) > 1000


async def test_a_statement_that_reads_everything_would_be_noticed(db: Db) -> None:
    async with db.acquire() as connection:
        await put(connection, FUTURE, "1 day")
        assert await pages(connection, "SELECT count(*) FROM timer WHERE key IS NULL") > 1000


async def test_a_transaction_that_stays_open_is_shown_and_stops_nothing(db: Db) -> None:
    jobs = Jobs()
    done: list[int] = []

    @jobs.job(Lift)
    async def lift(_deps: object, job: Lift) -> None:
        done.append(job.number)

    registry = CollectorRegistry()
    async with db.acquire() as old, old.transaction(isolation="repeatable_read"):
        await old.fetchval("SELECT count(*) FROM timer")
        async with jobs.worker(db, None, registry=registry):
            for number in range(100):
                await schedule(db, Lift(number))
            await eventually(lambda: sorted(done) == list(range(100)), within=20)
            shown = "jobs_oldest_snapshot_seconds"
            await eventually(lambda: (registry.get_sample_value(shown) or 0) > 0, within=30)


async def test_due_and_dead_are_counted_and_the_oldest_tells_the_lag(db: Db) -> None:
    jobs = Jobs()

    @jobs.job(Lift, concurrency=1)
    async def lift(_deps: object, _job: Lift) -> None:
        await asyncio.Event().wait()

    async with db.acquire() as connection:
        await put(connection, 5, "-1 hour")
        await put(connection, 5, "1 hour")
        await connection.execute(
            """
            INSERT INTO timer (due, kind, payload) VALUES (now() - interval '1 day', 'other', '{}');
            INSERT INTO timer_dead (id, due, attempt, failures, crashes, kind, payload, created)
            VALUES (99, now(), 1, 1, 0, 'lift', '{}', now())
            """
        )
    registry = CollectorRegistry()
    async with jobs.worker(db, None, registry=registry) as worker:
        await eventually(lambda: registry.get_sample_value("jobs_dead") == 1, within=20)
        assert registry.get_sample_value("jobs_due") in {5, 6}  # one may have been begun
        assert (registry.get_sample_value("jobs_lag_seconds") or 0) > 86_000
        await eventually(lambda: registry.get_sample_value("jobs_leased") == 1, within=20)
        await worker.stop(within=0)


def test_the_clock_of_the_host_decides_nothing() -> None:
    """So that no jump of it makes a job early or late: `now()` of the database is what counts."""
    folder = Path(str(scheduler.__file__)).parent
    named = {
        f"{node.value.id}.{node.attr}"
        for path in folder.glob("*.py")
        if path.name != "answering.py"  # a question has a deadline, as all on the bus
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }
    assert "time.monotonic" in named
    assert not named & {"time.time", "time.time_ns", "datetime.now", "datetime.utcnow"}
