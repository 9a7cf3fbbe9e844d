"""Jobs whose worker dies, hangs, stops, or loses its database: one effect, and nothing lost."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from msgspec import Struct

from shared import postgres
from shared.jobs import Jobs, list_jobs, schedule, store
from shared.jobs.worker import Worker
from shared.postgres import Connection, Db, execute, fetch_value
from tests.shared.job_process import Count, Die, Hang, Linger
from tests.support.proxy import Proxy, proxied
from tests.support.waiting import eventually

LEASE = timedelta(seconds=1)


@pytest.fixture
async def db(database_url: str) -> AsyncGenerator[Db]:
    async with postgres.connect(database_url, schema="tests", shared=("jobs",)) as db:
        await db.execute("CREATE TABLE effects (number int)")
        yield db


@asynccontextmanager
async def worker_process(url: str, lease: timedelta = LEASE) -> AsyncGenerator[Process]:
    """Run a worker in a process of its own, killed at the end."""
    root = Path(__file__).parents[2]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.shared.job_process",
        url,
        str(lease.total_seconds()),
        stdout=PIPE,
        cwd=root,
    )
    try:
        assert await line_of(process) == "ready"
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGCONT)
            process.kill()
        await process.wait()
        # the transport closes its pipes only on the loop's next turns
        process._transport.close()  # pyright: ignore  # noqa: PGH003


async def line_of(process: Process) -> str:
    assert process.stdout is not None
    async with asyncio.timeout(60):
        return (await process.stdout.readline()).decode().strip()


async def freeze(process: Process) -> None:
    """Stop a process as a machine that sleeps does, and return when all of it stands still."""
    process.send_signal(signal.SIGSTOP)
    threads = Path(f"/proc/{process.pid}/task")

    def stands_still() -> bool:
        states = [(thread / "stat").read_text().rpartition(")")[2] for thread in threads.iterdir()]
        return all(state.split()[0] == "T" for state in states)

    await eventually(stands_still)


async def none_left(db: Db) -> bool:
    return await fetch_value(db, int, "SELECT count(*) FROM timer") == 0


async def effects(db: Db) -> list[int]:
    rows = await db.fetch("SELECT number FROM effects ORDER BY number")
    return [row["number"] for row in rows]


async def test_a_job_whose_worker_was_killed_is_taken_over(database_url: str, db: Db) -> None:
    async with worker_process(database_url) as process:
        await schedule(db, Hang(1))
        assert await line_of(process) == "hang 1"
        process.kill()
        await process.wait()

        taken_over = asyncio.Event()
        others = Jobs()

        @others.job(Hang)
        async def hang(_deps: object, _job: Hang) -> None:
            taken_over.set()

        async with others.worker(db, None, lease=LEASE):
            async with asyncio.timeout(30):
                await taken_over.wait()
            await eventually(lambda: none_left(db))


async def test_every_job_has_one_effect_though_workers_are_killed_again_and_again(
    database_url: str, db: Db
) -> None:
    """Of two workers one is killed in the midst of its work, and another one takes its place."""
    async with AsyncExitStack() as stack:
        workers = [await stack.enter_async_context(worker_process(database_url)) for _ in "ab"]
        for turn in range(KILLS):
            before = len(await effects(db))
            for kind in ("count", "tally"):
                await execute(db, MANY, JOBS * turn, JOBS, kind)
            await eventually(lambda least=before: has_more(db, least), within=20)
            os.kill(workers.pop(0).pid, signal.SIGKILL)
            workers.append(await stack.enter_async_context(worker_process(database_url)))
        await eventually(lambda: none_left(db), within=30)

    assert await effects(db) == sorted(list(range(JOBS * KILLS)) * 2)
    assert await list_jobs(db, "dead") == []


KILLS = 4
JOBS = 150
MANY = """
    INSERT INTO timer (due, kind, payload)
    SELECT now() + random() * interval '1 s', $3,
           jsonb_build_object('type', $3::text, 'number', number)
      FROM generate_series($1::int, $1::int + $2::int - 1) AS number
"""
COUNTS = """
    INSERT INTO timer (due, kind, payload)
    SELECT now(), 'count', jsonb_build_object('type', 'count', 'number', number)
      FROM generate_series(0, $1 - 1) AS number
