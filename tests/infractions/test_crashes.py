"""Infractions killed between any two steps of a measure: one record, one ban, the right state."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

import aio_pika
import pytest
import pytest_asyncio
from msgspec.structs import replace

from shared.contracts.actions import ActionRequest, ActionResult
from shared.contracts.topology import GATEWAY_ACTIONS, INTERACTIVE
from tests.infractions.rig import Process, environment
from tests.infractions.rig import rig as make_rig
from tests.infractions.scene import Scene, buttons
from tests.support import backends as places
from tests.support.answering_gateway import Do
from tests.support.backends import Backends
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")

NEARLY = timedelta(seconds=5)
"""Until a command may no longer be answered: long enough to be begun."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def process(backends: Backends) -> AsyncGenerator[Process]:
    """Give infractions as a process of its own, which every test kills and starts again."""
    async with AsyncExitStack() as stack:
        database_url = await stack.enter_async_context(places.database(backends.database_url))
        amqp_url = await stack.enter_async_context(
            places.vhost(backends.amqp_url, backends.amqp_management_url)
        )
        process = Process(environment(database_url, amqp_url))
        stack.push_async_callback(process.kill)
        yield process


@pytest_asyncio.fixture(loop_scope="session")
async def scene(process: Process) -> AsyncGenerator[Scene]:
    """Give a guild of the test's own, with the process running."""
    async with make_rig(process.environ) as rig:
        if not process.running:
            await process.start()
        yield Scene(rig)


def kill_at_the_ban(scene: Scene, process: Process, *, done: bool) -> None:
    """Kill the process when it asks for the ban: before Discord has done it, or after."""

    async def react(_request: ActionRequest, do: Do) -> None:
        if done:
            do()
        await process.kill()

    scene.gateway.on(scene.id, "ban", react)


async def killed(process: Process) -> None:
    await eventually(lambda: not process.running, within=30)


async def check_one_ban(scene: Scene) -> None:
    """Check what has to be so in the end, whenever the crash was."""
    [infraction] = await scene.infractions()
    assert (infraction["number"], infraction["state"]) == (1, "active")
    assert scene.done() == ["ban"]
    assert await scene.changes(1) == ["created", "active"]
    assert not await scene.timers("finish_pending")
    assert len(await scene.timers("lift_infraction")) == 1


@pytest.mark.parametrize("done", [False, True], ids=["before Discord", "after Discord"])
async def test_killed_at_the_ban_it_is_finished_when_the_command_comes_again(
    scene: Scene, process: Process, done: bool
) -> None:
    kill_at_the_ban(scene, process, done=done)
    tempban = scene.text(f"tempban <@{scene.raider}> 1h")
    await scene.gateway.send(tempban)
    await killed(process)
    assert scene.banned() is done

    await process.start()

    assert "Banned" in (await scene.gateway.answer(tempban)).message.content
    await check_one_ban(scene)


async def test_killed_at_the_ban_it_is_finished_by_a_job_when_nobody_waits_any_more(
    scene: Scene, process: Process
) -> None:
    kill_at_the_ban(scene, process, done=True)
    tempban = scene.text(f"tempban <@{scene.raider}> 1h")
    deadline = datetime.now(UTC) + NEARLY
    await scene.gateway.send(replace(tempban, deadline=deadline))
    await killed(process)
    await eventually(lambda: datetime.now(UTC) > deadline)

    await process.start()
    await scene.hurry("finish_pending", 1)

    await scene.until(1, "active")
    await check_one_ban(scene)


async def test_killed_before_the_answer_it_answers_when_the_command_comes_again(
    scene: Scene, process: Process
) -> None:
    async def cut_off(_request: ActionRequest, do: Do) -> ActionResult:
        """Leave the answer no way to the gateway, so that it is not sent before the kill."""
        await bind_interactive(process, bound=False)
        return do()

    scene.gateway.on(scene.id, "ban", cut_off)
    tempban = scene.text(f"tempban <@{scene.raider}> 1h")
    await scene.gateway.send(tempban)
    await eventually(lambda: settled(scene))
    await process.kill()
    await bind_interactive(process, bound=True)

    await process.start()

    assert "Infraction #1" in (await scene.gateway.answer(tempban)).message.content
    await check_one_ban(scene)


async def bind_interactive(process: Process, *, bound: bool) -> None:
    """Have the broker bring what people wait for to the gateway, or nowhere."""
    connection = await aio_pika.connect(process.environ["AMQP_URL"])
    async with connection:
        channel = await connection.channel()
        queue = await channel.get_queue(f"{GATEWAY_ACTIONS}.{INTERACTIVE}")
        await (queue.bind if bound else queue.unbind)(GATEWAY_ACTIONS, INTERACTIVE)


async def settled(scene: Scene) -> bool:
    sql = "SELECT state FROM infractions WHERE guild_id = $1 AND number = 1"
    return await scene.rig.db.fetchval(sql, scene.id) == "active"


async def test_killed_while_a_ban_is_being_lifted_it_is_lifted_once(
    scene: Scene, process: Process
) -> None:
    await scene.types(f"tempban <@{scene.raider}> 1h")

    async def react(_request: ActionRequest, do: Do) -> None:
        do()
        await process.kill()

    scene.gateway.on(scene.id, "unban", react)
    await scene.time_is_up(1)
    await killed(process)
    await process.start()

    # As if the lease had run out, which takes half a minute.
    await scene.hurry("lift_infraction", 1)

    infraction = await scene.until(1, "expired")
    assert infraction["history"][-1]["detail"] == "time is up"
    assert scene.done() == ["ban", "unban"]


@pytest.mark.parametrize("done", [False, True], ids=["before Discord", "after Discord"])
async def test_killed_amid_many_bans_each_is_done_once(
    scene: Scene, process: Process, done: bool
) -> None:
    users = [scene.joins(f"raider{number}") for number in range(7)]
    named = " ".join(str(user) for user in users)
    preview = await scene.types_for(f"mban {named} raid", by=scene.owner)
    kill_at_the_ban(scene, process, done=done)

    await scene.gateway.send(scene.press(buttons(preview)["Ban"], by=scene.owner))
    await killed(process)
    await scene.rig.db.execute("UPDATE timer SET due = now() WHERE kind = 'run_mass'")
    await process.start()

    async def finished() -> bool:
        sql = "SELECT state FROM mass_orders WHERE guild_id = $1"
        return await scene.rig.db.fetchval(sql, scene.id) == "done"

    await eventually(finished, within=90)
    assert {int(each["user"]["id"]) for each in await scene.infractions()} == set(users)
    assert len(await scene.infractions()) == len(users)
    assert scene.done() == ["ban"] * len(users)
    for number in range(1, len(users) + 1):
        await scene.until(number, "active", within=60)
