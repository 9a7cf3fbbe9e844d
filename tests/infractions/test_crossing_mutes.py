"""Mutes and roles that cross: whatever comes late, Discord has what the newest measure says."""

import asyncio
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.infractions import actions
from services.infractions.deps import Deps
from services.infractions.model import Infraction, Kind, Order
from shared.errors import UserError
from tests.infractions.rig import Rig
from tests.infractions.scene import Scene
from tests.support.answering_gateway import FORBIDDEN
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")

HOUR = timedelta(hours=1)
BY_TIMEOUT, BY_ROLE = None, "low"


def mutes(scene: Scene, role: str | None, hours: int) -> Order:
    return scene.order(Kind.MUTE, role=role, duration=hours * HOUR)


async def settled(scene: Scene) -> bool:
    """Say whether nothing is left to be put right."""
    return not await scene.timers("reassert") and not await scene.timers("finish_pending")


async def test_of_mutes_ordered_at_once_the_newest_holds(scene: Scene, elsewhere: Deps) -> None:
    orders = [mutes(scene, BY_ROLE if hours % 2 else BY_TIMEOUT, hours) for hours in range(1, 6)]

    came = await asyncio.gather(
        *(actions.order(elsewhere, order) for order in orders), return_exceptions=True
    )

    assert all(isinstance(one, Infraction | UserError) for one in came), came
    states = {one["number"]: one["state"] for one in await scene.infractions()}
    assert sorted(states) == [1, 2, 3, 4, 5]
    assert states[5] == "active"
    assert {states[number] for number in range(1, 5)} <= {"lifted", "failed"}
    [timer] = await scene.timers("lift_infraction")
    assert '"number": 5' in timer["payload"]
    newest = await actions.show(elsewhere, scene.id, 5)
    await eventually(lambda: settled(scene))
    assert scene.holds("low") is (newest[0].role_id is not None)
    assert bool(scene.timed_out_for()) is (newest[0].role_id is None)


@pytest.mark.parametrize(("role", "action"), [(BY_TIMEOUT, "timeout"), (BY_ROLE, "add_role")])
async def test_a_late_mute_does_not_outlive_the_unmute_that_came_after_it(
    scene: Scene, elsewhere: Deps, role: str | None, action: str
) -> None:
    late = scene.gateway.holds(scene.id, action)
    muting = asyncio.create_task(actions.order(elsewhere, mutes(scene, role, 1)))
    await late.arrived()
    with pytest.raises(UserError, match="not muted"):
        await actions.order(elsewhere, scene.order(Kind.UNMUTE))

    late.go_on()

    with pytest.raises(UserError, match="Infraction #2 took its place"):
        await muting
    await eventually(lambda: not scene.holds("low") and not scene.timed_out_for())
    await eventually(lambda: settled(scene))


@pytest.mark.parametrize(("role", "lifted"), [(BY_TIMEOUT, "timeout"), (BY_ROLE, "remove_role")])
async def test_a_mute_that_a_late_lift_undid_is_put_back(
    scene: Scene, elsewhere: Deps, role: str | None, lifted: str
) -> None:
    await actions.order(elsewhere, mutes(scene, role, 1))
    lifting = scene.gateway.holds(scene.id, lifted)
    await scene.time_is_up(1)
    await lifting.arrived()
    newer = await actions.order(elsewhere, mutes(scene, role, 2))

    lifting.go_on()

    await eventually(lambda: settled(scene))
    await eventually(lambda: scene.holds("low") or scene.timed_out_for() > HOUR)
    assert newer.state == "active"
    assert await scene.state(1) == "lifted"


async def test_a_timer_waits_for_a_newer_mute_that_is_under_way(
    scene: Scene, elsewhere: Deps
) -> None:
    await actions.order(elsewhere, mutes(scene, BY_ROLE, 1))
    held = scene.gateway.holds(scene.id, "add_role")
    newer = asyncio.create_task(actions.order(elsewhere, mutes(scene, BY_ROLE, 2)))
    await held.arrived()

    await scene.time_is_up(1)
    await eventually(lambda: waits(scene))
    held.go_on()

    assert (await newer).state == "active"
    assert scene.done() == ["add_role", "add_role"]


async def waits(scene: Scene) -> bool:
    [timer] = await scene.timers("lift_infraction")
    return "newer measure" in (timer["error"] or "")


DEEDS = ("mute", "mute by role", "for good", "unmute", "refused", "leaves", "time passes")


async def does(scene: Scene, deps: Deps, deed: str) -> None:
    """Let something happen to the raider."""
    orders = {
        "mute": mutes(scene, BY_TIMEOUT, 1),
        "mute by role": mutes(scene, BY_ROLE, 1),
        "for good": scene.order(Kind.MUTE),
        "unmute": scene.order(Kind.UNMUTE),
        "refused": mutes(scene, BY_TIMEOUT, 1),
    }
    if deed == "refused":
        scene.gateway.answers(scene.id, "timeout", FORBIDDEN)
    if deed == "leaves":
        scene.leaves(scene.raider)
        await scene.comes_back(scene.raider)
    elif deed == "time passes":
        for each in await scene.infractions(state="active"):
            if each["expires_at"] is not None:
                await scene.time_is_up(each["number"])
                await scene.until(each["number"], "expired")
    else:
        try:
            await actions.order(deps, orders[deed])
        except UserError:
            assert deed in ("unmute", "refused")


async def agree(scene: Scene, expected: str) -> bool:
    """Check that the record, the timers and Discord say what has to be so."""
    active = await scene.infractions(state="active")
    assert len(active) == bool(expected)
    assert scene.holds("low") is (expected == "mute by role")
    assert bool(scene.timed_out_for()) is (expected in ("mute", "for good"))
    assert len(await scene.timers("renew_mute")) == (expected == "for good")
    assert len(await scene.timers("lift_infraction")) == (expected in ("mute", "mute by role"))
    return not await scene.timers("finish_pending")


@settings(max_examples=10, deadline=None)
@given(st.lists(st.sampled_from(DEEDS), min_size=2, max_size=7))
async def test_the_record_discord_and_the_timers_agree(
    rig: Rig, elsewhere: Deps, deeds: list[str]
) -> None:
    scene = Scene(rig)
    expected = ""

    for deed in deeds:
        await does(scene, elsewhere, deed)
        if deed in ("mute", "mute by role", "for good"):
            expected = deed
        elif deed == "unmute" or (deed == "time passes" and expected != "for good"):
            expected = ""
        wanted = expected
        await eventually(lambda: agree(scene, wanted))  # noqa: B023 - awaited at once
