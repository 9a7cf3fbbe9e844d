"""What members see of their own record: theirs alone, without notes and without names."""

import pytest

from shared.contracts.actions import ActionResult, SendDirect
from shared.contracts.config import InfractionsPlugin
from tests.infractions.scene import Scene, buttons, shown

pytestmark = pytest.mark.asyncio(loop_scope="session")

NO_DIRECT = ActionResult(status="refused", code=50007, message="They take no direct messages.")


async def test_members_see_their_own_record_where_the_server_allows_it(scene: Scene) -> None:
    await scene.sets(InfractionsPlugin(own_record=True))
    await scene.types(f"warn <@{scene.raider}> spam")
    await scene.types(f"note <@{scene.raider}> watch them")
    await scene.types(f"warn <@{scene.joins('other')}> flood")

    mine = await scene.runs("infractions mine", scene.raider)

    assert mine.ephemeral
    assert "#1 warning" in shown(mine)
    assert "spam" in shown(mine)
    for secret in ("watch them", "flood", "moderator"):
        assert secret not in shown(mine)


async def test_what_was_deleted_or_failed_is_not_in_it(scene: Scene) -> None:
    await scene.sets(InfractionsPlugin(own_record=True))
    await scene.types(f"warn <@{scene.raider}> spam")
    await scene.types("infractions delete 1", by=scene.owner)
    await scene.types(f"unban <@{scene.raider}>")

    mine = await scene.runs("infractions mine", scene.raider)

    assert mine.content == "There is nothing in your record."


async def test_a_server_shows_nothing_unless_it_says_so(scene: Scene) -> None:
    answer = await scene.runs("infractions mine", scene.raider)

    assert "does not show members their own record" in answer.content


async def test_whoever_presses_sees_their_own_pages(scene: Scene) -> None:
    await scene.sets(InfractionsPlugin(own_record=True))
    for number in range(11):
        await scene.types(f"warn <@{scene.raider}> reason {number}.")
    first = await scene.runs("infractions mine", scene.raider)

    second = await scene.presses(buttons(first)["Older"], by=scene.raider)
    others = await scene.presses(buttons(first)["Older"], by=scene.joins("other"))

    assert "reason 0." in shown(second)
    assert not buttons(second)
    assert "reason" not in shown(others)


async def test_a_typed_question_is_answered_by_a_direct_message(scene: Scene) -> None:
    await scene.sets(InfractionsPlugin(own_record=True))
    await scene.types(f"warn <@{scene.raider}> spam")

    answer = await scene.types_for("infractions mine", by=scene.raider)

    assert answer.content == "I have sent you your record as a direct message."
    [sent] = [
        each.action.message
        for each in scene.gateway.requests
        if isinstance(each.action, SendDirect) and each.action.user_id == scene.raider
    ]
    assert "spam" in shown(sent)


async def test_who_takes_no_direct_messages_is_told_another_way(scene: Scene) -> None:
    await scene.sets(InfractionsPlugin(own_record=True))
    await scene.types(f"warn <@{scene.raider}> spam")
    scene.gateway.answers(scene.raider, "send_direct", NO_DIRECT)

    answer = await scene.types("infractions mine", by=scene.raider)

    assert "use `/infractions mine`" in answer
    assert "spam" not in answer
