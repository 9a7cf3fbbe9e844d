"""A worker of each scheduler, in a process of its own: `python -m benchmarks.job_workers NAME URL`.

Each does the same for a job: one row into `public.effects`. Prints `ready`, begins when a line
comes in, and works until it is stopped.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

import asyncpg
import psycopg_pool
import uvloop
from msgspec import Struct
from pgqueuer import PgQueuer
from pgqueuer.models import Job
from procrastinate import App, PsycopgConnector

from shared import logging, postgres
from shared.jobs import Jobs
from shared.postgres import Connection, Db

INSERT: Final = "INSERT INTO public.effects (number, started) VALUES ($1, $2)"
SCHEMA: Final = "bench"
CONNECTIONS: Final = 20
TOGETHER: Final = 100

PGQUEUER_BATCH: Final = 100
PGQUEUER_CONNECTIONS: Final = 40
"""Its guide: a larger batch for short jobs, and two connections for each job that runs. The fastest
of batches of 10 (its default), 25 and 100, each with 20 and 40 connections."""
PROCRASTINATE_CONCURRENCY: Final = 20
"""As fast as 10 and 40, faster than 1 (its default) and 100. It listens by default."""


class Effect(Struct, tag="effect", frozen=True):
    """A job that writes a row."""

    number: int


async def _go() -> None:
    """Say that all is open, and wait for the word."""
    print("ready", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)


async def _ours(url: str, jobs: Jobs, connections: int = CONNECTIONS) -> None:
    async with postgres.connect(
        url, schema=SCHEMA, min_size=connections, max_size=connections
    ) as db:
        await _go()
        async with jobs.worker(db, db):
            await asyncio.Event().wait()


async def batches(url: str) -> None:
    """Run ours with a handler for many jobs at once."""
    jobs = Jobs()

    @jobs.batch(Effect)
    async def write(_deps: object, jobs: list[Effect], tx: Connection) -> None:  # pyright: ignore[reportUnusedFunction] - registered
        now = time.time()
        numbers = [job.number for job in jobs]
        sql = "INSERT INTO public.effects (number, started) SELECT unnest($1::int[]), $2"
        await tx.execute(sql, numbers, now)

    await _ours(url, jobs)


async def single(url: str) -> None:
    """Run ours with a handler for one job, which writes in the transaction of its completion."""
    jobs = Jobs()

    @jobs.job(Effect)
    async def write(_deps: object, job: Effect, tx: Connection) -> None:  # pyright: ignore[reportUnusedFunction] - registered
        await tx.execute(INSERT, job.number, time.time())

    await _ours(url, jobs, 2 * CONNECTIONS)  # half of them are for transactions


async def together(url: str) -> None:
    """Run ours with a handler for one job, where jobs share a transaction."""
    jobs = Jobs()

    @jobs.job(Effect, together=TOGETHER)
    async def write(_deps: object, job: Effect, tx: Connection) -> None:  # pyright: ignore[reportUnusedFunction] - registered
        await tx.execute(INSERT, job.number, time.time())

    await _ours(url, jobs)


async def plain(url: str) -> None:
    """Run ours with a handler for one job, which writes for itself."""
    jobs = Jobs()

    @jobs.job(Effect)
    async def write(db: Db, job: Effect) -> None:  # pyright: ignore[reportUnusedFunction] - registered
        await db.execute(INSERT, job.number, time.time())

    await _ours(url, jobs)


async def pgqueuer(url: str) -> None:
    """Run pgqueuer."""
    size = PGQUEUER_CONNECTIONS
    async with asyncpg.create_pool(url, min_size=size, max_size=size) as pool:
        queue = PgQueuer.from_asyncpg_pool(pool)

        @queue.entrypoint("effect")
        async def write(job: Job) -> None:  # pyright: ignore[reportUnusedFunction] - registered
            await pool.execute(INSERT, int(job.payload or b""), time.time())

        await _go()
        await queue.run(batch_size=PGQUEUER_BATCH, dequeue_timeout=timedelta(seconds=1))


async def procrastinate(url: str) -> None:
    """Run procrastinate."""
    connector = PsycopgConnector(conninfo=url, min_size=CONNECTIONS, max_size=CONNECTIONS)
    app = App(connector=connector)
    async with psycopg_pool.AsyncConnectionPool(
        url, min_size=CONNECTIONS, max_size=CONNECTIONS, open=False
    ) as pool:

        @app.task(name="effect")
        async def write(number: int) -> None:  # pyright: ignore[reportUnusedFunction] - registered
            async with pool.connection() as connection:
                sql = "INSERT INTO public.effects (number, started) VALUES (%s, %s)"
                await connection.execute(sql, (number, time.time()))

        async with app.open_async():
            await _go()
            await app.run_worker_async(
                concurrency=PROCRASTINATE_CONCURRENCY,
                delete_jobs="always",
                fetch_job_polling_interval=1.0,
                install_signal_handlers=False,
            )


WORKERS: Final[dict[str, Callable[[str], Awaitable[None]]]] = {
    worker.__name__: worker
    for worker in (batches, together, single, plain, pgqueuer, procrastinate)
}


async def _main(name: str, url: str) -> None:
    await WORKERS[name](url)


if __name__ == "__main__":
    logging.configure("bench", "error", "console")
    uvloop.run(_main(sys.argv[1], sys.argv[2]))
