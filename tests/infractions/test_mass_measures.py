"""Measures for many: previewed, confirmed by who asked, done once each, stopped on request."""

import asyncio

import pytest

from services.infractions import actions
from services.infractions.deps import Deps
from shared.contracts.actions import Message
from shared.contracts.config import InfractionsPlugin
from shared.contracts.ids import UserId
from tests.infractions.interacting import edited
from tests.infractions.scene import Scene, buttons
from tests.support.answering_gateway import FORBIDDEN
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")


def crowd(scene: Scene, size: int) -> list[UserId]:
    """Let several people join."""
    return [scene.joins(f"raider{number}") for number in range(size)]


def mentions(users: list[UserId]) -> str:
    return " ".join(f"<@{user}>" for user in users)


async def confirmed(scene: Scene, preview: Message, label: str, containing: str) -> Message:
    """Confirm a preview, and return the answer as it is at the end."""
    press = scene.press(buttons(preview)[label], by=scene.owner)
    await scene.gateway.run(press)
    return await edited(scene, press, containing)


@pytest.mark.parametrize(
    ("command", "label", "kind"),
    [("mban", "Ban", "ban"), ("mkick", "Kick", "kick"), ("mmute", "Mute", "mute")],
)
@pytest.mark.parametrize("text", [True, False])
async def test_many_are_acted_on_after_a_confirmation(
    scene: Scene, command: str, label: str, kind: str, text: bool
) -> None:
    users = crowd(scene, 3)

    if text:
        preview = await scene.types_for(f"{command} {mentions(users)} raid", by=scene.owner)
    else:
        preview = await scene.runs(command, scene.owner, users=mentions(users), reason="raid")
    assert await scene.infractions() == []
    end = await confirmed(scene, preview, label, "Done")

    assert f"{label} 3 members.** Reason: raid" in preview.content
    assert "Done: 3 of 3" in end.content
    assert all(f"<@{user}>" in end.content for user in users)
    assert not buttons(end)
    found = await scene.infractions()
    assert {each["kind"] for each in found} == {kind}
    assert {int(each["user"]["id"]) for each in found} == set(users)
    assert {each["reason"] for each in found} == {"raid"}


async def test_a_typed_mass_mute_takes_a_duration_after_the_members(scene: Scene) -> None:
    users = crowd(scene, 2)
    preview = await scene.types_for(f"mmute {mentions(users)} 1h raid", by=scene.owner)

    await confirmed(scene, preview, "Mute", "Done")

    assert "Mute 2 members for 1h." in preview.content
    found = await scene.infractions()
    assert all(each["expires_at"] for each in found)
    assert {each["reason"] for each in found} == {"raid"}


async def test_who_is_named_twice_is_acted_on_once(scene: Scene) -> None:
    users = crowd(scene, 2)

    preview = await scene.types_for(f"mban {mentions(users)} {users[0]}", by=scene.owner)

    assert "Ban 2 members." in preview.content


async def test_more_than_a_hundred_are_too_many(scene: Scene) -> None:
    ids = " ".join(str(700_000_000_000_000_000 + number) for number in range(101))

    answer = await scene.types(f"mban {ids}", by=scene.owner)

    assert "101 members are too many at once: 100 is the most." in answer


async def test_a_preview_says_who_is_not_possible_and_why(scene: Scene) -> None:
    users = crowd(scene, 1)
    nobody = UserId(999_999_999_999_999_999)
    scene.town.members[scene.owner] = scene.town.members[users[0]]
    all_of = [*users, scene.owner, scene.joins("admin", "high"), nobody]

    preview = await scene.types_for(f"mban {mentions(all_of)}", by=scene.owner)
    end = await confirmed(scene, preview, "Ban", "Done")

    assert "Ban 1 member." in preview.content
    assert "to yourself" in preview.content
    assert "not below mine" in preview.content
    assert f"Discord knows no user with the id {nobody}" in preview.content
    assert "Done: 1 of 4 banned." in end.content
    assert len(await scene.infractions()) == 1


async def test_nobody_possible_has_no_buttons(scene: Scene) -> None:
    preview = await scene.types_for(f"mban {scene.owner}", by=scene.owner)

    assert not buttons(preview)


async def test_a_moderator_may_not(scene: Scene) -> None:
    assert "needs level 100" in await scene.types(f"mban <@{scene.raider}>")


async def test_a_server_that_wants_reasons_wants_one_before_the_preview(scene: Scene) -> None:
    await scene.sets(InfractionsPlugin(require_reason=True))

    assert "wants a reason" in await scene.types(f"mban <@{scene.raider}>", by=scene.owner)


