"""How fast timed jobs are done, and how soon after they are due, beside pgqueuer and procrastinate.

Every job writes one row. Ours is measured with a handler for many jobs at once, with one that is
called for each job and writes in the transaction of its completion (exactly once), with the same
where jobs share a transaction, and with one that writes for itself (at least once, as with both
peers). Postgres is a private one, with fsync on. Each scheduler has two databases, one without and
one with a million jobs for later; all sides and both databases are measured in turn, so that what
the machine does besides hits all of them. The peers' settings are those of their documentation,
and of what it offers the fastest of those tried.
"""

import asyncio
import statistics
import sys
import tempfile
import time
from asyncio.subprocess import PIPE, Process
from collections import defaultdict
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import asyncpg

from benchmarks.job_tables import OURS, PGQUEUER, PROCRASTINATE, Tables, prepare
from benchmarks.report import CannotMeasureError, Result, compare
from tools.background import servers
from tools.progress import to_terminal

ONLY_POSTGRES: Final = {"AMQP_URL": "none", "CLICKHOUSE_URL": "none"}
"""What is named here counts as given, and is not started."""
ROUNDS: Final = 3
FUTURE: Final = 1_000_000
CHUNK: Final = 100_000
LONGEST: Final = 1.0
"""Seconds after which a round ends, however many jobs are left; the rate is of those done."""
PATIENCE: Final = 30.0
TIMED: Final = 300
EVERY: Final = timedelta(milliseconds=20)
"""For due to start: so many jobs, each due so long after the one before."""
LATEST: Final = 15.0
"""Seconds after which a job that has not begun counts as begun then."""


NONE: Final = "none waiting"
STALE: Final = "1 M waiting, not analyzed yet"
MILLION: Final = "1 M waiting"


@dataclass(frozen=True)
class Side:
    """One of those that are compared: a worker and its tables, and a round's worth of jobs."""

    name: str
    tables: Tables
    jobs: int
    said: str = ""


BATCHES: Final = Side("batches", OURS, 50_000, "batch handler")
TOGETHER: Final = Side("together", OURS, 12_000, "handlers that share a transaction")
SINGLE: Final = Side("single", OURS, 5_000, "handler in a transaction")
PLAIN: Final = Side("plain", OURS, 6_000, "plain handler")
PEERS: Final = (
    Side("pgqueuer", PGQUEUER, 6_000),
    Side("procrastinate", PROCRASTINATE, 1_000),
)
MINE: Final = (BATCHES, TOGETHER, SINGLE, PLAIN)
SIDES: Final = (*MINE, *PEERS)
QUICK: Final = (BATCHES, *PEERS)
TIMELY: Final = (SINGLE, *PEERS)
WORKERS: Final = (1, 2)

Rates = dict[tuple[str, str], list[float]]
"""What was measured, by side and case."""


@dataclass
class Base:
    """The database of a scheduler, and a connection to it."""

    tables: Tables
    url: str
    db: "asyncpg.Connection[asyncpg.Record]"

    async def fill(
        self, first: int, count: int, due: datetime, every: timedelta = timedelta()
    ) -> None:
        """Put jobs in, the first of them due at `due`; what triggers tell nobody hears."""
        async with self.db.transaction():
            await self.db.execute("SET LOCAL session_replication_role = replica")
            await self.db.execute(self.tables.fill, first, first + count - 1, due, every)

    async def fill_future(self) -> None:
        """Put in a million jobs that are due over the next year, from a month on."""
        begin, step = datetime.now(UTC) + timedelta(days=30), timedelta(seconds=30)
        for first in range(0, FUTURE, CHUNK):
            await self.fill(first, CHUNK, begin + first * step, step)

    async def clear(self) -> None:
        """Take out what is due, and forget what was done."""
        await self.db.execute(self.tables.clear)
        await self.db.execute("TRUNCATE public.effects")

    async def analyze(self) -> None:
        """Do what autovacuum does sooner or later."""
        await self.db.execute(f"VACUUM ANALYZE {self.tables.table}")


@dataclass
class Place:
    """One side at one of its databases, and what else waits in that."""

    side: Side
    base: Base
    waiting: str


async def run() -> list[Result]:
    """Measure all of them, in turn."""
    async with AsyncExitStack() as stack:
        name = stack.enter_context(tempfile.TemporaryDirectory(prefix="flotilla-bench-"))
        folder = _open_to_all(Path(name))
        server = stack.enter_context(servers(folder, ONLY_POSTGRES, to_terminal)).database_url
        bases = {
            (tables.table, waiting): await stack.enter_async_context(_base(server, tables, number))
            for tables in (OURS, PGQUEUER, PROCRASTINATE)
            for number, waiting in enumerate((NONE, MILLION))
        }
        return await _measure(
            [
                Place(side, bases[side.tables.table, waiting], waiting)
                for side in SIDES
                for waiting in (NONE, MILLION)
            ]
        )


def _open_to_all(folder: Path) -> Path:
    """Let a Postgres in that steps down from root to another user."""
    folder.chmod(0o755)
    return folder


@asynccontextmanager
async def _base(server: str, tables: Tables, number: int) -> AsyncGenerator["Base"]:
    url = await prepare(server, f"bench_{tables.table.rpartition('.')[2]}_{number}", tables)
    db = await asyncpg.connect(url)
    try:
        yield Base(tables, url, db)
    finally:
        await db.close()


