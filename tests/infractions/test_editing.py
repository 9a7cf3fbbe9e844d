"""Changing the record by command: reasons, durations, deleting, pardoning; history keeps all."""

import asyncio

import pytest

from shared.contracts.config import InfractionsPlugin
from tests.infractions.interacting import fills, inputs, offers, opens
from tests.infractions.scene import Scene, at, buttons, shown

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def details(scene: Scene, number: int, change: str) -> list[str]:
    """Return what the history says about changes of a kind."""
    history = (await scene.infraction(number))["history"]
    return [step["detail"] for step in history if step["change"] == change]


# --- reasons ------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [True, False])
async def test_a_reason_is_changed_and_the_old_one_kept(scene: Scene, text: bool) -> None:
    await scene.types(f"warn <@{scene.raider}> spam")

    if text:
        answer = await scene.types("infractions reason 1 flood *really*")
    else:
        given = await scene.runs("infractions reason", number=1, text="flood *really*")
        answer = given.content

    assert answer == "The reason of infraction #1 is now: flood \\*really\\*"
    assert (await scene.infraction(1))["reason"] == "flood *really*"
    assert await details(scene, 1, "reason") == ["“spam” -> “flood *really*”"]


async def test_others_reasons_need_a_level_that_the_server_sets(scene: Scene) -> None:
    await scene.types(f"warn <@{scene.raider}> spam", by=scene.owner)

    refused = await scene.types("infractions reason 1 flood")
    await scene.sets(InfractionsPlugin(reason_edit_level=50))
    allowed = await scene.types("infractions reason 1 flood")

    assert "is not yours: to edit others' you need level 100, and yours is 50" in refused
    assert "is now: flood" in allowed


async def test_a_number_of_another_guild_is_not_edited(scene: Scene) -> None:
    other = scene.another()
    await other.types(f"warn <@{other.raider}> spam")

    for line in ("reason 1 x", "duration 1 1h", "edit 1", "delete 1", "restore 1", "pardon 1"):
        answer = await scene.types(f"infractions {line}", by=scene.owner)
        assert "There is no infraction #1 in this server." in answer
    assert (await other.infraction(1))["reason"] == "spam"


# --- durations ----------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [True, False])
async def test_a_temporary_ban_becomes_permanent_and_back(scene: Scene, text: bool) -> None:
    async def change(duration: str) -> str:
        if text:
            return await scene.types(f"infractions duration 1 {duration}")
        given = await scene.runs("infractions duration", number=1, duration=duration)
        return given.content

    await scene.types(f"tempban <@{scene.raider}> 1h")

    assert "now lasts for good." in await change("permanent")
    assert (await scene.infraction(1))["expires_at"] is None
    assert not await scene.timers("lift_infraction")
    assert "now lasts until <t:" in await change("2h")
    infraction = await scene.infraction(1)
    length = at(infraction["expires_at"]) - at(infraction["created_at"])
    assert 7200 <= length.total_seconds() < 7500
    await scene.time_is_up(1)
    await scene.until(1, "expired")


# --- the form -----------------------------------------------------------------------------------


async def test_the_form_holds_what_stands_and_changes_both(scene: Scene) -> None:
    await scene.types(f"tempban <@{scene.raider}> 1h spam")

    form = await opens(scene, scene.slash("infractions edit", number=1))
    assert inputs(form) == {"reason": "spam", "duration": "1h"}
    answer = await fills(scene, form, reason="flood", duration="permanent")

    assert "The reason of infraction #1 is now: flood" in answer.content
    assert "now lasts for good." in answer.content
    infraction = await scene.infraction(1)
    assert (infraction["reason"], infraction["expires_at"]) == ("flood", None)


async def test_a_form_that_changes_nothing_leaves_all_as_it_is(scene: Scene) -> None:
    await scene.types(f"tempban <@{scene.raider}> 1h spam")
    before = await scene.infraction(1)
    form = await opens(scene, scene.slash("infractions edit", number=1))

    answer = await fills(scene, form, reason="spam", duration="1h")

    assert "Nothing was changed" in answer.content
    assert await scene.infraction(1) == before


async def test_a_typed_edit_opens_the_form_by_a_button(scene: Scene) -> None:
    await scene.types(f"warn <@{scene.raider}> spam")

    answer = await scene.types_for("infractions edit 1")
    form = await opens(scene, scene.press(buttons(answer)["Edit"]))

    assert inputs(form) == {"reason": "spam", "duration": "permanent"}


async def test_a_form_that_somebody_was_faster_than_changes_nothing(scene: Scene) -> None:
    await scene.types(f"warn <@{scene.raider}> spam")
    form = await opens(scene, scene.slash("infractions edit", number=1))
    await scene.types("infractions reason 1 flood")

    answer = await fills(scene, form, reason="mine", duration="permanent")

    assert "was changed meanwhile" in answer.content
    assert (await scene.infraction(1))["reason"] == "flood"