async def test_only_who_asked_confirms_and_cancels(scene: Scene) -> None:
    preview = await scene.types_for(f"mban <@{scene.raider}>", by=scene.owner)
    admin = scene.joins("admin", "high")

    for label in ("Ban", "Cancel"):
        refused = await scene.presses(buttons(preview)[label], by=admin)
        assert "Only who asked for this" in refused.content
    assert not scene.banned()


async def test_what_is_cancelled_is_not_done(scene: Scene) -> None:
    preview = await scene.types_for(f"mban <@{scene.raider}>", by=scene.owner)

    cancelled = await scene.presses(buttons(preview)["Cancel"], by=scene.owner)
    refused = await scene.presses(buttons(preview)["Ban"], by=scene.owner)

    assert "Cancelled: 0 of 1" in cancelled.content
    assert not buttons(cancelled)
    assert "was cancelled already" in refused.content
    assert await scene.infractions() == []


async def test_an_old_preview_is_not_confirmed(scene: Scene) -> None:
    preview = await scene.types_for(f"mban <@{scene.raider}>", by=scene.owner)
    await scene.rig.db.execute(
        "UPDATE mass_orders SET asked_at = asked_at - interval '5 minutes' WHERE guild_id = $1",
        scene.id,
    )

    refused = await scene.presses(buttons(preview)["Ban"], by=scene.owner)

    assert "too long ago" in refused.content


async def test_a_broken_one_stops_nobody_else(scene: Scene) -> None:
    users = crowd(scene, 3)
    scene.gateway.answers(scene.id, "ban", FORBIDDEN)
    preview = await scene.types_for(f"mban {mentions(users)}", by=scene.owner)

    end = await confirmed(scene, preview, "Ban", "Done")

    assert "Done: 2 of 3 banned." in end.content
    assert "refused. The bot lacks a permission. Recorded as infraction #" in end.content
    assert sum(scene.banned(user) for user in users) == 2


async def test_confirming_twice_does_it_once(scene: Scene) -> None:
    users = crowd(scene, 2)
    preview = await scene.types_for(f"mkick {mentions(users)}", by=scene.owner)
    presses = [scene.press(buttons(preview)["Kick"], by=scene.owner) for _ in range(2)]

    await asyncio.gather(*(scene.gateway.run(press) for press in presses))

    async def done() -> bool:
        sql = "SELECT state FROM mass_orders WHERE guild_id = $1"
        return await scene.rig.db.fetchval(sql, scene.id) == "done"

    await eventually(done, within=30)
    assert scene.done().count("kick") == 2
    assert len(await scene.infractions()) == 2


async def test_what_has_not_begun_is_stopped(scene: Scene) -> None:
    users = crowd(scene, 12)
    preview = await scene.types_for(f"mban {mentions(users)}", by=scene.owner)
    held = scene.gateway.holds(scene.id, "ban")
    press = scene.press(buttons(preview)["Ban"], by=scene.owner)
    running = await scene.gateway.run(press)
    await held.arrived()

    stopping = await scene.presses(buttons(running)["Cancel"], by=scene.owner)
    held.go_on()

    assert stopping.content.startswith("**Stopping …**")
    assert not buttons(stopping)
    end = await edited(scene, press, "Cancelled")
    assert "Cancelled: 5 of 12 banned." in end.content
    assert end.content.count("not begun") == 7
    assert len(await scene.infractions()) == 5


async def test_a_job_that_begins_again_does_nothing_twice(scene: Scene, elsewhere: Deps) -> None:
    users = crowd(scene, 3)
    preview = await scene.types_for(f"mmute {mentions(users)} 1h", by=scene.owner)
    await confirmed(scene, preview, "Mute", "Done")
    order = await scene.rig.db.fetchval(
        """
        WITH again AS (UPDATE mass_orders SET state = 'running' WHERE guild_id = $1 RETURNING id),
             rows AS (UPDATE mass_rows SET outcome = NULL, number = NULL
                        FROM again WHERE order_id = again.id)
        SELECT id FROM again
        """,
        scene.id,
    )

    await actions.run_mass(elsewhere, scene.id, order)

    assert scene.done().count("timeout") == 3
    assert len(await scene.infractions()) == 3


async def test_a_long_list_is_attached(scene: Scene) -> None:
    users = crowd(scene, 60)

    preview = await scene.types_for(f"mban {mentions(users)}", by=scene.owner)

    assert len(preview.content) < 2000
    assert preview.files[0].data.decode().count("<@") == 60
    assert "Ban" in buttons(preview)
