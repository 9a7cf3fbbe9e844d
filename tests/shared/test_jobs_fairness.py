"""Jobs that wait for nobody else's: not for a crowded guild's, nor for those of a slow kind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest
from msgspec import Struct

from shared import postgres
from shared.jobs import Jobs, schedule
from shared.postgres import Db, execute, fetch_value
from tests.support.waiting import eventually

CROWDED, QUIET, OTHER = 1, 2, 3
SLOTS = 4


class Lift(Struct, tag="lift"):
    guild_id: int
    number: int


class Remind(Struct, tag="remind"):
    number: int


class Work:
    """Jobs that end when the test lets them, and never more of them at once than it saw."""

    def __init__(self) -> None:
        self.jobs = Jobs()
        self.begun: list[int] = []
        self.reminded: list[int] = []
        self.go_on = asyncio.Event()

        @self.jobs.job(Lift)
        async def lift(_deps: object, job: Lift) -> None:  # pyright: ignore[reportUnusedFunction]
            self.begun.append(job.guild_id)
            await self.go_on.wait()

        @self.jobs.job(Remind)
        async def remind(_deps: object, job: Remind) -> None:  # pyright: ignore[reportUnusedFunction]
            self.reminded.append(job.number)


@pytest.fixture
async def db(database_url: str) -> AsyncGenerator[Db]:
    async with postgres.connect(database_url, schema="tests", shared=("jobs",)) as db:
        yield db


async def crowd(db: Db, count: int) -> None:
    """Have one guild's jobs be due before everybody else's."""
    sql = """
        INSERT INTO timer (due, kind, guild_id, payload)
        SELECT now() - interval '1 hour', 'lift', $2::int8,
               jsonb_build_object('type', 'lift', 'guild_id', $2::int8, 'number', number)
          FROM generate_series(1, $1) AS number
    """
    await execute(db, sql, count, CROWDED)


async def test_a_guild_does_not_wait_for_another_one_with_many_jobs(db: Db) -> None:
    work = Work()
    await crowd(db, 10_000)
    async with work.jobs.worker(db, None, concurrency=SLOTS):
        await eventually(lambda: work.begun == [CROWDED] * SLOTS, within=20)
        await schedule(db, Lift(QUIET, 1))
        await eventually(lambda: work.begun == [*[CROWDED] * SLOTS, QUIET], within=20)


async def test_guilds_that_wait_take_turns_in_what_is_left_for_them(db: Db) -> None:
    work = Work()
    await crowd(db, 1000)
    async with work.jobs.worker(db, None, concurrency=SLOTS):
        await eventually(lambda: len(work.begun) == SLOTS, within=20)
        for number in range(3):
            await schedule(db, Lift(QUIET, number))
        await schedule(db, Lift(OTHER, 1))
        await eventually(lambda: QUIET in work.begun, within=20)
        assert OTHER not in work.begun
        work.go_on.set()
        await eventually(lambda: OTHER in work.begun, within=20)


async def test_a_kind_does_not_wait_for_another_one_that_is_slow(db: Db) -> None:
    work = Work()
    await crowd(db, 1000)
    async with work.jobs.worker(db, None, concurrency=SLOTS):
        await eventually(lambda: len(work.begun) == SLOTS, within=20)
        await schedule(db, Remind(1))
        await eventually(lambda: work.reminded == [1], within=20)


async def test_a_kind_may_have_a_number_of_its_own(db: Db) -> None:
    jobs = Jobs()
    begun: list[int] = []
    go_on = asyncio.Event()

    @jobs.job(Remind, concurrency=1)
    async def remind(_deps: object, job: Remind) -> None:
        begun.append(job.number)
        await go_on.wait()

    for number in range(3):
        await schedule(db, Remind(number))
    async with jobs.worker(db, None):
        await eventually(lambda: begun, within=20)
        assert await fetch_value(db, int, "SELECT count(owner) FROM timer") == 1
        go_on.set()
        await eventually(lambda: len(begun) == 3, within=20)
