"""Bans that end: in time, by an unban, or by a newer measure that takes their place."""

import pytest

from shared.contracts.actions import ActionResult
from tests.infractions.scene import Scene
from tests.support.answering_gateway import BUSY, FORBIDDEN
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_temporary_ban_is_lifted_when_its_time_is_up(scene: Scene) -> None:
    await scene.types(f"tempban <@{scene.raider}> 1s flood")

    infraction = await scene.until(1, "expired")

    assert not scene.banned()
    assert infraction["ended_at"] >= infraction["expires_at"]
    last = infraction["history"][-1]
    assert (last["change"], last["actor"], last["detail"]) == ("expired", None, "time is up")


async def test_a_longer_temporary_ban_takes_the_place_of_a_shorter_one(scene: Scene) -> None:
    await scene.types(f"tempban <@{scene.raider}> 1h")
    await scene.types(f"tempban <@{scene.raider}> 2h")

    [timer] = await scene.timers("lift_infraction")

    assert '"number": 2' in timer["payload"]
    assert await scene.state(1) == "lifted"
    assert (await scene.infraction(1))["history"][-1]["detail"] == "replaced by #2"
    newer = await scene.infraction(2)
    assert newer["state"] == "active"
    assert newer["history"][-1]["detail"] == "done on Discord, in place of #1"
    await scene.time_is_up(2)
    await scene.until(2, "expired")
    assert not scene.banned()


async def test_a_ban_made_permanent_is_not_lifted(scene: Scene) -> None:
    await scene.types(f"tempban <@{scene.raider}> 1h")

    await scene.types(f"ban <@{scene.raider}> for good")

    assert not await scene.timers("lift_infraction")
    assert await scene.state(1) == "lifted"
    assert await scene.state(2) == "active"
    assert scene.banned()


async def test_a_permanent_ban_may_become_temporary(scene: Scene) -> None:
    await scene.types(f"ban <@{scene.raider}>")
    await scene.types(f"tempban <@{scene.raider}> 1h")

    await scene.time_is_up(2)

    await scene.until(2, "expired")
    assert not scene.banned()
    assert await scene.state(1) == "lifted"


async def test_an_unban_ends_the_ban_and_its_timer(scene: Scene) -> None:
    await scene.types(f"tempban <@{scene.raider}> 1h")

    answer = await scene.types(f"unban <@{scene.raider}> a mistake")

    assert answer.startswith("Unbanned **raider**")
    assert not scene.banned()
    assert not await scene.timers("lift_infraction")
    assert await scene.state(1) == "lifted"
    last = (await scene.infraction(1))["history"][-1]
    assert (last["actor"]["name"], last["detail"]) == ("moderator", "by unban #2")
    assert await scene.state(2) == "done"


async def test_an_unban_of_somebody_who_is_not_banned_says_so(scene: Scene) -> None:
    answer = await scene.types(f"unban <@{scene.raider}>")

    assert answer == "They are not banned. Recorded as infraction #1."
    assert await scene.state(1) == "failed"


async def test_an_unban_ends_the_record_of_a_ban_that_was_lifted_by_hand(scene: Scene) -> None:
    await scene.types(f"tempban <@{scene.raider}> 1h")
    scene.town.banned.clear()

    answer = await scene.types(f"unban <@{scene.raider}>")

    assert "They are not banned" in answer
    assert await scene.state(1) == "lifted"
    assert not await scene.timers("lift_infraction")


async def test_an_unban_that_discord_refuses_leaves_the_ban_as_it_is(scene: Scene) -> None:
    await scene.types(f"tempban <@{scene.raider}> 1h")
    scene.gateway.answers(scene.id, "unban", FORBIDDEN)

    answer = await scene.types(f"unban <@{scene.raider}>")

    assert "lacks a permission" in answer
    assert await scene.state(1) == "active"
    assert len(await scene.timers("lift_infraction")) == 1


async def test_a_second_ban_for_good_is_refused_and_names_the_first(scene: Scene) -> None:
    other = scene.joins("colleague", "moderators")
    await scene.types(f"ban <@{scene.raider}>")

    answer = await scene.types(f"ban <@{scene.raider}>", other)

    assert "banned for good already, by moderator: infraction #1" in answer
    assert len(await scene.infractions()) == 1


