"""Who leaves to be rid of a mute or a role, and comes back, is under it again."""

from datetime import timedelta

import pytest

from services.infractions import actions
from services.infractions.deps import Deps
from services.infractions.model import Kind
from tests.infractions.interacting import hurry
from tests.infractions.scene import Scene
from tests.support.answering_gateway import BUSY, FORBIDDEN
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")

HOUR = timedelta(hours=1)


async def changes(scene: Scene, *wanted: str) -> bool:
    return await scene.changes(1) == list(wanted)


async def test_a_timeout_is_put_back_for_the_rest_of_its_time(
    scene: Scene, elsewhere: Deps
) -> None:
    mute = await actions.order(elsewhere, scene.order(Kind.MUTE, duration=HOUR))
    scene.leaves(scene.raider)

    await scene.comes_back(scene.raider)

    await eventually(lambda: changes(scene, "created", "active", "reapplied"))
    member = scene.town.members[scene.raider]
    assert member.communication_disabled_until == mute.expires_at


@pytest.mark.parametrize("kind", [Kind.MUTE, Kind.TEMPROLE])
async def test_a_role_is_put_back(scene: Scene, elsewhere: Deps, kind: Kind) -> None:
    await actions.order(elsewhere, scene.order(kind, role="low", duration=HOUR))
    scene.leaves(scene.raider)
    scene.gateway.answers(scene.id, "add_role", BUSY)

    await scene.comes_back(scene.raider)

    await eventually(lambda: changes(scene, "created", "active", "reapplied"))
    assert scene.holds("low")
    assert len(await scene.timers("lift_infraction")) == 1


async def test_that_discord_refuses_to_put_it_back_stands_in_the_history_once(
    scene: Scene, elsewhere: Deps
) -> None:
    await actions.order(elsewhere, scene.order(Kind.MUTE, role="low"))
    for _ in range(2):
        scene.gateway.answers(scene.id, "add_role", FORBIDDEN)
    scene.leaves(scene.raider)

    await scene.comes_back(scene.raider)

    await eventually(lambda: changes(scene, "created", "active", "not reapplied"), within=20)
    for _ in range(2):
        await hurry(scene, "put_back")
    await eventually(lambda: scene.holds("low"), within=60)
    await eventually(lambda: changes(scene, "created", "active", "not reapplied", "reapplied"))


async def test_each_time_they_come_back_it_is_put_back(scene: Scene, elsewhere: Deps) -> None:
    await actions.order(elsewhere, scene.order(Kind.MUTE, role="low"))
    for times in (1, 2):
        scene.leaves(scene.raider)
        await scene.comes_back(scene.raider)
        again = ["reapplied"] * times
        await eventually(lambda: changes(scene, "created", "active", *again))  # noqa: B023 - awaited

    assert scene.holds("low")


async def test_what_ended_while_it_was_being_put_back_does_not_stay(
    scene: Scene, elsewhere: Deps
) -> None:
    await actions.order(elsewhere, scene.order(Kind.TEMPROLE, role="low", duration=HOUR))
    scene.leaves(scene.raider)
    held = scene.gateway.holds(scene.id, "add_role")
    await scene.comes_back(scene.raider)
    await held.arrived()
    await scene.time_is_up(1)
    await scene.until(1, "expired")

    held.go_on()

    await eventually(lambda: scene.done()[-2:] == ["add_role", "remove_role"])
    await eventually(lambda: not scene.holds("low"))
    assert await scene.changes(1) == ["created", "active", "expired"]


async def test_what_was_put_back_while_it_was_being_lifted_does_not_stay(
    scene: Scene, elsewhere: Deps
) -> None:
    await actions.order(elsewhere, scene.order(Kind.TEMPROLE, role="low", duration=HOUR))
    lifting = scene.gateway.holds(scene.id, "remove_role", done=True)
    await scene.time_is_up(1)
    await lifting.arrived()
    await scene.comes_back(scene.raider)
    await eventually(lambda: changes(scene, "created", "active", "reapplied"))

    lifting.go_on()

    await scene.until(1, "expired")
    await eventually(lambda: not scene.holds("low"))
