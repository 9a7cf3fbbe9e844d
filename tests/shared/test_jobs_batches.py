"""Batches of jobs: one transaction for all their writes, and no job that spoils the others'."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from datetime import timedelta

import pytest
from msgspec import Struct

from shared import postgres
from shared.errors import Retry, UnavailableError
from shared.jobs import Jobs, cancel, list_jobs, schedule, store
from shared.postgres import Connection, Db, execute, fetch_value, transaction
from tests.support.waiting import eventually


class Pay(Struct, tag="pay"):
    number: int


@pytest.fixture
async def db(database_url: str) -> AsyncGenerator[Db]:
    async with postgres.connect(database_url, schema="tests", shared=("jobs",)) as db:
        await db.execute("CREATE TABLE effects (number int)")
        yield db


class Payroll:
    """Pays everybody of a batch, after whatever the test wants to happen before."""

    def __init__(
        self, before: Callable[[list[int]], None] | None = None, *, size: int = 500, tries: int = 12
    ) -> None:
        self.jobs = Jobs()
        self.calls: list[list[int]] = []
        self.entered = asyncio.Event()
        self.go_on = asyncio.Event()
        self.go_on.set()

        @self.jobs.batch(Pay, size=size, max_failures=tries)
        async def pay(_deps: object, jobs: list[Pay], tx: Connection) -> None:  # pyright: ignore[reportUnusedFunction]
            numbers = [job.number for job in jobs]
            self.calls.append(numbers)
            await tx.execute("INSERT INTO effects SELECT unnest($1::int[])", numbers)
            self.entered.set()
            if before is not None:
                before(numbers)
            await self.go_on.wait()


async def put(db: Db, count: int) -> None:
    async with transaction(db) as tx:
        for number in range(count):
            await schedule(tx, Pay(number), key=str(number))


async def effects(db: Db) -> list[int]:
    rows = await db.fetch("SELECT number FROM effects ORDER BY number")
    return [row["number"] for row in rows]


async def none_left(db: Db) -> bool:
    return await fetch_value(db, int, "SELECT count(*) FROM timer") == 0


async def test_many_jobs_are_done_in_one_transaction(db: Db) -> None:
    payroll = Payroll(size=40)
    await put(db, 100)
    async with payroll.jobs.worker(db, None):
        await eventually(lambda: none_left(db), within=20)

    assert await effects(db) == list(range(100))
    assert sorted(map(len, payroll.calls)) == [20, 40, 40]
    assert await fetch_value(db, int, "SELECT count(DISTINCT xmin::text) FROM effects") == 3


async def test_a_poisonous_job_is_found_and_stops_no_other(db: Db) -> None:
    def refuse(numbers: list[int]) -> None:
        if {13, 77} & set(numbers):
            raise ValueError("no such account")

    payroll = Payroll(refuse, tries=1)
    await put(db, 100)
    async with payroll.jobs.worker(db, None):
        await eventually(lambda: none_left(db), within=20)

    dead = await list_jobs(db, "dead")
    assert sorted(job.payload["number"] for job in dead) == [13, 77]
    assert {job.error for job in dead} == {"ValueError('no such account')"}
    assert await effects(db) == [number for number in range(100) if number not in {13, 77}]


async def test_a_poisonous_job_is_tried_again_and_the_others_are_not(db: Db) -> None:
    refused: list[int] = []

    def refuse_four_times(numbers: list[int]) -> None:
        if 3 in numbers and len(refused) < 4:
            refused.append(len(numbers))
            raise ValueError("not yet")

    payroll = Payroll(refuse_four_times)
    await put(db, 8)
    async with payroll.jobs.worker(db, None):
        await eventually(lambda: none_left(db), within=20)

    assert refused == [8, 4, 2, 1]
    assert await effects(db) == list(range(8))


async def test_what_was_cancelled_or_moved_meanwhile_is_not_in_the_batch(db: Db) -> None:
    await put(db, 3)
    held = await store.claim(db, {"pay": 3}, timedelta(minutes=1), "me")
    assert await cancel(db, Pay, "0")
    await schedule(db, Pay(1), key="1", after=timedelta(hours=1))

    async with transaction(db) as tx:
        ours = await store.take_out(tx, held, timedelta(minutes=1))

    [left] = await list_jobs(db)
    assert (left.payload["number"], left.state) == (1, "waiting")
    assert ours == {job.id for job in held if job.payload["number"] == 2}


async def test_a_job_is_cancelled_or_has_its_effect_and_never_both(db: Db) -> None:
    payroll = Payroll(size=10)
    await put(db, 60)
    async with payroll.jobs.worker(db, None):
        cancelled = [number for number in range(60) if await cancel(db, Pay, str(number))]
        await eventually(lambda: none_left(db), within=20)

    assert await effects(db) == [number for number in range(60) if number not in cancelled]


async def test_a_batch_that_asks_for_it_is_put_off_as_a_whole(db: Db) -> None:
    def ask(_: list[int]) -> None:
        raise Retry(timedelta(hours=1), "the bank is closed")

    payroll = Payroll(ask)
    await put(db, 20)
    async with payroll.jobs.worker(db, None):
        await eventually(lambda: all_say(db, "the bank is closed"), within=20)

    assert len(payroll.calls) == 1
    assert await effects(db) == []


async def all_say(db: Db, error: str) -> bool:
    return all(job.error == error and job.failures == 1 for job in await list_jobs(db))


async def test_a_batch_waits_uncounted_while_something_is_away(db: Db) -> None:
    tries: list[int] = []

    def be_away_first(numbers: list[int]) -> None:
        tries.append(len(numbers))
        if len(tries) == 1:
            raise UnavailableError("the bank is away")

    payroll = Payroll(be_away_first, tries=1)
    await put(db, 20)
    async with payroll.jobs.worker(db, None):
        await eventually(lambda: none_left(db), within=20)

    assert tries == [20, 20]
    assert await effects(db) == list(range(20))


async def test_a_stop_lets_a_batch_end_and_gives_the_rest_back(db: Db) -> None:
    payroll = Payroll(size=10)
    payroll.go_on.clear()
    await put(db, 45)
    async with payroll.jobs.worker(db, None):
        await payroll.entered.wait()
        asyncio.get_running_loop().call_later(0.05, payroll.go_on.set)

    left = await list_jobs(db)
    assert len(left) + len(await effects(db)) == 45
    assert {(job.state, job.failures) for job in left} == {("waiting", 0)}


async def test_jobs_that_were_in_a_crash_run_in_smaller_batches(db: Db) -> None:
    payroll = Payroll(size=64)
    await put(db, 64)
    await execute(db, "UPDATE timer SET crashes = 1 WHERE payload->>'number' = '0'")
    async with payroll.jobs.worker(db, None):
        await eventually(lambda: none_left(db), within=20)

    [with_it] = [call for call in payroll.calls if 0 in call]
    assert len(with_it) <= 8
    assert sum(map(len, payroll.calls)) == 64


async def test_a_batch_takes_deps_jobs_and_a_transaction() -> None:
    async def two(_deps: object, _jobs: list[Pay]) -> None: ...

    with pytest.raises(ValueError, match="takes deps, jobs and tx"):
        Jobs().batch(Pay)(two)
    with pytest.raises(ValueError, match="at least one job"):
        Jobs().batch(Pay, size=0)


# --- jobs that share a transaction ----------------------------------------------------------------


async def test_jobs_that_run_together_share_a_transaction_and_one_that_fails_is_put_off_alone(
    db: Db,
) -> None:
    jobs = Jobs()
    transactions: dict[int, int] = {}

    @jobs.job(Pay, together=40)
    async def pay(_deps: object, job: Pay, tx: Connection) -> None:  # pyright: ignore[reportUnusedFunction]
        transactions[job.number] = await fetch_value(tx, int, "SELECT txid_current()")
        await tx.execute("INSERT INTO effects VALUES ($1)", job.number)
        if job.number == 7:
            raise ValueError("no such account")

    await put(db, 20)
    async with jobs.worker(db, None):
        await eventually(lambda: one_has_failed(db))
        [left] = await list_jobs(db)

    assert left.payload["number"] == 7
    assert await effects(db) == [number for number in range(20) if number != 7]
    assert len(set(transactions.values())) < 10


async def one_has_failed(db: Db) -> bool:
    return await fetch_value(db, bool, "SELECT count(*) = 1 AND min(failures) > 0 FROM timer")


def test_jobs_that_run_together_need_a_function_that_takes_the_transaction() -> None:
    jobs = Jobs()

    async def pay(_deps: object, _job: Pay) -> None:
        """Pay somebody."""

    with pytest.raises(ValueError, match="takes tx"):
        jobs.job(Pay, together=5)(pay)
