"""Measures made in Discord's client or by other bots: recorded with who made them, once."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from services.infractions import actions
from services.infractions.deps import Deps
from services.infractions.model import Kind
from shared.contracts.discord import Member
from tests.infractions.by_hand import Hand, another_bot, read, stranger
from tests.infractions.scene import Scene, at

pytestmark = pytest.mark.asyncio(loop_scope="session")

SOON = timedelta(seconds=2)


async def test_a_ban_by_hand_is_recorded_with_the_real_moderator(scene: Scene) -> None:
    anne = Hand(scene)

    entry = await anne.bans(reason="flooding")

    infraction = await scene.until(1, "active")
    assert infraction["kind"] == "ban"
    assert infraction["user"] == {"id": str(scene.raider), "name": "raider"}
    assert infraction["moderator"] == {"id": str(anne.id), "name": "anne"}
    assert infraction["reason"] == "flooding"
    assert infraction["source"] == "audit"
    assert infraction["expires_at"] is None
    assert abs(at(infraction["created_at"]) - read_time(entry)) < SOON
    assert await scene.changes(1) == ["created", "active"]
    assert scene.done() == []


def read_time(entry: dict[str, str]) -> datetime:
    return datetime.fromtimestamp(((int(entry["id"]) >> 22) + 1_420_070_400_000) / 1000, tz=UTC)


async def test_a_kick_by_hand_is_recorded(scene: Scene) -> None:
    anne = Hand(scene)

    await anne.kicks(reason="rude")

    infraction = await scene.until(1, "done")
    assert (infraction["kind"], infraction["reason"]) == ("kick", "rude")
    assert infraction["moderator"]["name"] == "anne"


async def test_a_prune_is_no_kick(scene: Scene) -> None:
    anne = Hand(scene)

    entry = anne.entry(21)
    del entry["target_id"]
    await anne.hears(entry)
    await anne.hears({**anne.entry(21), "options": {"members_removed": "3"}})

    assert await anne.record() == []


async def test_another_bot_is_the_moderator_of_what_it_does(scene: Scene) -> None:
    bot = another_bot(scene)

    await bot.bans()

    assert (await scene.until(1, "active"))["moderator"] == {"id": str(bot.id), "name": "other bot"}


async def test_what_the_bot_did_itself_is_not_recorded_again(scene: Scene) -> None:
    anne = Hand(scene)
    await scene.types(f"tempban <@{scene.raider}> 1h")

    await anne.hears(anne.entry(22, by=scene.bot))
    await anne.hears(anne.entry(23, by=scene.bot))
    await anne.hears(anne.entry(20, by=scene.bot))

    [infraction] = await anne.record()
    assert infraction["source"] == "text"
    assert infraction["state"] == "active"


async def test_an_entry_that_comes_twice_is_one_record(scene: Scene) -> None:
    anne = Hand(scene)

    entry = await anne.bans()
    await anne.hears(entry)

    assert [one["kind"] for one in await anne.record()] == ["ban"]


async def test_an_entry_that_two_processes_hear_is_one_record(
    scene: Scene, elsewhere: Deps
) -> None:
    anne = Hand(scene)
    entry = read(anne.ban())

    await asyncio.gather(*(actions.see(elsewhere, entry) for _ in range(5)))

    assert [one["kind"] for one in await anne.record()] == ["ban"]


async def test_somebody_whose_name_is_not_to_be_had_is_recorded_by_id(scene: Scene) -> None:
    anne, unknown = Hand(scene), stranger()

    await anne.hears(anne.entry(22, unknown))

    [infraction] = await anne.record(unknown)
    assert infraction["user"] == {"id": str(unknown), "name": ""}


# --- what ends ----------------------------------------------------------------------------------


async def test_an_unban_by_hand_ends_the_ban_and_its_timer(scene: Scene) -> None:
    anne = Hand(scene)
    await scene.types(f"tempban <@{scene.raider}> 1h")

    await anne.unbans(reason="a mistake")

    ban = await scene.until(1, "lifted")
    last = ban["history"][-1]
    assert (last["actor"]["name"], last["detail"]) == ("anne", "by unban #2")
    unban = await scene.infraction(2)
    assert (unban["kind"], unban["state"], unban["reason"]) == ("unban", "done", "a mistake")
    assert unban["moderator"]["id"] == str(anne.id)
    assert not await scene.timers("lift_infraction")


async def test_an_unban_of_somebody_whose_ban_nobody_recorded_is_recorded(scene: Scene) -> None:
    anne = Hand(scene)

    await anne.unbans()

    assert (await scene.until(1, "done"))["kind"] == "unban"


async def test_a_ban_by_hand_over_a_temporary_one_stays(scene: Scene) -> None:
    anne = Hand(scene)
    await scene.types(f"tempban <@{scene.raider}> 1h")

    await anne.bans(reason="for good")

    assert (await scene.until(2, "active"))["expires_at"] is None
    assert await scene.state(1) == "lifted"
    assert not await scene.timers("lift_infraction")
    assert scene.banned()


async def test_who_was_banned_by_hand_can_be_unbanned_by_command(scene: Scene) -> None:
    anne = Hand(scene)
    await anne.bans()
    await scene.until(1, "active")

    await scene.types(f"unban <@{scene.raider}> enough")

    assert await scene.state(1) == "lifted"
    assert not scene.banned()


async def test_who_was_banned_by_hand_is_said_to_be_banned_already(scene: Scene) -> None:
    anne = Hand(scene)
    await anne.bans()
    await scene.until(1, "active")

    answer = await scene.types(f"ban <@{scene.raider}>")

    assert "banned for good already, by anne: infraction #1" in answer


# --- mutes --------------------------------------------------------------------------------------


async def test_a_timeout_by_hand_is_a_mute_that_ends_by_itself(scene: Scene) -> None:
    anne = Hand(scene)

    await anne.times_out(hours=1)

    mute = await scene.until(1, "active")
    assert mute["kind"] == "mute"
    assert abs(at(mute["expires_at"]) - datetime.now(UTC) - timedelta(hours=1)) < timedelta(
        minutes=5
    )
    scene.town.members[scene.raider] = Member(user=scene.gateway.users[scene.raider])
    await scene.time_is_up(1)
    await scene.until(1, "expired")
    assert scene.done() == []


async def test_a_timeout_of_discords_longest_is_not_renewed(scene: Scene) -> None:
    anne = Hand(scene)

    await anne.times_out(days=28)

    await scene.until(1, "active")
    assert not await scene.timers("renew_mute")
    assert len(await scene.timers("lift_infraction")) == 1


async def test_a_timeout_that_is_ended_by_hand_is_lifted(scene: Scene, elsewhere: Deps) -> None:
    anne = Hand(scene)
    await actions.order(elsewhere, scene.order(Kind.MUTE, duration=timedelta(hours=1)))

    await anne.ends_timeout()

    mute = await scene.until(1, "lifted")
    assert mute["history"][-1]["actor"]["name"] == "anne"
    assert (await scene.infraction(2))["kind"] == "unmute"
    assert not await scene.timers("lift_infraction")


async def test_a_timeout_whose_end_is_moved_is_a_newer_mute(scene: Scene) -> None:
    anne, bert = Hand(scene), Hand(scene, "bert")
    await anne.times_out(hours=1)
    await scene.until(1, "active")

    await bert.times_out(hours=5)

    newer = await scene.until(2, "active")
    assert newer["moderator"]["name"] == "bert"
    assert (await scene.infraction(1))["history"][-1]["detail"] == "replaced by #2"
    [timer] = await scene.timers("lift_infraction")
    assert '"number": 2' in timer["payload"]


async def test_to_clear_a_timeout_that_ran_out_is_no_unmute(scene: Scene) -> None:
    anne = Hand(scene)
    over = datetime.now(UTC) - timedelta(hours=1)
    scene.town.members[scene.raider] = Member(communication_disabled_until=over)

    await anne.ends_timeout()

    assert await anne.record() == []


async def test_other_changes_of_a_member_are_none_of_its_business(scene: Scene) -> None:
    anne = Hand(scene)
    nick = {"key": "nick", "old_value": "a", "new_value": "b"}

    await anne.hears(anne.entry(24, changes=[nick]))
    await anne.hears(anne.entry(24))
    await anne.gives("low")

    assert await anne.record() == []


async def test_a_mute_role_given_and_taken_by_hand_is_a_mute_and_its_end(scene: Scene) -> None:
    anne = Hand(scene)
    await scene.configures(mute_role=scene.roles["low"])

    await anne.gives("low")
    await scene.until(1, "active")
    await anne.takes("low")

    assert (await scene.until(1, "lifted"))["kind"] == "mute"
    assert (await scene.infraction(2))["kind"] == "unmute"


async def test_a_mute_role_of_a_former_configuration_ends_the_mute_too(scene: Scene) -> None:
    anne = Hand(scene)
    await scene.configures(mute_role=scene.roles["low"])
    await anne.gives("low")
    await scene.until(1, "active")
    await scene.configures(mute_role=None)

    await anne.takes("low")

    await scene.until(1, "lifted")


async def test_a_timeout_beside_a_longer_mute_by_role_leaves_that_alone(scene: Scene) -> None:
    anne = Hand(scene)
    await scene.configures(mute_role=scene.roles["low"])
    await anne.gives("low")
    await scene.until(1, "active")

    await anne.times_out(minutes=10)
    await scene.until(2, "lifted")
    await anne.ends_timeout()

    await scene.until(3, "done")
    assert await scene.state(1) == "active"
    assert (await scene.infraction(2))["history"][-1]["detail"] == "#1 holds longer"
    assert scene.done() == []


async def test_a_temporary_role_that_is_taken_by_hand_is_lifted(
    scene: Scene, elsewhere: Deps
) -> None:
    anne = Hand(scene)
    await actions.order(
        elsewhere, scene.order(Kind.TEMPROLE, role="low", duration=timedelta(hours=1))
    )

    await anne.takes("low")

    role = await scene.until(1, "lifted")
    last = role["history"][-1]
    assert (last["actor"]["name"], last["detail"]) == ("anne", "the role was taken away by hand")
    assert not await scene.timers("lift_infraction")
    assert len(await anne.record()) == 1


# --- settings -----------------------------------------------------------------------------------


async def test_with_recording_off_only_our_own_records_end(scene: Scene) -> None:
    anne = Hand(scene)
    await scene.configures(record_manual=False)
    await scene.types(f"tempban <@{scene.raider}> 1h")

    await anne.kicks()
    await anne.unbans()

    await scene.until(1, "lifted")
    assert len(await scene.infractions()) == 1
    assert not await scene.timers("lift_infraction")


async def test_with_recording_off_a_ban_by_hand_ends_the_temporary_one_and_its_timer(
    scene: Scene,
) -> None:
    anne = Hand(scene)
    await scene.configures(record_manual=False)
    await scene.types(f"tempban <@{scene.raider}> 1h")

    await anne.bans()

    ban = await scene.until(1, "lifted")
    assert ban["history"][-1]["detail"] == "banned anew by hand"
    assert not await scene.timers("lift_infraction")
    assert scene.banned()