async def test_a_form_with_no_length_of_time_says_so_and_changes_nothing(
    scene: Scene,
) -> None:
    await scene.types(f"tempban <@{scene.raider}> 1h spam")
    form = await opens(scene, scene.slash("infractions edit", number=1))

    answer = await fills(scene, form, reason="flood", duration="soonish")

    assert "The duration `soonish` is not a length of time" in answer.content
    assert (await scene.infraction(1))["reason"] == "spam"


# --- out of the record, and back ----------------------------------------------------------------


@pytest.mark.parametrize("text", [True, False])
async def test_what_is_deleted_is_not_shown_until_it_is_restored(scene: Scene, text: bool) -> None:
    async def run(command: str) -> str:
        if text:
            return await scene.types(f"infractions {command} 1", by=scene.owner)
        return (await scene.runs(f"infractions {command}", scene.owner, number=1)).content

    await scene.types(f"warn <@{scene.raider}> spam")

    assert "is out of the record" in await run("delete")
    assert "no infractions" in await scene.types("infractions recent")
    assert "no infractions" in await scene.types(f"infractions history <@{scene.raider}>")
    assert "There is no infraction #1" in await scene.types("infractions info 1")
    assert "deleted <t:" in shown(await scene.types_for("infractions info 1", by=scene.owner))
    assert "#1" in shown(await scene.types_for("infractions deleted", by=scene.owner))
    assert "is in the record again" in await run("restore")
    assert "spam" in shown(await scene.types_for("infractions recent"))
    assert await scene.changes(1) == ["created", "hidden", "restored"]


async def test_what_is_deleted_can_not_be_deleted_or_changed_again(scene: Scene) -> None:
    await scene.types(f"warn <@{scene.raider}> spam")
    await scene.types("infractions delete 1", by=scene.owner)

    for line in ("delete 1", "pardon 1", "reason 1 x"):
        assert "was deleted: restore it first" in await scene.types(
            f"infractions {line}", by=scene.owner
        )
    await scene.types("infractions restore 1", by=scene.owner)
    assert "was not deleted" in await scene.types("infractions restore 1", by=scene.owner)


async def test_what_is_in_force_is_not_deleted(scene: Scene) -> None:
    await scene.types(f"ban <@{scene.raider}>")

    answer = await scene.types("infractions delete 1", by=scene.owner)

    assert "is still in force: end the ban first" in answer


@pytest.mark.parametrize("text", [True, False])
async def test_a_pardoned_warning_stays_in_the_record(scene: Scene, text: bool) -> None:
    await scene.types(f"warn <@{scene.raider}> spam")

    if text:
        answer = await scene.types("infractions pardon 1", by=scene.owner)
    else:
        answer = (await scene.runs("infractions pardon", scene.owner, number=1)).content

    assert "counts no more" in answer
    again = await scene.types("infractions pardon 1", by=scene.owner)
    assert "was pardoned already" in again
    assert "pardoned <t:" in shown(await scene.types_for("infractions recent"))
    assert await scene.changes(1) == ["created", "pardoned"]


async def test_only_warnings_are_pardoned(scene: Scene) -> None:
    await scene.types(f"note <@{scene.raider}> spam")

    assert "only warnings are pardoned" in await scene.types("infractions pardon 1", by=scene.owner)


@pytest.mark.parametrize("command", ["delete", "restore", "pardon"])
async def test_a_moderator_is_not_enough_for_it(scene: Scene, command: str) -> None:
    await scene.types(f"warn <@{scene.raider}> spam")

    assert "needs level 100" in await scene.types(f"infractions {command} 1")


async def test_of_two_at_the_same_moment_one_deletes(scene: Scene) -> None:
    await scene.types(f"warn <@{scene.raider}> spam")

    answers = await asyncio.gather(
        *(scene.types("infractions delete 1", by=scene.owner) for _ in range(4))
    )

    assert sum("is out of the record" in answer for answer in answers) == 1
    assert await scene.changes(1) == ["created", "hidden"]


# --- while somebody types a number --------------------------------------------------------------


async def test_numbers_are_offered_by_number_and_by_name(scene: Scene) -> None:
    pirate = scene.joins("Pirate")
    for _ in range(11):
        await scene.types(f"warn <@{scene.raider}> spam")
    await scene.types(f"warn <@{pirate}> arr")

    offered = await offers(scene, "infractions reason", "number", "1")
    named = await offers(scene, "infractions info", "number", "pir")

    assert [each.value for each in offered] == [12, 11, 10, 1]
    assert [(each.value, each.name) for each in named] == [(12, "#12 warning · Pirate: arr")]
    assert await offers(scene, "infractions restore", "number", "1", by=scene.owner) == ()
    assert await offers(scene, "infractions info", "number", "1", by=pirate) == ()


async def test_only_what_was_deleted_is_offered_to_be_restored(scene: Scene) -> None:
    for reason in ("a", "b"):
        await scene.types(f"warn <@{scene.raider}> {reason}")
    await scene.types("infractions delete 1", by=scene.owner)

    restorable = await offers(scene, "infractions restore", "number", "", by=scene.owner)
    others = await offers(scene, "infractions info", "number", "")

    assert [each.value for each in restorable] == [1]
    assert [each.value for each in others] == [2]
