"""Mutes: by timeout, renewed beyond Discord's 28 days, or by a role; lifted in time."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from services.infractions import actions
from services.infractions.deps import Deps
from services.infractions.model import Kind
from shared.contracts.actions import Timeout
from shared.errors import UserError
from tests.infractions.scene import Scene
from tests.support.answering_gateway import FORBIDDEN
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


async def test_a_mute_is_a_timeout_that_names_the_moderator(scene: Scene, elsewhere: Deps) -> None:
    mute = await actions.order(elsewhere, scene.order(Kind.MUTE, duration=HOUR))

    assert mute.state == "active"
    assert scene.town.done == [
        Timeout(guild_id=scene.id, user_id=scene.raider, until=mute.expires_at)
    ]
    [request] = [each for each in scene.gateway.requests if each.action in scene.town.done]
    assert request.reason == f"moderator ({scene.moderator}): at the same time"
    assert not await scene.timers("renew_mute")


async def test_a_mute_ends_in_time(scene: Scene, elsewhere: Deps) -> None:
    await actions.order(elsewhere, scene.order(Kind.MUTE, duration=HOUR))

    await scene.time_is_up(1)

    await scene.until(1, "expired")
    assert not scene.timed_out_for()
    assert await scene.changes(1) == ["created", "active", "expired"]


async def test_a_timeout_that_ran_out_by_itself_is_not_touched(
    scene: Scene, elsewhere: Deps
) -> None:
    await actions.order(elsewhere, scene.order(Kind.MUTE, duration=HOUR))
    member = scene.town.members[scene.raider]
    scene.town.members[scene.raider] = replace(member, communication_disabled_until=None)

    await scene.time_is_up(1)

    await scene.until(1, "expired")
    assert scene.done() == ["timeout"]


@pytest.mark.parametrize("duration", [None, 60 * DAY])
async def test_a_mute_beyond_28_days_is_renewed(
    scene: Scene, elsewhere: Deps, duration: timedelta | None
) -> None:
    await actions.order(elsewhere, scene.order(Kind.MUTE, duration=duration))
    assert 27 * DAY < scene.timed_out_for() < 28 * DAY
    [timer] = await scene.timers("renew_mute")
    member = scene.town.members[scene.raider]
    scene.town.members[scene.raider] = replace(member, communication_disabled_until=timer["due"])

    await scene.hurry("renew_mute", 1)

    await eventually(lambda: scene.timed_out_for() > 27.9 * DAY)
    await eventually(lambda: changed(scene, "renewed"))
    assert len(await scene.timers("renew_mute")) == 1
    assert await scene.state(1) == "active"


async def changed(scene: Scene, change: str, number: int = 1) -> bool:
    return change in await scene.changes(number)


async def test_the_last_renewal_is_until_the_mutes_own_end(scene: Scene, elsewhere: Deps) -> None:
    await actions.order(elsewhere, scene.order(Kind.MUTE, duration=60 * DAY))
    await scene.rig.db.execute(
        "UPDATE infractions SET expires_at = now() + interval '5 days' WHERE guild_id = $1",
        scene.id,
    )

    await scene.hurry("renew_mute", 1)

    await eventually(lambda: scene.timed_out_for() < 5 * DAY)
    await eventually(lambda: changed(scene, "renewed"))
    assert not await scene.timers("renew_mute")


async def test_to_mute_a_muted_member_changes_the_duration(scene: Scene, elsewhere: Deps) -> None:
    await actions.order(elsewhere, scene.order(Kind.MUTE, duration=HOUR))

    newer = await actions.order(elsewhere, scene.order(Kind.MUTE, duration=2 * HOUR))

    assert [each.number for each in await actions.replaced(elsewhere, newer)] == [1]
    assert scene.timed_out_for() > HOUR
    older = await scene.infraction(1)
    assert (older["state"], older["history"][-1]["detail"]) == ("lifted", "replaced by #2")
    [timer] = await scene.timers("lift_infraction")
    assert timer["due"] == newer.expires_at


async def test_a_shorter_mute_in_the_place_of_an_endless_one_is_not_renewed(
    scene: Scene, elsewhere: Deps
) -> None:
    await actions.order(elsewhere, scene.order(Kind.MUTE))

    await actions.order(elsewhere, scene.order(Kind.MUTE, duration=HOUR))

    assert not await scene.timers("renew_mute")
    assert scene.timed_out_for() <= HOUR


async def test_unmuting_ends_the_mute_and_its_timers(scene: Scene, elsewhere: Deps) -> None:
    await actions.order(elsewhere, scene.order(Kind.MUTE, duration=60 * DAY))

    unmute = await actions.order(elsewhere, scene.order(Kind.UNMUTE))

    assert unmute.state == "done"
    assert await scene.state(1) == "lifted"
    assert not scene.timed_out_for()
    assert not await scene.timers("lift_infraction")
    assert not await scene.timers("renew_mute")


async def test_who_is_not_muted_can_not_be_unmuted(scene: Scene, elsewhere: Deps) -> None:
    with pytest.raises(UserError, match="They are not muted"):
        await actions.order(elsewhere, scene.order(Kind.UNMUTE))


async def test_the_mute_of_somebody_who_left_can_be_lifted(scene: Scene, elsewhere: Deps) -> None:
    await actions.order(elsewhere, scene.order(Kind.MUTE, role="low"))
    scene.leaves(scene.raider)

    unmute = await actions.order(elsewhere, scene.order(Kind.UNMUTE))
    await scene.comes_back(scene.raider)

    assert unmute.state == "done"
    assert await scene.state(1) == "lifted"
    assert not scene.holds("low")


async def test_administrators_and_who_is_not_here_can_not_be_muted(
    scene: Scene, elsewhere: Deps
) -> None:
    admin = scene.joins("admin", "high")
    stranger = scene.exists("stranger")

    with pytest.raises(UserError, match="Discord times out no administrators"):
        await actions.order(elsewhere, scene.order(Kind.MUTE, on=admin, duration=HOUR))
    with pytest.raises(UserError, match="not in the server"):
        await actions.order(elsewhere, scene.order(Kind.MUTE, on=stranger, duration=HOUR))
    scene.gateway.answers(scene.id, "timeout", FORBIDDEN)
    with pytest.raises(UserError, match="The bot lacks a permission"):
        await actions.order(elsewhere, scene.order(Kind.MUTE, duration=HOUR))


# --- by role ------------------------------------------------------------------------------------


async def test_a_mute_by_the_configured_role_lifts_that_role_even_after_it_changed(
    scene: Scene, elsewhere: Deps
) -> None:
    await mutes_by(scene, elsewhere, "low")
    await actions.order(elsewhere, scene.order(Kind.MUTE, duration=HOUR))
    assert scene.holds("low")
    assert not scene.timed_out_for()
    await mutes_by(scene, elsewhere, "seniors")

    await scene.time_is_up(1)

    await scene.until(1, "expired")
    assert not scene.holds("low")


async def mutes_by(scene: Scene, deps: Deps, role: str) -> None:
    """Configure the mute role, and wait until all know it."""
    wanted = scene.roles[role]
    await scene.configures(mute_role=wanted)
    await eventually(lambda: deps.config.get(scene.id).plugins.infractions.mute_role == wanted)


async def test_a_mute_by_timeout_in_the_place_of_one_by_role_takes_the_role_away(
    scene: Scene, elsewhere: Deps
) -> None:
    await actions.order(elsewhere, scene.order(Kind.MUTE, role="low"))

    await actions.order(elsewhere, scene.order(Kind.MUTE, duration=HOUR))

    await eventually(lambda: not scene.holds("low"))
    assert scene.timed_out_for()
    await actions.order(elsewhere, scene.order(Kind.MUTE, role="low"))
    await eventually(lambda: not scene.timed_out_for())
    assert scene.holds("low")


async def test_a_mute_whose_holder_left_ends_in_time_and_is_not_put_back(
    scene: Scene, elsewhere: Deps
) -> None:
    await actions.order(elsewhere, scene.order(Kind.MUTE, role="low", duration=HOUR))
    scene.leaves(scene.raider)
    await scene.time_is_up(1)
    infraction = await scene.until(1, "expired")

    await scene.comes_back(scene.raider)

    assert infraction["history"][-1]["detail"] == "time is up; they are not here"
    assert infraction["failure"] is None
    await eventually(lambda: idle(scene))
    assert not scene.holds("low")


async def idle(scene: Scene) -> bool:
    return not await scene.timers("reassert") and not await scene.timers("put_back")


async def test_a_mute_whose_role_was_deleted_ends_as_lifted(scene: Scene, elsewhere: Deps) -> None:
    await actions.order(elsewhere, scene.order(Kind.MUTE, role="low", duration=HOUR))
    left = tuple(role for role in scene.town.snapshot.roles if role.name != "low")
    scene.town.snapshot = replace(scene.town.snapshot, roles=left)

    await scene.time_is_up(1)

    infraction = await scene.until(1, "lifted")
    assert infraction["history"][-1]["detail"] == "the role does not exist any more"


async def test_a_mute_that_discord_refuses_to_lift_is_tried_again_and_says_so(
    scene: Scene, elsewhere: Deps
) -> None:
    await actions.order(elsewhere, scene.order(Kind.MUTE, role="low", duration=HOUR))
    scene.gateway.answers(scene.id, "remove_role", FORBIDDEN)

    await scene.time_is_up(1)

    await eventually(lambda: changed(scene, "not lifted"))
    assert await scene.state(1) == "active"
    await scene.hurry("lift_infraction", 1)
    await scene.until(1, "expired")
    assert not scene.holds("low")
