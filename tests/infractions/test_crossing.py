"""Measures that cross: several people, or a person and a timer, act on one member at once."""

import asyncio
from datetime import timedelta

import pytest

from services.infractions import actions
from services.infractions.deps import Deps
from services.infractions.model import Infraction, Kind
from shared.errors import ConflictError, UserError
from tests.infractions.scene import Scene
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")

HOUR = timedelta(hours=1)


async def test_two_moderators_ban_one_member_at_once_and_there_is_one_record(
    scene: Scene, elsewhere: Deps
) -> None:
    orders = [
        scene.order(Kind.BAN, by=scene.joins(f"moderator {number}", "moderators"))
        for number in range(5)
    ]

    came = await asyncio.gather(
        *(actions.order(elsewhere, order) for order in orders), return_exceptions=True
    )

    assert sum(isinstance(one, Infraction) for one in came) == 1
    assert sum(isinstance(one, ConflictError) for one in came) == 4
    [infraction] = await scene.infractions()
    assert infraction["state"] == "active"
    assert infraction["number"] == 1
    assert scene.done() == ["ban"]


async def test_one_order_carried_out_twice_at_once_is_one_record(
    scene: Scene, elsewhere: Deps
) -> None:
    order = scene.order(Kind.BAN, duration=HOUR)

    first, second = await asyncio.gather(
        actions.order(elsewhere, order), actions.order(elsewhere, order)
    )

    assert first.number == second.number == 1
    assert scene.done() == ["ban"]
    assert await scene.changes(1) == ["created", "active"]


async def test_of_temporary_bans_ordered_at_once_the_newest_holds(
    scene: Scene, elsewhere: Deps
) -> None:
    orders = [scene.order(Kind.BAN, duration=HOUR * (number + 1)) for number in range(5)]

    came = await asyncio.gather(
        *(actions.order(elsewhere, order) for order in orders), return_exceptions=True
    )

    assert all(isinstance(one, Infraction | UserError) for one in came), came
    states = {one["number"]: one["state"] for one in await scene.infractions()}
    assert states[5] == "active"
    assert {states[number] for number in range(1, 5)} <= {"lifted", "failed"}
    [timer] = await scene.timers("lift_infraction")
    assert '"number": 5' in timer["payload"]
    assert scene.banned()


async def test_a_timer_waits_for_a_newer_ban_that_is_under_way(
    scene: Scene, elsewhere: Deps
) -> None:
    await scene.types(f"tempban <@{scene.raider}> 1h")
    held = scene.gateway.holds(scene.id, "ban")
    newer = asyncio.create_task(actions.order(elsewhere, scene.order(Kind.BAN, duration=HOUR)))
    await held.arrived()

    await scene.time_is_up(1)
    await eventually(lambda: _waits(scene))
    held.go_on()

    assert (await newer).state == "active"
    assert await scene.state(1) == "lifted"
    assert scene.done() == ["ban", "ban"]


async def test_a_timer_goes_on_when_the_newer_ban_has_failed(scene: Scene, elsewhere: Deps) -> None:
    await scene.types(f"tempban <@{scene.raider}> 1h")
    held = scene.gateway.refuses_late(scene.id, "ban")
    newer = asyncio.create_task(actions.order(elsewhere, scene.order(Kind.BAN, duration=HOUR)))
    await held.arrived()
    await scene.time_is_up(1)
    await eventually(lambda: _waits(scene))

    held.go_on()

    with pytest.raises(UserError, match="lacks a permission"):
        await newer
    await scene.until(1, "expired")
    assert not scene.banned()


async def _waits(scene: Scene) -> bool:
    [timer] = await scene.timers("lift_infraction")
    return "newer measure" in (timer["error"] or "")


async def test_a_ban_that_a_late_lift_undid_is_put_back(scene: Scene) -> None:
    await scene.types(f"tempban <@{scene.raider}> 1h")
    lifting = scene.gateway.holds(scene.id, "unban")
    await scene.time_is_up(1)
    await lifting.arrived()
    await scene.types(f"ban <@{scene.raider}> for good")

    lifting.go_on()

    await eventually(lambda: scene.done() == ["ban", "ban", "unban", "ban"])
    assert scene.banned()
    assert await scene.state(1) == "lifted"
    assert await scene.state(2) == "active"


async def test_a_late_ban_does_not_outlive_the_unban_that_came_after_it(
    scene: Scene, elsewhere: Deps
) -> None:
    late = scene.gateway.holds(scene.id, "ban")
    banning = asyncio.create_task(
        actions.order(elsewhere, scene.order(Kind.BAN)), name="the late ban"
    )
    await late.arrived()
    assert "not banned" in await scene.types(f"unban <@{scene.raider}>")

    late.go_on()

    with pytest.raises(UserError, match="Infraction #2 took its place"):
        await banning
    await eventually(lambda: scene.done() == ["unban", "ban", "unban"])
    assert not scene.banned()
    assert await scene.state(1) == "failed"


async def test_a_late_unban_does_not_outlive_the_ban_that_came_after_it(
    scene: Scene, elsewhere: Deps
) -> None:
    await scene.types(f"tempban <@{scene.raider}> 1h")
    late = scene.gateway.holds(scene.id, "unban")
    unbanning = asyncio.create_task(actions.order(elsewhere, scene.order(Kind.UNBAN)))
    await late.arrived()
    await scene.types(f"tempban <@{scene.raider}> 2h")

    late.go_on()

    with pytest.raises(UserError, match="Infraction #3 took its place"):
        await unbanning
    await eventually(lambda: scene.done() == ["ban", "ban", "unban", "ban"])
    assert scene.banned()
    assert await scene.state(3) == "active"
    assert len(await scene.timers("lift_infraction")) == 1


async def test_what_was_left_pending_is_not_finished_over_a_newer_ban(
    scene: Scene, elsewhere: Deps
) -> None:
    late = scene.gateway.holds(scene.id, "ban")
    banning = asyncio.create_task(actions.order(elsewhere, scene.order(Kind.BAN, duration=HOUR)))
    await late.arrived()
    banning.cancel()
    await scene.types(f"ban <@{scene.raider}> for good")

    await scene.hurry("finish_pending", 1)

    assert await scene.state(1) == "failed"
    assert await scene.state(2) == "active"
    assert not await scene.timers("finish_pending")
    assert not await scene.timers("lift_infraction")
    late.go_on()
