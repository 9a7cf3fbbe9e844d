"""Members report messages; moderators answer with a button below the report."""

import pytest

from shared.contracts.actions import ActionRequest, Message, SendMessage
from shared.contracts.config import InfractionsPlugin
from shared.contracts.discord import MessageRef
from shared.contracts.ids import ChannelId
from tests.infractions.interacting import fills, inputs, message_menu, opens, says
from tests.infractions.rig import new_id
from tests.infractions.scene import Scene, buttons, shown

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def reported(scene: Scene, message: MessageRef) -> tuple[str, Message]:
    """Let a member report a message; return what they are told, and what the moderators see."""
    channel = ChannelId(new_id())
    await scene.sets(InfractionsPlugin(modlog_channel=channel))
    witness = scene.joins("witness")
    answer = await scene.gateway.run(message_menu(scene, "report", message, by=witness))
    assert answer.ephemeral

    def in_channel(request: ActionRequest) -> bool:
        return isinstance(request.action, SendMessage) and request.action.channel_id == channel

    found = (await scene.gateway.heard(in_channel)).action
    assert isinstance(found, SendMessage)
    return answer.content, found.message


async def test_a_report_goes_to_the_moderators_with_the_way_to_the_message(scene: Scene) -> None:
    message = says(scene, scene.raider, "buy **my** ships @everyone")

    answer, report = await reported(scene, message)

    assert answer == "The moderators have your report. Thank you."
    text = shown(report)
    assert f"https://discord.com/channels/{scene.id}/{message.channel_id}/{message.id}" in text
    assert "**raider**" in text
    assert "**witness**" in text
    assert "buy \\*\\*my\\*\\* ships" in text
    assert report.allowed_mentions.parse == ()
    assert list(buttons(report)) == ["Warn author", "Mute author", "Dismiss"]


async def test_nobody_reports_a_message_twice(scene: Scene) -> None:
    message = says(scene, scene.raider, "spam")
    await reported(scene, message)
    witness = next(
        user
        for user, known in scene.gateway.users.items()
        if known.username == "witness" and user in scene.town.members
    )

    again = await scene.gateway.run(message_menu(scene, "report", message, by=witness))
    another = await scene.gateway.run(
        message_menu(scene, "report", message, by=scene.joins("another"))
    )

    assert "You have reported this message before" in again.content
    assert "have your report" in another.content


async def test_a_server_without_a_channel_for_reports_says_so(scene: Scene) -> None:
    message = says(scene, scene.raider, "spam")

    answer = await scene.gateway.run(
        message_menu(scene, "report", message, by=scene.joins("witness"))
    )

    assert "this server has no channel for them" in answer.content
    assert answer.ephemeral


async def test_a_report_is_answered_by_a_warning(scene: Scene) -> None:
    message = says(scene, scene.raider, "spam")
    _, report = await reported(scene, message)

    form = await opens(scene, scene.press(buttons(report)["Warn author"]))
    closed = await fills(scene, form, reason="spam")

    assert "Dealt with: Warned, infraction #1 by moderator" in shown(closed)
    assert not buttons(closed)
    assert (await scene.infraction(1))["kind"] == "warning"


async def test_a_report_is_answered_by_a_mute(scene: Scene) -> None:
    message = says(scene, scene.raider, "spam")
    _, report = await reported(scene, message)

    form = await opens(scene, scene.press(buttons(report)["Mute author"]))
    assert list(inputs(form)) == ["duration", "reason"]
    closed = await fills(scene, form, duration="1h", reason="")

    assert "Dealt with: Muted, infraction #1 by moderator" in shown(closed)
    assert (await scene.infraction(1))["expires_at"]


async def test_a_report_is_dismissed_once(scene: Scene) -> None:
    message = says(scene, scene.raider, "spam")
    _, report = await reported(scene, message)

    closed = await scene.presses(buttons(report)["Dismiss"])
    again = await scene.presses(buttons(report)["Warn author"])

    assert "Dealt with: Dismissed by moderator" in shown(closed)
    assert "Somebody has dealt with this report already" in again.content
    assert await scene.infractions() == []


async def test_members_do_not_answer_reports(scene: Scene) -> None:
    message = says(scene, scene.raider, "spam")
    _, report = await reported(scene, message)

    for button in buttons(report).values():
        refused = await scene.presses(button, by=scene.raider)
        assert "needs level 50" in refused.content
