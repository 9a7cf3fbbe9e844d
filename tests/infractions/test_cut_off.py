"""Measures cut off between Discord and the database, at each step of every kind: done once.

What is cut off writes nothing any more, as when its process is killed, which `test_crashes.py` does
for real.
"""

import asyncio
from collections.abc import Awaitable
from datetime import timedelta

import pytest
from msgspec import Struct
from msgspec.structs import replace

from services.infractions import actions
from services.infractions.deps import Deps
from services.infractions.model import Kind
from tests.infractions.scene import Scene
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")

HOUR = timedelta(hours=1)


class Step(Struct, frozen=True, kw_only=True):
    """One action of a measure, and what all of it does on Discord in the end."""

    kind: Kind
    at: str
    does: tuple[str, ...]
    role: str | None = None
    after: Kind | None = None
    duration: timedelta | None = None


STEPS = {
    "ban": Step(kind=Kind.BAN, at="ban", does=("ban",), duration=HOUR),
    "unban": Step(kind=Kind.UNBAN, at="unban", does=("unban",), after=Kind.BAN),
    "softban, at the ban": Step(kind=Kind.SOFTBAN, at="ban", does=("ban", "unban")),
    "softban, at the unban": Step(kind=Kind.SOFTBAN, at="unban", does=("ban", "unban")),
    "kick": Step(kind=Kind.KICK, at="kick", does=("kick",)),
    "mute": Step(kind=Kind.MUTE, at="timeout", does=("timeout",), duration=HOUR),
    "mute for good": Step(kind=Kind.MUTE, at="timeout", does=("timeout",)),
    "mute by role": Step(kind=Kind.MUTE, at="add_role", does=("add_role",), role="low"),
    "unmute": Step(kind=Kind.UNMUTE, at="timeout", does=("timeout",), after=Kind.MUTE),
    "unmute by role": Step(
        kind=Kind.UNMUTE, at="remove_role", does=("remove_role",), after=Kind.MUTE, role="low"
    ),
    "temporary role": Step(
        kind=Kind.TEMPROLE, at="add_role", does=("add_role",), role="low", duration=HOUR
    ),
}
LASTING = {name: step for name, step in STEPS.items() if step.duration is not None}


async def cut_off(scene: Scene, action: str, running: Awaitable[object], *, done: bool) -> None:
    """Begin something and cut it off at an action: before Discord has done it, or after."""
    held = scene.gateway.holds(scene.id, action, done=done)
    task = asyncio.ensure_future(running)
    await held.arrived()
    task.cancel()
    await asyncio.wait((task,))
    assert task.cancelled()
    held.go_on()


async def prepare(scene: Scene, deps: Deps, step: Step) -> int:
    """Let there be what a step is about; return the number of the infraction to come."""
    if step.after is None:
        return 1
    await actions.order(deps, scene.order(step.after, role=step.role))
    scene.town.done.clear()
    return 2


@pytest.mark.parametrize("forgotten", [False, True], ids=["", "forgotten by the gateway"])
@pytest.mark.parametrize("done", [False, True], ids=["before Discord", "after Discord"])
@pytest.mark.parametrize("name", STEPS)
async def test_what_was_cut_off_is_finished(
    scene: Scene, elsewhere: Deps, name: str, done: bool, forgotten: bool
) -> None:
    step = STEPS[name]
    number = await prepare(scene, elsewhere, step)
    role = step.role if step.after is None else None
    order = scene.order(step.kind, role=role, duration=step.duration)
    await cut_off(scene, step.at, actions.order(elsewhere, order), done=done)
    assert await scene.state(number) == "pending"
    if forgotten:
        scene.gateway.forget()

    await scene.hurry("finish_pending", number)

    state = "active" if step.kind in (Kind.BAN, Kind.MUTE, Kind.TEMPROLE) else "done"
    await scene.until(number, state)
    if not forgotten:
        assert tuple(scene.done()) == step.does
    assert await scene.changes(number) == ["created", state]
    assert len(await scene.infractions()) == number
    await eventually(lambda: gone(scene, "finish_pending"))
    assert len(await scene.timers("lift_infraction")) == bool(step.duration)
    assert scene.banned() is (step.kind is Kind.BAN)


async def gone(scene: Scene, kind: str) -> bool:
    return not await scene.timers(kind)


@pytest.mark.parametrize("done", [False, True], ids=["before Discord", "after Discord"])
@pytest.mark.parametrize("name", STEPS)
async def test_what_was_cut_off_is_finished_when_the_order_comes_again(
    scene: Scene, elsewhere: Deps, name: str, done: bool
) -> None:
    step = STEPS[name]
    number = await prepare(scene, elsewhere, step)
    role = step.role if step.after is None else None
    order = scene.order(step.kind, role=role, duration=step.duration)
    await cut_off(scene, step.at, actions.order(elsewhere, order), done=done)

    again = await actions.order(elsewhere, order)

    assert (again.number, again.state) == (number, await scene.state(number))
    assert tuple(scene.done()) == step.does
    assert again.state in ("active", "done")


@pytest.mark.parametrize("done", [False, True], ids=["before Discord", "after Discord"])
@pytest.mark.parametrize("name", LASTING)
async def test_what_was_cut_off_while_being_lifted_is_lifted(
    scene: Scene, elsewhere: Deps, name: str, done: bool
) -> None:
    step = LASTING[name]
    lifted_by = {"ban": "unban", "timeout": "timeout", "add_role": "remove_role"}[step.at]
    order = scene.order(step.kind, role=step.role, duration=step.duration)
    await actions.order(elsewhere, order)
    await cut_off(scene, lifted_by, actions.expire(elsewhere, scene.id, 1), done=done)
    assert await scene.state(1) == "active"

    await scene.time_is_up(1)

    await scene.until(1, "expired")
    assert scene.done() == [step.at, lifted_by]
    assert await scene.changes(1) == ["created", "active", "expired"]


@pytest.mark.parametrize("done", [False, True], ids=["before Discord", "after Discord"])
async def test_a_renewal_that_was_cut_off_is_done_again(
    scene: Scene, elsewhere: Deps, done: bool
) -> None:
    await actions.order(elsewhere, scene.order(Kind.MUTE))
    member = scene.town.members[scene.raider]
    scene.town.members[scene.raider] = replace(member, communication_disabled_until=None)
    await cut_off(scene, "timeout", actions.renew(elsewhere, scene.id, 1), done=done)

    await scene.hurry("renew_mute", 1)

    await eventually(lambda: renewed(scene))
    assert scene.timed_out_for() > timedelta(days=27)
    assert len(await scene.timers("renew_mute")) == 1


async def renewed(scene: Scene) -> bool:
    return await scene.changes(1) == ["created", "active", "renewed"]
