"""Each measure by text and by slash: what is answered, whom it names, what was there before."""

import pytest
from msgspec.structs import replace

from shared.contracts.config import InfractionsPlugin
from shared.contracts.invocations import OptionValue
from tests.infractions.interacting import (
    a_minute_passes,
    edited,
    fills,
    hurry,
    inputs,
    message_menu,
    opens,
    says,
    user_menu,
)
from tests.infractions.scene import Scene, buttons, shown

pytestmark = pytest.mark.asyncio(loop_scope="session")

Measure = tuple[str, dict[str, OptionValue], str, str]

MEASURES: dict[str, Measure] = {
    "warn": ("warn <@{0}> spam", {"reason": "spam"}, "warning", "Warned **raider**"),
    "note": ("note <@{0}> spam", {"text": "spam"}, "note", "Noted about **raider**"),
    "kick": ("kick <@{0}> spam", {"reason": "spam"}, "kick", "Kicked **raider**"),
    "mute": (
        "mute <@{0}> 1h spam",
        {"duration": "1h", "reason": "spam"},
        "mute",
        "Muted **raider**",
    ),
    "tempmute": (
        "tempmute <@{0}> 1h spam",
        {"duration": "1h", "reason": "spam"},
        "mute",
        "Muted **raider**",
    ),
    "ban": (
        "ban <@{0}> 7 spam",
        {"delete_days": 7, "reason": "spam"},
        "ban",
        "Banned **raider**",
    ),
    "tempban": (
        "tempban <@{0}> 1h spam",
        {"duration": "1h", "reason": "spam"},
        "ban",
        "Banned **raider**",
    ),
    "softban": ("softban <@{0}> spam", {"reason": "spam"}, "softban", "Softbanned **raider**"),
}


@pytest.mark.parametrize("command", MEASURES)
async def test_a_typed_measure_is_recorded_and_answered(scene: Scene, command: str) -> None:
    line, _, kind, said = MEASURES[command]

    answer = await scene.types(line.format(scene.raider))

    assert answer.startswith(said)
    assert "Infraction #1. Reason: spam" in answer
    assert "Before: nothing." in answer
    infraction = await scene.infraction(1)
    assert (infraction["kind"], infraction["reason"]) == (kind, "spam")
    assert infraction["source"] == "text"


@pytest.mark.parametrize("command", MEASURES)
async def test_a_slash_measure_is_the_same(scene: Scene, command: str) -> None:
    _, options, kind, said = MEASURES[command]

    answer = await scene.runs(command, None, user=str(scene.raider), **options)

    assert answer.content.startswith(said)
    assert (await scene.infraction(1))["kind"] == kind


@pytest.mark.parametrize("text", [True, False])
async def test_what_lasts_is_lifted_by_its_reverse(scene: Scene, text: bool) -> None:
    await scene.types(f"mute <@{scene.raider}> 1h")
    await scene.types(f"ban <@{scene.raider}>")

    if text:
        unmuted = await scene.types(f"unmute <@{scene.raider}> enough")
        unbanned = await scene.types(f"unban <@{scene.raider}> enough")
    else:
        unmuted = (await scene.runs("unmute", user=str(scene.raider), reason="enough")).content
        unbanned = (await scene.runs("unban", user=str(scene.raider), reason="enough")).content

    assert unmuted.startswith("Unmuted **raider**")
    assert unbanned.startswith("Unbanned **raider**")
    assert [await scene.state(number) for number in (1, 2)] == ["lifted", "lifted"]


@pytest.mark.parametrize("text", [True, False])
async def test_a_role_is_given_for_a_time(scene: Scene, text: bool) -> None:
    role = scene.roles["low"]

    if text:
        answer = await scene.types(f"temprole <@{scene.raider}> <@&{role}> 1h event")
    else:
        given = await scene.runs("temprole", user=str(scene.raider), role=str(role), duration="1h")
        answer = given.content

    assert answer.startswith(f"Gave <@&{role}> to **raider** (<@{scene.raider}>) until <t:")
    assert role in scene.town.members[scene.raider].roles


async def test_no_role_above_the_moderators_or_the_bots_is_given(scene: Scene) -> None:
    for role in ("moderators", "seniors", "bots", "high"):
        answer = await scene.types(f"temprole <@{scene.raider}> {scene.roles[role]} 1h")

        assert "can't give that role" in answer
    assert await scene.infractions() == []


async def test_a_role_that_a_member_has_for_good_is_not_given_for_a_time(scene: Scene) -> None:
    role = scene.roles["low"]
    member = scene.town.members[scene.raider]
    scene.town.members[scene.raider] = replace(member, roles=(role,))

    answer = await scene.types(f"temprole <@{scene.raider}> {role} 1h")

    assert "They have that role already" in answer
    assert await scene.infractions() == []


async def test_a_role_given_for_a_time_is_given_for_another(scene: Scene) -> None:
    role = scene.roles["low"]
    await scene.types(f"temprole <@{scene.raider}> {role} 1h")

    answer = await scene.types(f"temprole <@{scene.raider}> {role} 2h")

    assert "In place of infraction #1." in answer


async def test_what_takes_back_says_what_it_ends(scene: Scene) -> None:
    await scene.types(f"mute <@{scene.raider}> 1h")

    answer = await scene.types(f"unmute <@{scene.raider}>")

    assert "That ends infraction #1." in answer


async def test_forceban_is_ban(scene: Scene) -> None:
    stranger = scene.exists("stranger")

    answer = await scene.types(f"forceban {stranger} spam")

    assert answer.startswith("Banned **stranger**")
    assert scene.banned(stranger)


