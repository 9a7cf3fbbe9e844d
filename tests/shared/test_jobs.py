"""Jobs: done in time and once, replaced and cancelled by key, retried, buried where it shows."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from msgspec import Struct
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from shared import postgres
from shared.errors import Retry, UnavailableError
from shared.jobs import (
    Jobs,
    cancel,
    cancel_by_id,
    list_jobs,
    retry_dead,
    schedule,
    show_job,
)
from shared.postgres import Connection, Db, execute, fetch_value, transaction
from tests.support.waiting import eventually


class Lift(Struct, tag="lift", frozen=True):
    number: int


class Count(Struct, tag="count", frozen=True):
    number: int


class Grumble(Struct, tag="grumble", frozen=True):
    number: int


@dataclass
class Deps:
    """What the handlers below do their work with, and how the test steers them."""

    db: Db
    lifted: list[int] = field(default_factory=list[int])
    at: list[float] = field(default_factory=list[float])
    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    errors: list[Exception] = field(default_factory=list[Exception])


def make_jobs(max_failures: int = 12) -> Jobs:
    jobs = Jobs()

    @jobs.job(Lift, max_failures=max_failures)
    async def lift(deps: Deps, job: Lift) -> None:
        deps.lifted.append(job.number)
        deps.at.append(time.time())
        if deps.errors:
            raise deps.errors.pop(0)
        await deps.go_on.wait()

    @jobs.job(Count)
    async def count(deps: Deps, job: Count, tx: Connection) -> None:
        await tx.execute("INSERT INTO effects VALUES ($1)", job.number)
        deps.lifted.append(job.number)
        await deps.go_on.wait()

    return jobs


@pytest.fixture
async def deps(database_url: str) -> AsyncGenerator[Deps]:
    async with postgres.connect(database_url, schema="tests", shared=("jobs",)) as db:
        await db.execute("CREATE TABLE effects (number int)")
        deps = Deps(db)
        deps.go_on.set()
        yield deps


async def left(deps: Deps) -> int:
    return await fetch_value(deps.db, int, "SELECT count(*) FROM timer")


async def effects(deps: Deps) -> int:
    return await fetch_value(deps.db, int, "SELECT count(*) FROM effects")


async def none_left(deps: Deps) -> bool:
    return await left(deps) == 0


async def test_a_job_is_done_soon_after_it_is_due_and_never_before(deps: Deps) -> None:
    dues = [time.time() + 0.15 + 0.03 * number for number in range(10)]
    async with make_jobs().worker(deps.db, deps):
        for number, due in enumerate(dues):
            await schedule(deps.db, Lift(number), at=datetime.fromtimestamp(due, UTC))
        await eventually(lambda: len(deps.at) == 10)

    late = [at - due for at, due in zip(deps.at, dues, strict=True)]
    assert min(late) >= 0
    assert sorted(late)[5] < 2  # a look every few seconds would be later
    assert await none_left(deps)


async def test_a_job_without_a_time_is_done_at_once(deps: Deps) -> None:
    async with make_jobs().worker(deps.db, deps):
        await schedule(deps.db, Lift(1))
        await eventually(lambda: deps.lifted == [1], within=4)


async def test_a_job_is_scheduled_only_if_its_transaction_commits(deps: Deps) -> None:
    async def change_mind() -> None:
        async with transaction(deps.db) as tx:
            await schedule(tx, Lift(1))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await change_mind()

    assert await none_left(deps)


async def test_the_same_key_replaces_what_was_scheduled(deps: Deps) -> None:
    first = await schedule(deps.db, Lift(1), after=timedelta(hours=1), key="ban 7")
    second = await schedule(deps.db, Lift(2), key="ban 7")
    await schedule(deps.db, Lift(3), key="ban 8")

    async with make_jobs().worker(deps.db, deps):
        await eventually(lambda: sorted(deps.lifted) == [2, 3])
        await eventually(lambda: none_left(deps))
    assert first == second


async def test_a_job_ordered_anew_while_it_runs_is_done_again_and_worries_no_operator(
    deps: Deps,
) -> None:
    jobs = Jobs()

    @jobs.job(Lift)
    async def lift(deps: Deps, job: Lift) -> None:
        deps.lifted.append(job.number)
        if job.number == 1:
            await schedule(deps.db, Lift(2), key="ban 7")

    await schedule(deps.db, Lift(1), key="ban 7")
    with capture_logs() as logged:
        async with jobs.worker(deps.db, deps):
            await eventually(lambda: deps.lifted == [1, 2])
            await eventually(lambda: none_left(deps))

    assert ("job_was_replaced", "info") in [(line["event"], line["log_level"]) for line in logged]
    assert [line for line in logged if line["log_level"] == "warning"] == []


async def test_a_cancelled_job_is_not_done(deps: Deps) -> None:
    await schedule(deps.db, Lift(1), key="ban 7")
    assert await cancel(deps.db, Lift, "ban 7")
    assert not await cancel(deps.db, Lift, "ban 7")
    assert not await cancel(deps.db, Count, "ban 8")

    async with make_jobs().worker(deps.db, deps):
        await schedule(deps.db, Lift(2))
        await eventually(lambda: deps.lifted == [2])


async def test_a_job_cancelled_while_it_runs_leaves_no_trace_in_the_database(deps: Deps) -> None:
    """Whoever comes first wins: the row is locked while its transaction runs."""
    deps.go_on.clear()
    async with make_jobs().worker(deps.db, deps):
        await schedule(deps.db, Count(1), key="a")
        await eventually(lambda: deps.lifted == [1])
        cancelling = asyncio.create_task(cancel(deps.db, Count, "a"))
        await asyncio.wait((cancelling,), timeout=0.05)
        deps.go_on.set()
        was_there = await cancelling
    assert (was_there, await effects(deps)) == (False, 1)


@pytest.mark.parametrize("seed", range(3))
async def test_a_job_is_either_cancelled_or_done_never_both(deps: Deps, seed: int) -> None:
    many = 60
    async with make_jobs().worker(deps.db, deps):
        for number in range(many):
            await schedule(
                deps.db, Count(number), after=timedelta(seconds=0.05), key=str(number + seed)
            )
        cancelled = 0
        for number in range(many):
            cancelled += await cancel(deps.db, Count, str(number + seed))
        await eventually(lambda: none_left(deps))
    assert await effects(deps) == many - cancelled


async def test_rescheduling_a_job_while_it_runs_runs_it_again(deps: Deps) -> None:
    deps.go_on.clear()
    async with make_jobs().worker(deps.db, deps):
        await schedule(deps.db, Lift(1), key="a")
        await eventually(lambda: deps.lifted == [1])
        await schedule(deps.db, Lift(2), key="a")
        deps.go_on.set()
        await eventually(lambda: deps.lifted == [1, 2])
        await eventually(lambda: none_left(deps))


async def test_a_job_moved_to_later_while_it_runs_is_not_lost_when_it_ends(deps: Deps) -> None:
    deps.go_on.clear()
    async with make_jobs().worker(deps.db, deps):
        await schedule(deps.db, Lift(1), key="a")
        await eventually(lambda: deps.lifted == [1])
        await schedule(deps.db, Lift(2), key="a", after=timedelta(hours=1))
        deps.go_on.set()
        await schedule(deps.db, Lift(3))
        await eventually(lambda: deps.lifted == [1, 3])
    [job] = await list_jobs(deps.db)
    assert (job.state, job.payload["number"]) == ("waiting", 2)


async def test_a_job_can_schedule_itself_again_in_its_transaction(deps: Deps) -> None:
    jobs = Jobs()

    @jobs.job(Count)
    async def count(deps: Deps, job: Count, tx: Connection) -> None:
        deps.lifted.append(job.number)
        if job.number < 3:
            await schedule(tx, Count(job.number + 1), key="again")

    async with jobs.worker(deps.db, deps):
        await schedule(deps.db, Count(0), key="again")
        await eventually(lambda: deps.lifted == [0, 1, 2, 3])
        await eventually(lambda: none_left(deps))


async def test_a_handlers_writes_are_undone_when_it_fails(deps: Deps) -> None:
    jobs = Jobs()

    @jobs.job(Count, max_failures=1)
    async def count(_deps: Deps, job: Count, tx: Connection) -> None:
        await tx.execute("INSERT INTO effects VALUES ($1)", job.number)
        raise ValueError("no")

    async with jobs.worker(deps.db, deps):
        await schedule(deps.db, Count(1))
        await eventually(lambda: list_jobs(deps.db, "dead"))
    assert await effects(deps) == 0


async def test_a_job_that_asks_for_it_is_tried_again_after_that_time(deps: Deps) -> None:
    deps.errors.append(Retry(timedelta(seconds=0.2), "Discord says so"))
    async with make_jobs().worker(deps.db, deps):
        await schedule(deps.db, Lift(1))
        await eventually(lambda: deps.lifted == [1, 1])
    assert 0.2 <= deps.at[1] - deps.at[0] < 4


async def test_a_job_that_fails_is_tried_again_after_a_random_while(deps: Deps) -> None:
    deps.errors.append(ValueError("once"))
    async with make_jobs().worker(deps.db, deps):
        await schedule(deps.db, Lift(1))
        await eventually(lambda: deps.lifted == [1, 1])
    assert deps.at[1] - deps.at[0] < 4


async def test_the_wait_doubles_with_every_failure_up_to_a_limit(deps: Deps) -> None:
    from shared.jobs import store  # noqa: PLC0415 - the statement is what is tested

    for failures, longest in ((0, 1), (3, 8), (12, 600), (500, 600)):
        await deps.db.execute("TRUNCATE timer")
        before = await fetch_value(deps.db, datetime, "SELECT now()")
        for number in range(20):
            await schedule(deps.db, Lift(number))
        await execute(deps.db, "UPDATE timer SET failures = $1", failures)
        held = await store.claim(deps.db, {"lift": 20}, timedelta(seconds=30), "me")
        put_off = await store.put_off(deps.db, held, error="x", after=None, counted=True)
        assert put_off == {job.id for job in held}
        # Between these is how long each has to wait, however long the statements took.
        rows = await deps.db.fetch(
            "SELECT due - now() AS least, due - $1 AS most FROM timer", before
        )
        assert max(row["least"].total_seconds() for row in rows) <= longest
        assert max(row["most"].total_seconds() for row in rows) > longest / 2
        assert min(row["least"].total_seconds() for row in rows) < longest / 2


async def test_a_job_that_keeps_failing_is_buried_and_can_be_put_back(deps: Deps) -> None:
    deps.errors.extend(Retry(timedelta(0), "no good") for _ in range(3))
    registry = CollectorRegistry()
    async with make_jobs(max_failures=3).worker(deps.db, deps, registry=registry):
        job_id = await schedule(deps.db, Lift(1), key="a")
        [dead] = await eventually(lambda: list_jobs(deps.db, "dead"))
        assert (dead.id, dead.kind, dead.key, dead.error) == (job_id, "lift", "a", "no good")
        assert dead.payload == {"type": "lift", "number": 1}
        assert await none_left(deps)

        assert await retry_dead(deps.db, job_id)
        await eventually(lambda: len(deps.lifted) == 4)
        await eventually(lambda: none_left(deps))
    assert await show_job(deps.db, job_id) is None
    done = {"kind": "lift", "outcome": "done"}
    assert registry.get_sample_value("jobs_done_total", done) == 1


async def test_a_dead_job_is_not_put_back_over_a_newer_one_of_its_key(deps: Deps) -> None:
    deps.errors.append(Retry(timedelta(0), "no good"))
    async with make_jobs(max_failures=1).worker(deps.db, deps):
        job_id = await schedule(deps.db, Lift(1), key="a")
        await eventually(lambda: list_jobs(deps.db, "dead"))
    await schedule(deps.db, Lift(2), key="a", after=timedelta(hours=1))

    assert not await retry_dead(deps.db, job_id)
    assert await show_job(deps.db, job_id) is not None


async def test_no_failure_is_counted_while_something_is_away(deps: Deps) -> None:
    deps.errors.extend(UnavailableError("away") for _ in range(3))
    async with make_jobs(max_failures=1).worker(deps.db, deps):
        await schedule(deps.db, Lift(1))
        await eventually(lambda: len(deps.lifted) == 4)
        await eventually(lambda: none_left(deps))


async def test_a_job_that_cannot_be_read_is_buried(deps: Deps) -> None:
    await deps.db.execute("INSERT INTO timer (due, kind, payload) VALUES (now(), 'lift', '{}')")
    async with make_jobs().worker(deps.db, deps):
        [dead] = await eventually(lambda: list_jobs(deps.db, "dead"))
    assert dead.error is not None
    assert "not a Lift" in dead.error


async def test_a_kind_that_nobody_does_waits_for_who_does_and_says_so(deps: Deps) -> None:
    await schedule(deps.db, Grumble(1))
    async with make_jobs().worker(deps.db, deps):
        await eventually(lambda: fetch_value(deps.db, bool, "SELECT error IS NOT NULL FROM timer"))
    [job] = await list_jobs(deps.db)
    assert (job.state, job.attempt, job.failures) == ("waiting", 0, 0)
    assert job.error == "no function does this kind of job"

    newer = Jobs()

    @newer.job(Grumble)
    async def grumble(deps: Deps, job: Grumble) -> None:
        deps.lifted.append(job.number)

    async with newer.worker(deps.db, deps):
        await eventually(lambda: deps.lifted == [1])


async def test_operators_see_what_waits_and_what_runs(deps: Deps) -> None:
    deps.go_on.clear()
    async with make_jobs().worker(deps.db, deps):
        later = await schedule(deps.db, Lift(2), after=timedelta(hours=1))
        now = await schedule(deps.db, Lift(1))
        await eventually(lambda: deps.lifted == [1])
        assert [job.id for job in await list_jobs(deps.db, "running")] == [now]
        assert [job.id for job in await list_jobs(deps.db, "waiting")] == [later]
        assert [job.id for job in await list_jobs(deps.db, kind="lift")] == [now, later]
        assert await list_jobs(deps.db, kind="count") == []
        assert await cancel_by_id(deps.db, later)
        assert not await cancel_by_id(deps.db, later)
        deps.go_on.set()


async def test_two_functions_for_one_kind_are_refused() -> None:
    async def lift_too(_deps: Deps, _job: Lift) -> None: ...

    with pytest.raises(ValueError, match="two functions for the job lift"):
        make_jobs().job(Lift)(lift_too)


async def test_a_database_of_an_older_version_keeps_its_jobs(database_url: str) -> None:
    """The first migration alone, as it was applied before there was a second."""
    name = "shared/jobs"
    first = (postgres.SHARED_MIGRATIONS / "jobs.sql").read_text(encoding="utf-8")
    async with postgres.connect(database_url, schema="tests") as db:
        await postgres.migrate(db, "tests", [(name, first)])
        await db.execute(
            """
            INSERT INTO timer (due, kind, key, payload) VALUES
                   (now(), 'lift', 'a', '{"number": 1, "guild_id": 1100000000000000001}'),
                   (now() + interval '1 h', 'lift', 'b', '{"number": 2, "guild_id": null}');
            INSERT INTO timer_dead (id, due, attempt, failures, crashes, kind, payload, created)
            VALUES (99, now(), 1, 1, 0, 'lift', '{"number": 3, "guild_id": "7"}', now())
            """
        )

    async with postgres.connect(database_url, schema="tests", shared=("jobs",)) as db:
        rows = await db.fetch(
            "SELECT guild_id FROM timer UNION ALL SELECT guild_id FROM timer_dead ORDER BY 1"
        )
        assert [row["guild_id"] for row in rows] == [0, 7, 1_100_000_000_000_000_001]
        deps = Deps(db)
        deps.go_on.set()
        async with make_jobs().worker(db, deps):
            await eventually(lambda: deps.lifted == [1], within=20)
        assert await cancel(db, Lift, "b")
