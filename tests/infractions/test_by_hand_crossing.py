"""What is done by hand and heard of late, twice, before or after something else, or not at all."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from services.infractions import actions
from services.infractions.deps import Deps
from services.infractions.model import Kind
from shared.errors import UnavailableError
from tests.infractions.by_hand import Hand, read
from tests.infractions.scene import Scene, shown
from tests.support.answering_gateway import BUSY, FORBIDDEN

pytestmark = pytest.mark.asyncio(loop_scope="session")

HOUR = timedelta(hours=1)


def ago(**length: float) -> datetime:
    return datetime.now(UTC) - timedelta(**length)


# --- entries that cross our own measures --------------------------------------------------------


async def test_an_unban_by_hand_waits_for_the_ban_that_it_undoes(
    scene: Scene, elsewhere: Deps
) -> None:
    anne = Hand(scene)
    answering = scene.gateway.holds(scene.id, "ban", done=True)
    banning = asyncio.create_task(actions.order(elsewhere, scene.order(Kind.BAN, duration=HOUR)))
    await answering.arrived()

    entry = anne.unban()
    with pytest.raises(UnavailableError, match="under way"):
        await actions.see(elsewhere, read(entry))
    answering.go_on()
    await banning
    await anne.hears(entry)

    ban = await scene.until(1, "lifted")
    assert [step["change"] for step in ban["history"]] == ["created", "active", "lifted"]
    assert ban["history"][-1]["actor"]["name"] == "anne"
    assert not scene.banned()
    assert scene.done() == ["ban"]


async def test_two_who_ban_at_once_by_hand_and_by_command_leave_one_ban(
    scene: Scene, elsewhere: Deps
) -> None:
    anne = Hand(scene)
    entry = read(anne.ban())

    await asyncio.gather(
        actions.see(elsewhere, entry),
        actions.order(elsewhere, scene.order(Kind.BAN)),
        return_exceptions=True,
    )

    assert sorted(one["state"] for one in await anne.record()).count("active") == 1
    assert scene.banned()


async def test_entries_heard_in_the_wrong_order_leave_what_is_so(
    scene: Scene, elsewhere: Deps
) -> None:
    anne = Hand(scene)
    ban, unban = anne.ban(at=ago(seconds=2)), anne.unban(at=ago(seconds=1))

    await actions.see(elsewhere, read(unban))
    await actions.see(elsewhere, read(ban))

    states = [(one["kind"], one["state"]) for one in await anne.record()]
    assert states == [("unban", "done"), ("ban", "lifted")]


# --- entries that come late ---------------------------------------------------------------------


async def test_what_happened_during_an_outage_is_recorded_in_its_order(scene: Scene) -> None:
    anne, bert = Hand(scene), Hand(scene, "bert")
    ban, unban = anne.ban(at=ago(hours=2)), bert.unban(at=ago(hours=1))

    await anne.hears(ban)
    await bert.hears(unban)

    first, second = await anne.record()
    assert (first["kind"], first["state"]) == ("ban", "lifted")
    assert first["history"][-1]["actor"]["name"] == "bert"
    assert (second["kind"], second["state"]) == ("unban", "done")
    assert first["created_at"] < second["created_at"]


async def test_an_old_unban_does_not_end_a_newer_ban(scene: Scene) -> None:
    anne = Hand(scene)
    unban = anne.unban(at=ago(hours=2))
    await scene.types(f"tempban <@{scene.raider}> 1h")

    await anne.hears(unban)

    assert [one["state"] for one in await anne.record()] == ["active", "done"]
    assert len(await scene.timers("lift_infraction")) == 1


async def test_an_old_ban_does_not_take_the_place_of_a_newer_one(scene: Scene) -> None:
    anne = Hand(scene)
    ban = anne.ban(at=ago(hours=2))
    await scene.types(f"tempban <@{scene.raider}> 1h")

    await anne.hears(ban)

    tempban, old = await anne.record()
    assert tempban["state"] == "active"
    assert old["state"] == "lifted"
    assert old["history"][-1]["detail"] == "#1 holds since"
    assert len(await scene.timers("lift_infraction")) == 1


async def test_an_old_ban_that_was_lifted_meanwhile_is_not_in_force(scene: Scene) -> None:
    anne = Hand(scene)
    ban = anne.ban(at=ago(hours=2))
    await scene.types(f"unban <@{scene.raider}>")

    await anne.hears(ban)

    _, old = await anne.record()
    assert (old["kind"], old["state"]) == ("ban", "lifted")
    assert not scene.banned()


async def test_where_clocks_differ_discord_says_what_came_last(scene: Scene) -> None:
    anne = Hand(scene)
    await scene.types(f"tempban <@{scene.raider}> 1h")

    await anne.hears(anne.unban(at=ago(seconds=30)))

    await scene.until(1, "lifted")
    assert not await scene.timers("lift_infraction")


@pytest.mark.parametrize(("seconds", "state"), [(30, "active"), (-30, "lifted")])
async def test_where_discord_does_not_say_it_the_times_decide(
    scene: Scene, seconds: int, state: str
) -> None:
    anne = Hand(scene)
    await scene.types(f"tempban <@{scene.raider}> 1h")
    scene.gateway.answers(scene.id, "get_ban", FORBIDDEN)

    await anne.hears(anne.entry(23, at=ago(seconds=seconds)))

    assert (await anne.record())[0]["state"] == state


async def test_a_timeout_that_ran_out_before_it_was_heard_of_has_expired(scene: Scene) -> None:
    anne = Hand(scene)

    await anne.hears(anne.timeout(until=ago(hours=1), at=ago(hours=2)))

    [mute] = await anne.record()
    assert (mute["kind"], mute["state"]) == ("mute", "expired")
    assert not await scene.timers("lift_infraction")


async def test_an_old_timeout_does_not_take_the_place_of_a_newer_mute(
    scene: Scene, elsewhere: Deps
) -> None:
    anne = Hand(scene)
    old = anne.timeout(until=datetime.now(UTC) + timedelta(days=1), at=ago(minutes=30))
    await actions.order(elsewhere, scene.order(Kind.MUTE, duration=HOUR))

    await anne.hears(old)

    assert [one["state"] for one in await anne.record()] == ["active", "lifted"]
    assert timedelta() < scene.timed_out_for() <= HOUR


async def test_nothing_is_lost_while_the_gateway_gives_no_answer(scene: Scene) -> None:
    anne = Hand(scene)
    scene.gateway.answers(scene.id, "get_guild", BUSY, BUSY)

    await anne.bans()

    assert (await scene.until(1, "active"))["moderator"]["name"] == "anne"


async def test_a_name_that_does_not_come_keeps_nothing_up(scene: Scene) -> None:
    anne = Hand(scene)
    scene.gateway.answers(anne.id, "get_user", BUSY)

    await anne.bans()

    assert (await scene.until(1, "active"))["moderator"] == {"id": str(anne.id), "name": ""}


# --- without the audit log ----------------------------------------------------------------------


async def test_a_ban_of_which_the_audit_log_does_not_tell_is_recorded_all_the_same(
    scene: Scene,
) -> None:
    anne = Hand(scene)
    anne.ban()

    await anne.tells_of_ban(banned=True)
    await anne.look_now("look_at_ban")

    [ban] = await anne.record()
    assert (ban["kind"], ban["state"], ban["moderator"]) == ("ban", "active", None)
    listed = await scene.runs("infractions search", user=str(scene.raider))
    assert "someone in Discord" in shown(listed)
    assert "someone in Discord" in shown(await scene.runs("infractions info", number=ban["number"]))


async def test_an_entry_that_comes_in_time_goes_before_the_event(scene: Scene) -> None:
    anne = Hand(scene)

    await anne.tells_of_ban(banned=True)
    await anne.bans()
    await anne.look_now("look_at_ban")

    [ban] = await anne.record()
    assert ban["moderator"]["name"] == "anne"


async def test_an_event_after_its_entry_is_no_news(scene: Scene) -> None:
    anne = Hand(scene)

    await anne.bans()
    await anne.tells_of_ban(banned=True)
    await anne.is_through()

    assert not await scene.timers("look_at_ban")


async def test_an_entry_that_comes_late_adds_who_it_was(scene: Scene) -> None:
    anne = Hand(scene)
    entry = anne.ban(reason="flooding")
    await anne.tells_of_ban(banned=True)
    await anne.look_now("look_at_ban")

    await anne.hears(entry)
    await anne.hears(entry)

    [ban] = await anne.record()
    assert ban["moderator"]["name"] == "anne"
    assert ban["reason"] == "flooding"
    assert [step["change"] for step in ban["history"]] == ["created", "active", "named"]


async def test_an_unban_of_which_the_audit_log_does_not_tell_ends_the_ban(scene: Scene) -> None:
    anne = Hand(scene)
    await scene.types(f"tempban <@{scene.raider}> 1h")
    anne.unban()

    await anne.tells_of_ban(banned=False)
    await anne.look_now("look_at_ban")

    ban, unban = await anne.record()
    assert ban["state"] == "lifted"
    assert ban["history"][-1]["actor"] is None
    assert (unban["kind"], unban["moderator"]) == ("unban", None)
    assert not await scene.timers("lift_infraction")


async def test_our_own_bans_and_unbans_are_no_news(scene: Scene) -> None:
    anne = Hand(scene)
    await scene.types(f"tempban <@{scene.raider}> 1h")
    await anne.tells_of_ban(banned=True)
    await anne.is_through()
    assert not await scene.timers("look_at_ban")
    await scene.time_is_up(1)
    await scene.until(1, "expired")

    await anne.tells_of_ban(banned=False)
    await anne.look_now("look_at_ban")

    assert [one["state"] for one in await anne.record()] == ["expired"]


async def test_a_ban_that_is_gone_when_looked_at_is_not_recorded(scene: Scene) -> None:
    anne = Hand(scene)

    await anne.tells_of_ban(banned=True)
    await anne.look_now("look_at_ban")

    assert await anne.record() == []


async def test_a_timeout_of_which_the_audit_log_does_not_tell_is_a_mute(scene: Scene) -> None:
    anne = Hand(scene)
    anne.timeout(until=datetime.now(UTC) + HOUR)

    await anne.tells_of_member()
    await anne.look_now("look_at_member")
    anne.timeout(until=None)
    await anne.tells_of_member()
    await anne.look_now("look_at_member")

    mute, unmute = await anne.record()
    assert (mute["kind"], mute["state"], mute["moderator"]) == ("mute", "lifted", None)
    assert (unmute["kind"], unmute["state"], unmute["moderator"]) == ("unmute", "done", None)


async def test_our_own_mutes_are_no_news(scene: Scene, elsewhere: Deps) -> None:
    anne = Hand(scene)
    await actions.order(elsewhere, scene.order(Kind.MUTE, duration=HOUR))

    await anne.tells_of_member()
    await anne.is_through()

    assert not await scene.timers("look_at_member")


async def test_roles_that_are_taken_without_the_audit_log_end_what_they_were(
    scene: Scene, elsewhere: Deps
) -> None:
    anne = Hand(scene)
    await actions.order(elsewhere, scene.order(Kind.MUTE, role="low", duration=HOUR))
    await actions.order(elsewhere, scene.order(Kind.TEMPROLE, role="high", duration=HOUR))
    anne.loses("low", "high")

    await anne.tells_of_member()
    await anne.look_now("look_at_member")

    kinds = [(one["kind"], one["state"]) for one in await anne.record()]
    assert kinds == [("mute", "lifted"), ("temprole", "lifted"), ("unmute", "done")]


async def test_roles_that_are_lost_by_leaving_are_not_lifted(scene: Scene, elsewhere: Deps) -> None:
    anne = Hand(scene)
    await actions.order(elsewhere, scene.order(Kind.TEMPROLE, role="low", duration=HOUR))
    held = scene.gateway.holds(scene.id, "add_role")
    await scene.comes_back(scene.raider)
    await held.arrived()

    await anne.tells_of_member()
    await anne.look_now("look_at_member")

    assert [one["state"] for one in await anne.record()] == ["active"]
    held.go_on()