async def test_muting_again_changes_the_duration_and_says_so(scene: Scene) -> None:
    await scene.types(f"mute <@{scene.raider}> 1h")

    answer = await scene.types(f"mute <@{scene.raider}> 2h")

    assert "In place of infraction #1." in answer
    assert await scene.state(1) == "lifted"


async def test_the_answer_sums_up_what_was_before(scene: Scene) -> None:
    for line in ("warn <@{0}> a", "warn <@{0}> b", "mute <@{0}> 1h", "unmute <@{0}>"):
        await scene.types(line.format(scene.raider))
    await scene.rig.db.execute(
        "UPDATE infractions SET counts_until = now() WHERE guild_id = $1 AND number = 1", scene.id
    )

    answer = await scene.types(f"kick <@{scene.raider}>")

    assert "Before: 2 warnings (1 expired or pardoned), 1 mute, last <t:" in answer


async def test_what_was_deleted_is_not_summed_up(scene: Scene) -> None:
    await scene.types(f"warn <@{scene.raider}> a")
    await scene.types("infractions delete 1", by=scene.owner)

    assert "Before: nothing." in await scene.types(f"warn <@{scene.raider}> b")


async def test_the_answer_says_whether_the_member_was_told(scene: Scene) -> None:
    await scene.sets(InfractionsPlugin(notify_user=True))

    assert "They were told." in await scene.types(f"warn <@{scene.raider}> a")


# --- undo ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["ban", "mute", "warn", "note"])
async def test_a_measure_is_undone_by_its_button(scene: Scene, command: str) -> None:
    answer = await scene.types_for(f"{command} <@{scene.raider}> oops")

    undone = await scene.presses(buttons(answer)["Undo"])

    assert undone.content.startswith("Taken back by moderator")
    assert not buttons(undone)
    assert not scene.banned()
    left = (await scene.infraction(1))["state"]
    assert left == ("lifted" if command in ("ban", "mute") else "done")


async def test_only_who_ordered_it_or_an_administrator_undoes_it(scene: Scene) -> None:
    answer = await scene.types_for(f"ban <@{scene.raider}>")
    colleague = scene.joins("colleague", "moderators")

    refused = await scene.presses(buttons(answer)["Undo"], by=colleague)

    assert "Only who ordered infraction #1" in refused.content
    assert scene.banned()
    await scene.presses(buttons(answer)["Undo"], by=scene.owner)
    assert not scene.banned()


async def test_nothing_is_undone_after_a_minute(scene: Scene) -> None:
    answer = await scene.types_for(f"ban <@{scene.raider}>")
    await a_minute_passes(scene, 1)

    late = await scene.presses(buttons(answer)["Undo"])

    assert "too late" in late.content
    assert scene.banned()


async def test_the_button_goes_after_a_minute(scene: Scene) -> None:
    by = scene.text(f"ban <@{scene.raider}>")
    answer = await scene.gateway.run(by)
    assert "Undo" in buttons(answer)

    await hurry(scene, "retire_undo")

    left = await edited(scene, by, "Banned **raider**")
    assert left.content == answer.content
    assert not buttons(left)


async def test_what_was_undone_keeps_its_words(scene: Scene) -> None:
    answer = await scene.types_for(f"ban <@{scene.raider}>")

    await scene.presses(buttons(answer)["Undo"])

    assert not await scene.timers("retire_undo")


async def test_a_kick_has_no_button(scene: Scene) -> None:
    assert not buttons(await scene.types_for(f"kick <@{scene.raider}>"))


# --- menus --------------------------------------------------------------------------------------


async def test_a_members_menu_asks_why_they_are_warned(scene: Scene) -> None:
    form = await opens(scene, user_menu(scene, "warn", scene.raider))
    assert list(inputs(form)) == ["reason"]

    answer = await fills(scene, form, reason="spam")

    assert answer.content.startswith("Warned **raider**")


async def test_a_mute_without_an_end_says_so(scene: Scene) -> None:
    answer = await scene.types(f"mute <@{scene.raider}> noisy for 10m")

    assert answer.startswith(f"Muted **raider** (<@{scene.raider}>) for good. Infraction #1.")


async def test_a_members_menu_asks_for_how_long_they_are_muted(scene: Scene) -> None:
    form = await opens(scene, user_menu(scene, "mute", scene.raider))
    assert list(inputs(form)) == ["duration", "reason"]

    answer = await fills(scene, form, duration="1h", reason="")

    assert answer.content.startswith("Muted **raider** (<@")
    assert "until <t:" in answer.content
    assert "1h" not in answer.content


async def test_a_members_menu_shows_their_history(scene: Scene) -> None:
    await scene.types(f"warn <@{scene.raider}> spam")

    found = await scene.gateway.run(user_menu(scene, "infractions history", scene.raider))

    assert "1 warning" in shown(found)


async def test_a_messages_menu_warns_its_author_with_the_message(scene: Scene) -> None:
    message = says(scene, scene.raider, "buy my ships")
    form = await opens(scene, message_menu(scene, "warn-author", message))

    answer = await fills(scene, form, reason="spam")

    assert answer.content.startswith("Warned **raider**")
    card = shown(await scene.types_for("infractions info 1"))
    assert f"/{message.id})" in card


async def test_a_messages_menu_refuses_as_the_command_does(scene: Scene) -> None:
    message = says(scene, scene.raider, "buy my ships")
    member = scene.joins("member")

    refused = await scene.gateway.run(message_menu(scene, "warn-author", message, by=member))

    assert "needs level 50" in refused.content
