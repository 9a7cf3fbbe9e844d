"""Jobs from Discord, for operators: of all services, over the bus."""

from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from msgspec import Struct
from msgspec.structs import replace

from shared.contracts.actions import Button, Message, Respond
from shared.contracts.invocations import CommandsAnnounced, Invocation
from shared.contracts.topology import FLOTILLA_EVENTS
from shared.jobs import list_jobs, schedule
from shared.postgres import execute
from tests.admin.conftest import OPERATOR_ID, Admin
from tests.support.invoking import OWNER_ID, by_text
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")

FAR = timedelta(hours=1)


class Remind(Struct, tag="remind_later"):
    text: str


def by_operator(command: str, text: str = "") -> Invocation:
    return by_text(command, text, user_id=OPERATOR_ID, permissions=0)


@pytest_asyncio.fixture(autouse=True, loop_scope="module")
async def _nothing_to_do(admin: Admin) -> None:  # pyright: ignore[reportUnusedFunction] - a fixture
    await execute(admin.deps.db, "DELETE FROM timer")
    await execute(admin.deps.db, "DELETE FROM timer_dead")


async def announce(admin: Admin, service: str) -> None:
    await admin.bus.publish(
        FLOTILLA_EVENTS,
        CommandsAnnounced.KEY,
        CommandsAnnounced(service=service, commands=()),
        message_id=service,
        type=CommandsAnnounced.KEY,
    )
    known = "SELECT count(*) FROM announced WHERE service = $1"
    await eventually(lambda: admin.deps.db.fetchval(known, service), within=20)


async def put_dead(admin: Admin, job_id: int) -> None:
    sql = """
        INSERT INTO timer_dead (id, due, attempt, failures, crashes, kind, payload, created, error)
        VALUES ($1, now(), 3, 2, 0, 'remind_later', '{"text": "hello"}', now(), 'no good')
    """
    await execute(admin.deps.db, sql, job_id)


async def test_nobody_but_operators_sees_jobs(admin: Admin) -> None:
    for command in ("jobs list", "jobs show", "jobs retry", "jobs cancel"):
        said = await admin.said(by_text(command, "admin 1", user_id=OWNER_ID))
        assert "needs level 1000, and yours is 500" in said


async def test_the_list_is_of_every_service_that_has_jobs(admin: Admin) -> None:
    await announce(admin, "admin")
    await announce(admin, "stats")  # which has none
    assert await admin.said(by_operator("jobs list")) == "There are no such jobs."

    waiting = await schedule(admin.deps.db, Remind("a"), after=FAR, key="tide")
    await put_dead(admin, 900)

    said = await admin.said(by_operator("jobs list"))
    assert said.splitlines()[0] == "**admin**"
    assert "`900` remind_later dead, was due" in said
    assert "failed 2 times: `no good`" in said
    assert f"`{waiting}` remind_later `tide` waiting, due" in said
    assert "900" not in await admin.said(by_operator("jobs list", "admin waiting"))


async def test_a_long_list_turns_to_its_next_page(admin: Admin) -> None:
    await announce(admin, "admin")
    at = datetime.now(UTC) + FAR
    ids = [await schedule(admin.deps.db, Remind(str(number)), at=at) for number in range(12)]

    first = await admin.message(by_operator("jobs list", "admin waiting remind_later"))
    button = first.components[0].components[0]
    assert isinstance(button, Button)
    pressed = by_operator("", "")
    pressed = replace(pressed, source="component", custom_id=button.custom_id or "")
    action = await admin.run(pressed)

    assert isinstance(action, Respond)
    second: Message = action.message
    assert [str(job_id) in first.content for job_id in ids] == [True] * 10 + [False] * 2
    assert [f"`{job_id}`" in second.content for job_id in ids] == [False] * 10 + [True] * 2
    assert second.components == ()


async def test_a_job_is_shown_with_everything_that_is_known(admin: Admin) -> None:
    await put_dead(admin, 900)

    message = await admin.message(by_operator("jobs show", "admin 900"))

    fields = {field.name: field.value for field in message.embeds[0].fields}
    assert message.embeds[0].title == "Job 900 of admin: remind_later"
    assert fields["State"] == "dead"
    assert fields["Failures"] == "2"
    assert "hello" in fields["What it is about"]


async def test_a_dead_job_is_retried_and_a_waiting_one_cancelled(admin: Admin) -> None:
    waiting = await schedule(admin.deps.db, Remind("a"), after=FAR)
    await put_dead(admin, 900)

    retried = await admin.said(by_operator("jobs retry", "admin 900"))
    cancelled = await admin.said(by_operator("jobs cancel", f"admin {waiting}"))

    assert retried == "The job `900` remind_later of admin is due now."
    assert cancelled == f"The job `{waiting}` remind_later of admin is gone."
    [left] = await list_jobs(admin.deps.db)
    assert (left.id, left.state) == (900, "waiting")


async def test_what_is_not_there_is_said(admin: Admin) -> None:
    assert "There is no job 5" in await admin.said(by_operator("jobs show", "admin 5"))
    said = await admin.said(by_operator("jobs cancel", "web 5"))
    assert said == "There is no service web that has jobs."
