"""The tables of each scheduler for the benchmark of jobs: made, filled with work, and emptied."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import asyncpg
import psycopg
from pgqueuer.db import AsyncpgDriver
from pgqueuer.queries import Queries
from procrastinate import App, PsycopgConnector

from benchmarks.job_workers import SCHEMA
from shared import postgres

EFFECTS: Final = """
    CREATE TABLE public.effects (
        number int NOT NULL,
        started float8 NOT NULL,
        written timestamptz NOT NULL DEFAULT clock_timestamp()
    )
"""


@dataclass(frozen=True, kw_only=True)
class Tables:
    """How to work with the tables of one scheduler.

    `fill` puts in rows: $1 and $2 are the first and the last number, $3 is when the first is due
    and $4 how long after it each following one is. `clear` takes out all that is due within a day.
    """

    make: Callable[[str], Awaitable[None]]
    fill: str
    clear: str
    table: str


async def _make_ours(url: str) -> None:
    async with postgres.connect(url, schema=SCHEMA, shared=("jobs",)):
        pass


async def _make_pgqueuer(url: str) -> None:
    connection = await asyncpg.connect(url)
    queries = Queries(AsyncpgDriver(connection))
    await queries.install()
    await queries.optimize_autovacuum()  # as its guide wants
    await connection.close()


async def _make_procrastinate(url: str) -> None:
    async with App(connector=PsycopgConnector(conninfo=url)).open_async() as app:
        await app.schema_manager.apply_schema_async()


OURS: Final = Tables(
    make=_make_ours,
    fill=f"""
        INSERT INTO {SCHEMA}.timer (due, kind, payload)
        SELECT $3::timestamptz + (number - $1) * $4::interval, 'effect',
               jsonb_build_object('type', 'effect', 'number', number)
          FROM generate_series($1::int, $2::int) AS number
    """,  # noqa: S608 - made of constants
    clear=f"DELETE FROM {SCHEMA}.timer WHERE due < now() + interval '1 day'",  # noqa: S608 - same
    table=f"{SCHEMA}.timer",
)
PGQUEUER: Final = Tables(
    make=_make_pgqueuer,
    fill="""
        INSERT INTO pgqueuer (priority, entrypoint, payload, execute_after, status)
        SELECT 0, 'effect', number::text::bytea,
               $3::timestamptz + (number - $1) * $4::interval, 'queued'
          FROM generate_series($1::int, $2::int) AS number
    """,
    clear="DELETE FROM pgqueuer WHERE execute_after < now() + interval '1 day'",
    table="pgqueuer",
)
PROCRASTINATE: Final = Tables(
    make=_make_procrastinate,
    fill="""
        INSERT INTO procrastinate_jobs (queue_name, task_name, args, scheduled_at)
        SELECT 'default', 'effect', jsonb_build_object('number', number),
               $3::timestamptz + (number - $1) * $4::interval
          FROM generate_series($1::int, $2::int) AS number
    """,
    clear="DELETE FROM procrastinate_jobs WHERE scheduled_at < now() + interval '1 day'",
    table="procrastinate_jobs",
)


async def prepare(server: str, name: str, tables: Tables) -> str:
    """Make a database with a scheduler's tables, and return its address."""
    connection = await asyncpg.connect(server)
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()
    url = f"{server.rpartition('/')[0]}/{name}"
    await tables.make(url)
    async with await psycopg.AsyncConnection.connect(url) as plain:
        await plain.execute(EFFECTS)
    return url