async def test_somebody_who_was_unbanned_by_hand_can_be_banned_again(scene: Scene) -> None:
    await scene.types(f"ban <@{scene.raider}>")
    scene.town.banned.clear()

    answer = await scene.types(f"ban <@{scene.raider}>")

    assert "Infraction #2" in answer
    assert scene.banned()
    assert await scene.state(1) == "lifted"
    assert (await scene.infraction(1))["history"][-1]["detail"] == "the ban was gone on Discord"
    assert await scene.state(2) == "active"


async def test_a_server_that_discord_does_not_show_is_no_proof_that_a_ban_is_gone(
    scene: Scene,
) -> None:
    await scene.types(f"ban <@{scene.raider}>")
    unknown_guild = ActionResult(status="gone", code=10_004, message="The bot is not there.")
    scene.gateway.answers(scene.id, "get_ban", unknown_guild)

    await scene.types(f"ban <@{scene.raider}>")

    assert await scene.state(1) == "active"


async def test_a_member_who_left_is_unbanned_in_time_all_the_same(scene: Scene) -> None:
    await scene.types(f"tempban <@{scene.raider}> 1h")
    scene.leaves(scene.raider)

    await scene.time_is_up(1)

    await scene.until(1, "expired")
    assert not scene.banned()


async def test_a_ban_that_is_gone_already_expires_and_says_so(scene: Scene) -> None:
    await scene.types(f"tempban <@{scene.raider}> 1h")
    scene.town.banned.clear()

    await scene.time_is_up(1)

    infraction = await scene.until(1, "expired")
    assert infraction["history"][-1]["detail"] == "time is up; the ban was gone already"


async def test_an_expiry_that_discord_refuses_is_shown_and_tried_again(scene: Scene) -> None:
    await scene.types(f"tempban <@{scene.raider}> 1h")
    scene.gateway.answers(scene.id, "unban", FORBIDDEN, FORBIDDEN)

    await scene.time_is_up(1)

    async def shows_the_failure() -> None:
        infraction = await scene.infraction(1)
        assert infraction["failure"] == "The bot lacks a permission."
        assert infraction["state"] == "active"

    await eventually(shows_the_failure)
    infraction = await scene.until(1, "expired")
    assert infraction["failure"] is None
    assert not scene.banned()
    assert await scene.changes(1) == ["created", "active", "not lifted", "expired"]


async def test_an_expiry_that_fails_does_not_stop_the_others(scene: Scene) -> None:
    other = scene.joins("other")
    await scene.types(f"tempban <@{scene.raider}> 1h")
    await scene.types(f"tempban <@{other}> 1h")
    scene.gateway.answers(scene.id, "unban", FORBIDDEN)
    first = scene.gateway.holds(scene.id, "unban")

    await scene.time_is_up(1)
    await first.arrived()
    await scene.time_is_up(2)

    await scene.until(2, "expired")
    assert await scene.state(1) == "active"
    first.go_on()
    await scene.until(1, "expired")


async def test_an_expiry_waits_for_a_discord_that_is_away(scene: Scene) -> None:
    await scene.types(f"tempban <@{scene.raider}> 1h")
    scene.gateway.answers(scene.id, "unban", BUSY)

    await scene.time_is_up(1)

    await scene.until(1, "expired")
    assert await scene.changes(1) == ["created", "active", "expired"]
    assert scene.done() == ["ban", "unban"]


async def test_a_bot_outside_of_the_server_proves_no_ban_gone(scene: Scene) -> None:
    await scene.types(f"tempban <@{scene.raider}> 1h")
    del scene.gateway.towns[scene.id]

    await scene.time_is_up(1)

    async def shows_the_failure() -> None:
        assert (await scene.infraction(1))["failure"]

    await eventually(shows_the_failure)
    assert await scene.state(1) == "active"
    scene.gateway.towns[scene.id] = scene.town
    await scene.until(1, "expired")
    assert not scene.banned()
