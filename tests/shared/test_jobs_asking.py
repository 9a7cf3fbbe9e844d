"""What operators may ask about jobs, over the bus and over HTTP: list, show, retry, cancel."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from msgspec import Struct

from shared import http, postgres
from shared.bus import Bus
from shared.contracts import codec
from shared.contracts.jobs import (
    CancelJob,
    JobInfo,
    JobsAsked,
    JobsTold,
    ListJobs,
    RetryJob,
    ShowJob,
)
from shared.contracts.topology import FLOTILLA_EVENTS, jobs_key
from shared.errors import NotFoundError, UserError
from shared.http import Actor, sign
from shared.http.tokens import Role
from shared.jobs import answer_operators, ask_about_jobs, list_jobs, schedule, store
from shared.postgres import Db, execute
from shared.settings import Secret, ServiceSettings
from tests.support.waiting import eventually

SECRET = "a key that only the tests of this project know"
OPERATOR = 7
AT = datetime(2026, 11, 1, 12, 30, tzinfo=UTC)
FAR = timedelta(hours=1)

GOLDEN = [
    (
        JobsAsked(
            question=ListJobs(state="dead", kind="lift", after=(AT, 5), limit=3), deadline=AT
        ),
        (
            b'{"question":{"type":"list_jobs","state":"dead","kind":"lift",'
            b'"after":["2026-11-01T12:30:00Z",5],"limit":3},"deadline":"2026-11-01T12:30:00Z"}'
        ),
    ),
    *(
        (
            JobsAsked(question=question(id=5), deadline=AT),
            b'{"question":{"type":"%b","id":5},"deadline":"2026-11-01T12:30:00Z"}' % name,
        )
        for question, name in (
            (ShowJob, b"show_job"),
            (RetryJob, b"retry_job"),
            (CancelJob, b"cancel_job"),
        )
    ),
    (
        JobsTold(
            jobs=(JobInfo(5, "dead", "lift", "a", AT, 3, 2, AT, {"guild_id": 9}, None, "no", AT),),
            next=(AT, 5),
            refusal="no",
        ),
        (
            b'{"jobs":[{"id":5,"state":"dead","kind":"lift","key":"a",'
            b'"due":"2026-11-01T12:30:00Z","attempt":3,"failures":2,'
            b'"created":"2026-11-01T12:30:00Z","payload":{"guild_id":9},'
            b'"owner":null,"error":"no","died":"2026-11-01T12:30:00Z"}],'
            b'"next":["2026-11-01T12:30:00Z",5],"refusal":"no"}'
        ),
    ),
]


class Lift(Struct, tag="lift"):
    guild_id: int


class Remind(Struct, tag="remind"):
    number: int


@pytest.fixture
async def db(database_url: str) -> AsyncGenerator[Db]:
    async with postgres.connect(database_url, schema="tests", shared=("jobs",)) as db:
        yield db


@pytest.fixture
async def api(db: Db) -> AsyncGenerator[httpx.AsyncClient]:
    async def ready() -> Mapping[str, bool]:
        return {}

    settings = ServiceSettings(
        database_url=Secret(""),
        amqp_url=Secret(""),
        token_secret=Secret(SECRET),
        http_port=0,
        operators=(OPERATOR,),
    )
    app = http.create_app(service="tests", ready=ready, settings=settings)
    app.include_router(http.job_routes(db))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://tests") as client:
        client.headers.update(as_("operator"))
        yield client


def as_(role: Role, user_id: int = OPERATOR) -> dict[str, str]:
    actor = Actor(user_id=user_id, guild_id=0 if role == "operator" else 1, role=role)
    return {"Authorization": f"Bearer {sign(SECRET, actor, 'tests')}"}


async def put_dead(db: Db, job_id: int, key: str | None = None) -> None:
    """Put in a job that failed for good."""
    sql = """
        INSERT INTO timer_dead (id, due, attempt, failures, crashes, kind, key, payload, created,
               error)
        VALUES ($1, now() - interval '1 h', 3, 2, 0, 'lift', $2,
                '{"guild_id": 1100000000000000001}', now(), 'no good')
    """
    await execute(db, sql, job_id, key)


async def run_one(db: Db, kind: str) -> None:
    """Hold a job as a worker does."""
    assert len(await store.claim(db, {kind: 1}, FAR, "somebody")) == 1


@pytest.mark.parametrize(("contract", "golden"), GOLDEN)
def test_questions_and_answers_have_the_bytes_they_once_had(
    contract: Struct, golden: bytes
) -> None:
    assert codec.encode(contract) == golden
    assert codec.decode(golden, type(contract)) == contract


# --- the table ------------------------------------------------------------------------------------


async def test_pages_have_every_job_once_in_the_order_of_due_times(db: Db) -> None:
    same = datetime.now(UTC) + FAR
    for number in range(7):
        await schedule(db, Lift(number) if number % 2 else Remind(number), at=same)
    await put_dead(db, 900)

    seen: list[int] = []
    after = None
    while True:
        page = await list_jobs(db, after=after, limit=3)
        if not page:
            break
        seen += [job.id for job in page]
        after = (page[-1].due, page[-1].id)

    assert seen == [900, *sorted(job.id for job in await list_jobs(db) if job.id != 900)]
    assert len(seen) == 8


async def test_a_list_is_of_a_state_and_of_a_kind(db: Db) -> None:
    await schedule(db, Remind(1))
    await run_one(db, "remind")
    await schedule(db, Remind(2), after=FAR)
    await schedule(db, Lift(1), after=FAR)
    await put_dead(db, 900)

    async def kinds(**which: str | None) -> list[str]:
        found = await list_jobs(db, which.get("state"), kind=which.get("kind"))  # pyright: ignore[reportArgumentType] - short for the test
        return [f"{job.state} {job.kind}" for job in found]

    assert await kinds(state="running") == ["running remind"]
    assert await kinds(state="waiting") == ["waiting remind", "waiting lift"]
    assert await kinds(state="waiting", kind="lift") == ["waiting lift"]
    assert await kinds(state="dead") == ["dead lift"]
    assert await kinds(kind="lift") == ["dead lift", "waiting lift"]
    assert len(await kinds()) == 4


# --- over the bus ---------------------------------------------------------------------------------


async def test_a_service_answers_what_is_asked_of_it(db: Db, bus: Bus) -> None:
    job_id = await schedule(db, Remind(1), after=FAR)
    await put_dead(db, 900)
    await answer_operators(bus, "tests", db)

    listed = await ask_about_jobs(bus, "tests", ListJobs(limit=1))
    assert [job.id for job in listed.jobs] == [900]
    rest = await ask_about_jobs(bus, "tests", ListJobs(after=listed.next))
    assert ([job.id for job in rest.jobs], rest.next) == ([job_id], None)
    shown = await ask_about_jobs(bus, "tests", ShowJob(id=job_id))
    assert shown.jobs[0].payload == {"type": "remind", "number": 1}
    retried = await ask_about_jobs(bus, "tests", RetryJob(id=900))
    assert (retried.jobs[0].state, retried.jobs[0].failures) == ("waiting", 0)
    await ask_about_jobs(bus, "tests", CancelJob(id=job_id))
    assert [job.id for job in await list_jobs(db)] == [900]


async def test_a_refusal_says_why(db: Db, bus: Bus) -> None:
    await answer_operators(bus, "tests", db)
    with pytest.raises(UserError, match="There is no job 12"):
        await ask_about_jobs(bus, "tests", CancelJob(id=12))
    with pytest.raises(NotFoundError, match="no service stats that has jobs"):
        await ask_about_jobs(bus, "stats", ListJobs())


async def test_a_service_that_does_not_answer_does_nothing_later(db: Db, bus: Bus) -> None:
    job_id = await schedule(db, Remind(1), after=FAR)
    consumption = await answer_operators(bus, "tests", db)
    await consumption.drain()
    short = timedelta(milliseconds=200)
    with pytest.raises(UserError, match="does not answer"):
        await ask_about_jobs(bus, "tests", CancelJob(id=job_id), timeout=short)

    await answer_operators(bus, "tests", db)
    await ask_about_jobs(bus, "tests", ListJobs())  # comes after what was asked before
    assert [job.id for job in await list_jobs(db)] == [job_id]


async def test_what_is_no_question_is_parked(db: Db, bus: Bus) -> None:
    await answer_operators(bus, "tests", db)
    key = jobs_key("tests")
    await bus.publish(FLOTILLA_EVENTS, key, b'{"deadline": 1}', message_id="1", type="JobsAsked")

    async def parked() -> bool:
        return (await bus.queue_stats("tests.jobs.dead"))[0] == 1

    await eventually(parked, within=20)


# --- over HTTP ------------------------------------------------------------------------------------


async def test_operators_alone_see_jobs(api: httpx.AsyncClient) -> None:
    for path, method in (("", "GET"), ("/1", "GET"), ("/1/retry", "POST"), ("/1", "DELETE")):
        refused = [
            (await api.request(method, f"/jobs{path}", headers=headers)).status_code
            for headers in (as_("admin"), as_("operator", user_id=8), {"Authorization": ""})
        ]
        assert refused == [403, 403, 401]


async def test_jobs_are_listed_in_pages(db: Db, api: httpx.AsyncClient) -> None:
    await schedule(db, Remind(1), after=FAR, key="a")
    await put_dead(db, 900)

    first = (await api.get("/jobs", params={"limit": 1})).json()
    second = (await api.get("/jobs", params={"limit": 1, "cursor": first["next"]})).json()
    dead = (await api.get("/jobs", params={"state": "dead", "kind": "lift"})).json()

    assert [job["id"] for job in first["items"]] == ["900"]
    assert [job["key"] for job in second["items"]] == ["a"]
    assert second["next"] is None
    assert dead["items"] == first["items"]
    assert dead["items"][0]["payload"] == {"guild_id": "1100000000000000001"}
    assert (await api.get("/jobs?state=lost")).status_code == 400
    assert (await api.get("/jobs?cursor=x")).status_code == 400


async def test_a_dead_job_is_retried_and_a_waiting_one_is_done_now(
    db: Db, api: httpx.AsyncClient
) -> None:
    job_id = await schedule(db, Remind(1), after=FAR)
    await put_dead(db, 900)

    retried = (await api.post("/jobs/900/retry")).json()
    hastened = (await api.post(f"/jobs/{job_id}/retry")).json()

    assert (retried["state"], retried["error"]) == ("waiting", None)
    assert datetime.fromisoformat(hastened["due"]) < datetime.now(UTC) + timedelta(minutes=1)
    await run_one(db, "remind")
    assert (await api.post(f"/jobs/{job_id}/retry")).status_code == 409
    assert (await api.post("/jobs/77/retry")).status_code == 404


async def test_a_dead_job_is_not_retried_over_a_newer_one_of_its_key(
    db: Db, api: httpx.AsyncClient
) -> None:
    await put_dead(db, 900, key="ban 7")
    await schedule(db, Lift(1), key="ban 7", after=FAR)

    answer = await api.post("/jobs/900/retry")

    assert answer.status_code == 409
    assert "newer job lift with the key ban 7" in answer.json()["detail"]


async def test_a_job_is_cancelled_by_its_id(db: Db, api: httpx.AsyncClient) -> None:
    job_id = await schedule(db, Remind(1), after=FAR)

    assert (await api.get(f"/jobs/{job_id}")).json()["state"] == "waiting"
    assert (await api.delete(f"/jobs/{job_id}")).status_code == 200
    assert (await api.delete(f"/jobs/{job_id}")).status_code == 404
    assert await list_jobs(db) == []
