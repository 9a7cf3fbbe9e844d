"""How a server wants its moderators answered: in words, by a reaction, not at all, not for long."""

import pytest

from shared.contracts.actions import AddReaction, Message
from shared.contracts.config import InfractionsPlugin
from shared.contracts.invocations import MessageTarget
from tests.infractions.interacting import deleted, hurry
from tests.infractions.scene import Scene, buttons
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def slash_warning(scene: Scene) -> Message:
    return await scene.runs("warn", user=str(scene.raider), reason="spam")


async def test_answers_are_for_everybody_unless_the_server_says_otherwise(scene: Scene) -> None:
    assert not (await slash_warning(scene)).ephemeral


async def test_a_typed_command_is_answered_by_a_reaction(scene: Scene) -> None:
    await scene.sets(InfractionsPlugin(ack_actions_use_reaction=True))
    by = scene.text(f"warn <@{scene.raider}> spam")

    await scene.gateway.send(by)
    answer = await scene.gateway.reaction(by)

    assert isinstance(by.reply_to, MessageTarget)
    assert answer == AddReaction(
        channel_id=by.reply_to.channel_id, message_id=by.reply_to.message_id, emoji="✅"
    )
    slash = await slash_warning(scene)
    assert slash.ephemeral
    assert slash.content.startswith("Warned **raider**")


async def test_a_typed_command_may_stay_without_an_answer(scene: Scene) -> None:
    await scene.sets(InfractionsPlugin(ack_actions=False))
    by = scene.text(f"warn <@{scene.raider}> spam")

    await scene.gateway.send(by)

    async def recorded() -> bool:
        return len(await scene.infractions()) == 1

    await eventually(recorded, within=20)
    assert (await slash_warning(scene)).ephemeral
    assert not [each for each in scene.gateway.requests if each.key == f"{by.id}:reply"]


async def test_errors_are_answered_all_the_same(scene: Scene) -> None:
    await scene.sets(InfractionsPlugin(ack_actions=False, ack_actions_use_reaction=True))

    assert "to yourself" in await scene.types(f"warn <@{scene.moderator}> x")


async def test_an_answer_is_deleted_after_a_while(scene: Scene) -> None:
    await scene.sets(InfractionsPlugin(ack_actions_delete_after=30))
    by = scene.text(f"warn <@{scene.raider}> spam")
    assert "Undo" in buttons(await scene.gateway.run(by))

    await hurry(scene, "delete_answer")

    await deleted(scene, by)
    assert not await scene.rig.db.fetch(
        "SELECT FROM timer WHERE kind = 'retire_undo' AND key LIKE $1", f"{scene.id}:%"
    )