"""


async def has_more(db: Db, least: int) -> bool:
    return len(await effects(db)) > least


async def test_the_late_completion_of_a_worker_that_hung_is_refused(
    database_url: str, db: Db
) -> None:
    async with worker_process(database_url) as process:
        await schedule(db, Hang(1))
        assert await line_of(process) == "hang 1"
        await freeze(process)

        [stale] = await store_rows(db)
        await eventually(lambda: fetch_value(db, bool, "SELECT due < now() FROM timer"))
        [fresh] = await store.claim(db, {"hang": 1}, timedelta(minutes=1), "another")

        assert fresh.attempt == stale.attempt + 1
        assert await store.finish(db, [stale]) == set()
        assert not await store.put_off(db, [stale], error="late", after=None, counted=True)
        assert not await store.bury(db, stale, error="late")
        assert await store.renew(db, [stale], LEASE) == set()
        assert await store.finish(db, [fresh]) == {fresh.id}


async def store_rows(db: Db) -> list[store.Claimed]:
    sql = "SELECT id, attempt, failures, crashes, kind, key, guild_id, payload FROM timer"
    return await postgres.fetch_all(db, store.Claimed, sql)


async def test_a_job_that_kills_its_workers_is_buried_and_takes_no_other_with_it(
    database_url: str, db: Db
) -> None:
    await schedule(db, Die(1))
    await execute(db, COUNTS, 30)

    crashes = 0
    while not await survives(database_url, db):
        crashes += 1

    [dead] = await list_jobs(db, "dead")
    assert crashes == 2
    assert (dead.kind, dead.error) == ("die", "its worker died 2 times while doing it")
    assert await effects(db) == list(range(30))


async def test_jobs_that_may_be_crashing_their_workers_run_one_at_a_time(db: Db) -> None:
    for number in range(4):
        await schedule(db, Wait(number))
    for _ in range(3):
        await eventually(lambda: crash(db, 4))
    slow = Slow()

    async with slow.jobs.worker(db, None):
        await eventually(lambda: slow.begun)
        await schedule(db, Wait(9))  # one that never crashed does not wait for the suspect
        await eventually(lambda: 9 in slow.begun)
        assert len(slow.begun) == 2
        slow.go_on.set()
        await eventually(lambda: none_left(db))
    assert sorted(slow.ended) == [0, 1, 2, 3, 9]


async def crash(db: Db, count: int) -> bool:
    """Claim jobs as a worker does that dies at once."""
    return len(await store.claim(db, {"wait": count}, timedelta(0), "somebody")) == count


async def survives(url: str, db: Db) -> bool:
    """Run a worker until it dies, or everything is done."""
    async with worker_process(url, timedelta(seconds=0.2)) as process:
        died = asyncio.create_task(process.wait())
        done = asyncio.create_task(eventually(lambda: none_left(db)))
        await asyncio.wait((died, done), return_when=asyncio.FIRST_COMPLETED)
        done.cancel()
        return not died.done()


class Wait(Struct, tag="wait"):
    number: int


class Slow:
    """Jobs that end when the test lets them."""

    def __init__(self) -> None:
        self.jobs = Jobs()
        self.begun: list[int] = []
        self.ended: list[int] = []
        self.go_on = asyncio.Event()

        @self.jobs.job(Wait)
        async def wait(_deps: object, job: Wait) -> None:  # pyright: ignore[reportUnusedFunction]
            self.begun.append(job.number)
            await self.go_on.wait()
            self.ended.append(job.number)


async def test_stopping_finishes_what_runs_and_gives_back_the_rest(db: Db) -> None:
    slow = Slow()
    for number in range(6):
        await schedule(db, Wait(number))
    async with slow.jobs.worker(db, None, concurrency=2):
        await eventually(lambda: len(slow.begun) == 2)
        asyncio.get_running_loop().call_later(0.05, slow.go_on.set)

    assert slow.ended == slow.begun == [0, 1]
    rows = await list_jobs(db)
    assert [(job.state, job.payload["number"]) for job in rows] == [
        ("waiting", number) for number in range(2, 6)
    ]
    assert await fetch_value(db, bool, "SELECT bool_and(due <= now()) FROM timer")


async def test_a_job_that_does_not_stop_in_time_is_given_back(db: Db) -> None:
    slow = Slow()
    await schedule(db, Wait(1))
    async with slow.jobs.worker(db, None) as worker:
        await eventually(lambda: slow.begun == [1])
        await worker.stop(within=0.05)

    [job] = await list_jobs(db)
    assert (job.state, job.failures) == ("waiting", 0)
    assert slow.ended == []


async def test_a_lease_is_renewed_for_as_long_as_the_job_runs(db: Db) -> None:
    slow = Slow()
    lease = timedelta(seconds=4)
    await schedule(db, Wait(1))
    async with slow.jobs.worker(db, None, lease=lease), slow.jobs.worker(db, None, lease=lease):
        await eventually(lambda: slow.begun == [1])
        held_until = await fetch_value(db, datetime, "SELECT due FROM timer")
        sql = "SELECT due - $1 > interval '2 seconds' FROM timer"
        await eventually(lambda: fetch_value(db, bool, sql, held_until))
        assert slow.begun == [1]
        slow.go_on.set()
        await eventually(lambda: none_left(db))


async def test_a_completion_waits_for_a_database_that_is_away(database_url: str, db: Db) -> None:
    slow = Slow()
    async with (
        proxied(database_url) as server,
        postgres.connect(server.url, schema="tests") as shaky,
        slow.jobs.worker(shaky, None),
    ):
        await schedule(db, Wait(1))
        await eventually(lambda: slow.begun == [1])
        await server.shut()
        slow.go_on.set()
        await eventually(lambda: slow.ended == [1])
        assert not await none_left(db)
        await server.open()
        await eventually(lambda: none_left(db))

        await schedule(db, Wait(2))
        await eventually(lambda: slow.ended == [1, 2])


async def test_a_lost_notify_costs_five_seconds_at_most(db: Db) -> None:
    slow = Slow()
    slow.go_on.set()
    async with slow.jobs.worker(db, None):
        await schedule(db, Wait(1))
        await eventually(lambda: slow.ended == [1])
        await db.execute(
            """
            INSERT INTO timer (due, kind, payload) VALUES (now(), 'wait', '{"number": 2}')
            """
        )
        await eventually(lambda: slow.ended == [1, 2])


async def test_jobs_far_in_the_future_notify_nobody(db: Db) -> None:
    woken: list[object] = []

    def on_notify(_connection: object, _pid: int, _channel: str, payload: object) -> None:
        woken.append(payload)

    async with db.acquire() as connection:
        await connection.add_listener("tests_timer", on_notify)
        await schedule(db, Wait(1), after=timedelta(seconds=10))
        await schedule(db, Wait(2), after=timedelta(seconds=1))
        await db.execute("SELECT pg_notify('tests_timer', 'the last')")
        await eventually(lambda: "the last" in woken)
        assert woken == ["", "the last"]
        await connection.remove_listener("tests_timer", on_notify)


async def test_a_worker_that_hangs_in_a_transaction_is_thrown_out(db: Db) -> None:
    hung = asyncio.Event()
    stuck = Jobs()

    @stuck.job(Count)
    async def count(_deps: object, job: Count, tx: Connection) -> None:
        await tx.execute("INSERT INTO effects VALUES ($1)", job.number)
        if not hung.is_set():
            hung.set()
            await asyncio.sleep(1)

    async with stuck.worker(db, None, lease=timedelta(seconds=0.3)):
        await schedule(db, Count(1))
        await eventually(lambda: none_left(db))
    assert await effects(db) == [1]


async def test_a_worker_that_is_stopped_in_a_transaction_past_its_lease_leaves_no_trace(
    database_url: str, db: Db
) -> None:
    """SIGSTOP, as when a machine sleeps: the server ends its transaction, another does the job."""
    async with worker_process(database_url) as process:
        await schedule(db, Linger(1))
        assert await line_of(process) == "linger 1"
        await freeze(process)
        others = Jobs()

        @others.job(Linger)
        async def linger(_deps: object, job: Linger, tx: Connection) -> None:
            await tx.execute("INSERT INTO effects VALUES ($1)", job.number)

        async with others.worker(db, None, lease=LEASE):
            await eventually(lambda: none_left(db), within=20)
            process.send_signal(signal.SIGCONT)
            await schedule(db, Count(2))  # done by whoever is there, after it woke up
            await eventually(lambda: has_more(db, 1), within=20)
    assert await effects(db) == [1, 2]


@asynccontextmanager
async def claiming_over_a_stalled_connection(
    url: str, db: Db, jobs: Jobs
) -> AsyncGenerator[tuple[Worker, Proxy]]:
    """Give a worker that has claimed a job in the database, and has not been told so."""
    async with (
        proxied(url) as server,
        postgres.connect(server.url, schema="tests") as far,
        jobs.worker(far, None) as worker,
    ):
        async with db.acquire() as other, other.transaction():
            await other.execute("LOCK TABLE timer IN ACCESS EXCLUSIVE MODE")
            await schedule(other, Wait(1), after=timedelta(minutes=-1))
            await db.execute("SELECT pg_notify('tests_timer', '')")
            await eventually(lambda: fetch_value(db, bool, CLAIM_WAITS), within=30)
            server.stall()
        await eventually(lambda: fetch_value(db, bool, CLAIMED), within=30)
        yield worker, server


CLAIM_WAITS = """
    SELECT EXISTS (SELECT FROM pg_stat_activity
                    WHERE datname = current_database() AND wait_event_type = 'Lock'
                      AND query LIKE '%timer_claim%')
"""
CLAIMED = "SELECT owner IS NOT NULL FROM timer"


async def test_what_is_claimed_in_the_moment_of_a_stop_is_given_back(
    database_url: str, db: Db
) -> None:
    """Or it would look as if it had crashed a worker, and wait for its lease to end."""
    slow = Slow()
    async with claiming_over_a_stalled_connection(database_url, db, slow.jobs) as (worker, server):
        server.flow()
        await worker.stop(within=120)
        [job] = await list_jobs(db)
    assert (job.state, job.failures, slow.begun) == ("waiting", 0, [])


async def test_a_stop_ends_though_the_server_does_not_answer(database_url: str, db: Db) -> None:
    """A query that is cancelled over a stalled connection waits for a minute, each in its turn."""
    slow = Slow()
    async with claiming_over_a_stalled_connection(database_url, db, slow.jobs) as (worker, server):
        async with asyncio.timeout(30):
            await worker.stop(within=1)
        [job] = await list_jobs(db)
        server.flow()
    assert (job.state, slow.begun) == ("running", [])
