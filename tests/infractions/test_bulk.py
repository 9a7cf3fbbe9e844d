"""Deleting and pardoning in bulk: by a filter, after a confirmation, each once."""

import pytest

from shared.contracts.actions import Message
from tests.infractions.interacting import edited
from tests.infractions.scene import Scene, buttons

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def confirmed(scene: Scene, preview: Message, label: str) -> Message:
    """Confirm a preview, and return the answer as it is at the end."""
    press = scene.press(buttons(preview)[label], by=scene.owner)
    await scene.gateway.run(press)
    return await edited(scene, press, "Done")


@pytest.mark.parametrize("text", [True, False])
async def test_all_of_a_member_is_deleted_but_what_is_in_force(scene: Scene, text: bool) -> None:
    for reason in ("a", "b"):
        await scene.types(f"warn <@{scene.raider}> {reason}")
    await scene.types(f"mute <@{scene.raider}> 1h")
    await scene.types(f"warn <@{scene.joins('other')}> c")

    if text:
        line = f"infractions bulk delete <@{scene.raider}>"
        preview = await scene.types_for(line, by=scene.owner)
    else:
        preview = await scene.runs("infractions bulk delete", scene.owner, user=str(scene.raider))
    end = await confirmed(scene, preview, "Delete")

    assert "Delete 2 infractions." in preview.content
    assert "#1 of **raider**" in end.content
    assert "Done: 2 of 2 deleted." in end.content
    assert [await scene.changes(number) for number in (1, 2)] == [["created", "hidden"]] * 2
    assert "hidden" not in await scene.changes(3)
    assert "hidden" not in await scene.changes(4)


@pytest.mark.parametrize("text", [True, False])
async def test_all_warnings_by_a_moderator_are_pardoned(scene: Scene, text: bool) -> None:
    await scene.types(f"warn <@{scene.raider}> a")
    await scene.types(f"note <@{scene.raider}> b")
    await scene.types(f"warn <@{scene.raider}> c", by=scene.owner)

    if text:
        line = f"infractions bulk pardon moderator:<@{scene.moderator}>"
        preview = await scene.types_for(line, by=scene.owner)
    else:
        preview = await scene.runs(
            "infractions bulk pardon", scene.owner, moderator=str(scene.moderator)
        )
    await confirmed(scene, preview, "Pardon")

    assert "Pardon 1 infraction." in preview.content
    assert await scene.changes(1) == ["created", "pardoned"]
    assert await scene.changes(2) == await scene.changes(3) == ["created"]


async def test_everything_of_the_server_is_not_deleted_by_a_slip(scene: Scene) -> None:
    await scene.types(f"warn <@{scene.raider}> a")

    for line in ("delete", "pardon", "delete kind:warning"):
        assert "Say which ones" in await scene.types(f"infractions bulk {line}", by=scene.owner)
    assert "needs level 100" in await scene.types("infractions bulk delete")


async def test_nothing_to_change_has_no_buttons(scene: Scene) -> None:
    answer = await scene.types_for(f"infractions bulk delete <@{scene.raider}>", by=scene.owner)

    assert "No infractions match" in answer.content
    assert not buttons(answer)
