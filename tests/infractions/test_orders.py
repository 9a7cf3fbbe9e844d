"""Measures from the order to the record: each once, in the right state, with its history."""

import asyncio

import pytest

from shared.contracts.actions import Ban
from tests.infractions.scene import Scene, at, shown
from tests.support.answering_gateway import BUSY, FORBIDDEN

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_warning_is_recorded_and_answered_with_its_number(scene: Scene) -> None:
    answer = await scene.types(f"warn <@{scene.raider}> mind the boats")

    assert answer == (
        f"Warned **raider** (<@{scene.raider}>). Infraction #1. Reason: mind the boats\n"
        "Before: nothing."
    )
    infraction = await scene.infraction(1)
    assert infraction["state"] == "done"
    assert infraction["reason"] == "mind the boats"
    assert infraction["moderator"] == {"id": str(scene.moderator), "name": "moderator"}
    assert [step["detail"] for step in infraction["history"]] == ["by text command"]


async def test_a_ban_is_carried_out_and_recorded(scene: Scene) -> None:
    answer = await scene.runs("ban", user=str(scene.raider), delete_days=2, reason="flood")

    assert answer.content.startswith("Banned **raider**")
    assert scene.town.done == [
        Ban(guild_id=scene.id, user_id=scene.raider, delete_message_seconds=172_800)
    ]
    infraction = await scene.infraction(1)
    assert (infraction["state"], infraction["source"]) == ("active", "slash")
    assert infraction["expires_at"] is None
    assert await scene.changes(1) == ["created", "active"]


async def test_a_ban_is_on_record_before_discord_hears_of_it(scene: Scene) -> None:
    held = scene.gateway.holds(scene.id, "ban")
    running = asyncio.create_task(scene.types(f"ban <@{scene.raider}>"))
    await held.arrived()

    assert not scene.banned()
    assert await scene.state(1) == "pending"

    held.go_on()
    assert "Banned" in await running
    assert await scene.state(1) == "active"


async def test_a_temporary_ban_says_until_when(scene: Scene) -> None:
    answer = await scene.types(f"tempban <@{scene.raider}> 1h30m flood")

    infraction = await scene.infraction(1)
    expires_at = at(infraction["expires_at"])
    assert (expires_at - at(infraction["created_at"])).total_seconds() == 5400
    assert f"until <t:{int(expires_at.timestamp())}:f>" in answer


async def test_somebody_who_is_not_here_is_banned_by_id(scene: Scene) -> None:
    stranger = scene.exists("stranger")

    answer = await scene.types(f"forceban {stranger}")

    assert "Banned **stranger**" in answer
    assert scene.banned(stranger)


async def test_nobody_is_banned_whom_discord_does_not_know(scene: Scene) -> None:
    answer = await scene.types("ban 100000000000000009")

    assert answer == "Discord knows no user with the id 100000000000000009."
    assert await scene.infractions() == []


async def test_what_discord_refuses_has_failed_and_says_why(scene: Scene) -> None:
    scene.gateway.answers(scene.id, "ban", FORBIDDEN)

    answer = await scene.runs("ban", user=str(scene.raider))

    assert answer.content == "The bot lacks a permission. Recorded as infraction #1."
    assert answer.ephemeral
    infraction = await scene.infraction(1)
    assert (infraction["state"], infraction["failure"]) == ("failed", "The bot lacks a permission.")
    assert infraction["history"][-1]["change"] == "failed"
    assert not await scene.timers("finish_pending")


async def test_a_command_delivered_twice_is_one_record_with_one_answer(scene: Scene) -> None:
    tempban = scene.text(f"tempban <@{scene.raider}> 1h")
    await scene.gateway.send(tempban)
    first = await scene.gateway.answer(tempban)

    await scene.gateway.send(tempban)
    second = await scene.gateway.answer(tempban, nth=2)

    assert first == second
    assert len(await scene.infractions()) == 1
    assert scene.done() == ["ban"]


async def test_a_refusal_delivered_twice_is_one_record_with_one_answer(scene: Scene) -> None:
    scene.gateway.answers(scene.id, "ban", FORBIDDEN)
    ban = scene.slash("ban", user=str(scene.raider))
    await scene.gateway.send(ban)
    first = await scene.gateway.answer(ban)

    await scene.gateway.send(ban)

    assert await scene.gateway.answer(ban, nth=2) == first
    assert len(await scene.infractions()) == 1


async def test_while_discord_is_away_a_ban_is_pending_and_tried_again(scene: Scene) -> None:
    scene.gateway.answers(scene.id, "ban", BUSY, BUSY)

    answer = await scene.types(f"ban <@{scene.raider}>")

    assert "Banned" in answer
    assert await scene.changes(1) == ["created", "active"]
    assert scene.done() == ["ban"]


async def test_a_guild_may_want_a_reason_with_everything(scene: Scene) -> None:
    await scene.configures(permissions={scene.moderator: 50}, require_reason=True)

    refused = await scene.types(f"ban <@{scene.raider}>")

    assert "wants a reason" in refused
    assert await scene.infractions() == []
    assert "Banned" in await scene.types(f"ban <@{scene.raider}> flood")


async def test_a_warning_always_has_a_reason(scene: Scene) -> None:
    typed = await scene.types(f"warn <@{scene.raider}>")
    blank = await scene.runs("warn", user=str(scene.raider), reason="   ")

    assert "`reason` is missing" in typed
    assert "needs a reason" in shown(blank)
    assert await scene.infractions() == []


async def test_numbers_have_no_gaps_and_no_twins_under_load(scene: Scene) -> None:
    scenes = [scene, scene.another(), scene.another()]
    orders = [
        each.text(f"warn <@{each.raider}> number {number}")
        for number in range(67)
        for each in scenes
    ]

    answers = await asyncio.gather(*(scene.gateway.run(order) for order in orders))

    assert all("Warned" in answer.content for answer in answers)
    for each in scenes:
        found = await each.infractions(limit=100)
        assert [one["number"] for one in found] == list(range(67, 0, -1))


async def test_a_refused_order_spends_no_number(scene: Scene) -> None:
    await scene.types(f"ban <@{scene.raider}>")
    again = await scene.types(f"ban <@{scene.raider}>")

    await scene.types(f"warn <@{scene.joins('other')}> x")

    assert "already" in again
    assert [one["number"] for one in await scene.infractions()] == [2, 1]