async def _measure(places: list[Place]) -> list[Result]:
    rates: Rates = defaultdict(list)
    full = [place for place in places if place.waiting == MILLION]
    for base in _bases(full):
        await base.fill_future()
    for place in full:
        if place.side in QUICK:
            rates[place.side.name, _case(1, STALE)].append(await _rate(place, 1))
    for base in _bases(places):
        await base.analyze()
    for _ in range(ROUNDS):
        for workers in WORKERS:
            for place in places:
                case = _case(workers, place.waiting)
                rates[place.side.name, case].append(await _rate(place, workers))
    lates = {place.side.name: await _lateness(place) for place in full if place.side in TIMELY}
    return [*_speed(rates), *_flatness(rates), *_delay(lates)]


def _bases(places: list[Place]) -> list[Base]:
    """Return the databases of places, each once."""
    return list({place.base.url: place.base for place in places}.values())


# --- jobs a second --------------------------------------------------------------------------------


def _case(workers: int, waiting: str) -> str:
    return f"{workers} worker{'s' if workers > 1 else ''}, {waiting}"


async def _rate(place: Place, workers: int) -> float:
    """Return how many jobs a second were done by so many workers."""
    jobs = place.side.jobs
    async with _workers(place, workers) as running:
        await place.base.clear()
        await place.base.fill(1, jobs, datetime.now(UTC) - timedelta(minutes=1))
        await _go(place, running)
        began = time.time()
        await _until_done(place, jobs, began + LONGEST)
    done, distinct, last = await _effects(place)
    if not done or done != distinct:
        raise CannotMeasureError(f"{place.side.name}: {done} effects of {distinct} jobs")
    return done / (last - began)


async def _until_done(place: Place, jobs: int, end: float) -> None:
    """Wait until so many jobs are done, or until a time; for the first one somewhat longer."""
    sql = "SELECT count(*) FROM public.effects"
    while (done := await place.base.db.fetchval(sql)) < jobs:
        if time.time() > (end if done else end + PATIENCE):
            return
        await asyncio.sleep(0.1)


async def _effects(place: Place) -> tuple[int, int, float]:
    row = await place.base.db.fetchrow(
        """
        SELECT count(*) AS done, count(DISTINCT number) AS distinct,
               coalesce(extract(epoch FROM max(written)), 0)::float8 AS last
          FROM public.effects
        """
    )
    assert row is not None
    return row["done"], row["distinct"], row["last"]


# --- due to start ---------------------------------------------------------------------------------


async def _lateness(place: Place) -> list[float]:
    """Return how long after they were due jobs began, in ms, with a million others waiting."""
    await place.base.clear()
    due = datetime.now(UTC) + timedelta(seconds=8)  # until the worker is there
    await place.base.fill(1, TIMED, due, EVERY)
    end = due.timestamp() + TIMED * EVERY.total_seconds() + LATEST
    async with _workers(place, 1) as running:
        await _go(place, running)
        await _until_done(place, TIMED, end)
    rows = await place.base.db.fetch("SELECT number, started FROM public.effects")
    begun: dict[int, float] = {row["number"]: row["started"] for row in rows}
    first, step = due.timestamp(), EVERY.total_seconds()
    late = [
        begun.get(number, end) - (first + (number - 1) * step) for number in range(1, TIMED + 1)
    ]
    if min(late) < -0.001:
        raise CannotMeasureError(f"{place.side.name} began a job {-min(late):g} s before its time")
    return [seconds * 1000 for seconds in late]


# --- workers --------------------------------------------------------------------------------------


@asynccontextmanager
async def _workers(place: Place, count: int) -> AsyncGenerator[list[Process]]:
    """Give workers in processes of their own, which are still starting."""
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(_worker(place)) for _ in range(count)]


@asynccontextmanager
async def _worker(place: Place) -> AsyncGenerator[Process]:
    argv = (sys.executable, "-m", "benchmarks.job_workers", place.side.name, place.base.url)
    process = await asyncio.create_subprocess_exec(*argv, stdin=PIPE, stdout=PIPE)
    try:
        yield process
    finally:
        process.kill()
        await process.wait()


async def _go(place: Place, workers: list[Process]) -> None:
    """Have workers begin once all of them are ready."""
    for worker in workers:
        assert worker.stdout is not None
        said = await asyncio.wait_for(worker.stdout.readline(), PATIENCE)
        if said.strip() != b"ready":
            raise CannotMeasureError(f"{place.side.name} did not start; it said {said!r}")
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write(b"go\n")


# --- results --------------------------------------------------------------------------------------


def _speed(rates: Rates) -> list[Result]:
    return [
        compare(
            "jobs",
            f"{side.said}, {case}",
            ours=rates[side.name, case],
            peer=rates[peer.name, case],
            peer_name=peer.name,
            unit="jobs/s",
        )
        for side in MINE
        for case in [case for name, case in rates if name == side.name]
        for peer in PEERS
    ]


def _flatness(rates: Rates) -> list[Result]:
    return [
        compare(
            "jobs",
            f"{side.said}, {_case(workers, MILLION)}",
            ours=rates[side.name, _case(workers, MILLION)],
            peer=rates[side.name, _case(workers, NONE)],
            peer_name="itself, none waiting",
            unit="jobs/s",
        )
        for side in MINE
        for workers in WORKERS
    ]


def _delay(lates: dict[str, list[float]]) -> list[Result]:
    return [
        compare(
            "jobs",
            f"due to start, 1 M waiting, p{percent}",
            ours=[_percentile(lates[SINGLE.name], percent)],
            peer=[_percentile(lates[peer.name], percent)],
            peer_name=peer.name,
            unit="ms",
        )
        for percent in (50, 99)
        for peer in PEERS
    ]


def _percentile(values: list[float], percent: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]
