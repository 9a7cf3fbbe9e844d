"""What the member is told, and what the history says about it."""

import asyncio
from datetime import timedelta

import pytest

from services.infractions import actions, queries
from services.infractions.actions.telling import tell
from services.infractions.deps import Deps
from services.infractions.model import Kind
from shared.contracts.actions import ActionRequest, ActionResult, Ban, SendDirect
from shared.contracts.config import Templates
from tests.infractions.scene import Scene, at
from tests.support.answering_gateway import Do
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")

NO_MESSAGES = ActionResult(
    status="refused", code=50007, message="They don't take direct messages from the bot."
)


async def test_nobody_is_told_unless_the_guild_wants_it(scene: Scene) -> None:
    await scene.types(f"ban <@{scene.raider}> flood")

    assert not scene.gateway.direct[scene.raider]
    assert await scene.changes(1) == ["created", "active"]


async def test_the_member_is_told_before_they_are_banned(scene: Scene) -> None:
    await scene.configures(notify_user=True)

    await scene.types(f"ban <@{scene.raider}> flood")

    [told] = scene.gateway.direct[scene.raider]
    assert told == "You were banned from **Harbour**.\nReason: flood"
    asked = [
        type(request.action)
        for request in scene.gateway.requests
        if getattr(request.action, "user_id", 0) == scene.raider
    ]
    assert asked.index(SendDirect) < asked.index(Ban)
    assert await scene.changes(1) == ["created", "told", "active"]


async def test_a_temporary_ban_tells_until_when(scene: Scene) -> None:
    await scene.configures(notify_user=True)

    await scene.types(f"tempban <@{scene.raider}> 1h")

    [told] = scene.gateway.direct[scene.raider]
    assert told.startswith("You were banned from **Harbour** until <t:")


async def test_a_warned_member_is_told_once(scene: Scene) -> None:
    await scene.configures(notify_user=True)
    warning = scene.text(f"warn <@{scene.raider}> mind *the* boats")
    await scene.gateway.run(warning)

    await scene.gateway.send(warning)
    await scene.gateway.answer(warning, nth=2)

    assert scene.gateway.direct[scene.raider] == [
        "You were warned in **Harbour**.\nReason: mind \\*the\\* boats"
    ]
    assert await scene.changes(1) == ["created", "told"]


async def test_who_is_not_in_the_server_is_not_told_and_the_history_says_so(scene: Scene) -> None:
    await scene.configures(notify_user=True)
    stranger = scene.exists("stranger")

    await scene.types(f"ban {stranger} flood")

    assert not scene.gateway.direct[stranger]
    step = (await scene.infraction(1))["history"][1]
    assert (step["change"], step["detail"]) == ("not told", "They are not in the server.")


async def test_a_guild_chooses_of_what_its_members_are_told(scene: Scene) -> None:
    await scene.configures(notify_user=True, notify_kinds=("ban",))

    await scene.types(f"warn <@{scene.raider}> flood")
    assert await scene.changes(1) == ["created"]
    await scene.types(f"ban <@{scene.raider}> flood")

    assert len(scene.gateway.direct[scene.raider]) == 1


async def test_a_guild_words_its_messages_itself(scene: Scene) -> None:
    template = "#{number} in {server} by {moderator}: {reason} ({until}, {duration})"
    await scene.configures(notify_user=True, messages=Templates(ban=template))

    await scene.types(f"tempban <@{scene.raider}> 1h {{server}} *is* down")

    [told] = scene.gateway.direct[scene.raider]
    expires_at = at((await scene.infraction(1))["expires_at"])
    until = f"<t:{int(expires_at.timestamp())}:f>"
    assert told == f"#1 in Harbour by moderator: {{server}} \\*is\\* down ({until}, 1h)"


async def test_killed_while_telling_the_member_is_told_once(scene: Scene, elsewhere: Deps) -> None:
    """As the job that finishes what a crash left tells again, under the same key."""
    await scene.configures(notify_user=True)
    await eventually(lambda: elsewhere.config.get(scene.id).plugins.infractions.notify_user)
    held = scene.gateway.holds(scene.raider, "send_direct", done=True)
    first = asyncio.create_task(actions.order(elsewhere, scene.order(Kind.WARNING)))
    await held.arrived()
    first.cancel()
    held.go_on()

    infraction = await queries.get(elsewhere.db, scene.id, 1)
    assert infraction is not None
    await tell(elsewhere, infraction)
    await tell(elsewhere, infraction)

    assert len(scene.gateway.direct[scene.raider]) == 1
    assert await scene.changes(1) == ["created", "told"]


async def test_who_takes_no_messages_is_banned_all_the_same(scene: Scene) -> None:
    await scene.configures(notify_user=True)
    scene.gateway.answers(scene.raider, "send_direct", NO_MESSAGES)

    await scene.types(f"ban <@{scene.raider}>")

    assert scene.banned()
    step = (await scene.infraction(1))["history"][1]
    assert (step["change"], step["detail"]) == ("not told", NO_MESSAGES.message)


async def test_a_message_that_takes_too_long_does_not_hold_up_the_ban(scene: Scene) -> None:
    await scene.configures(notify_user=True)

    async def never(_request: ActionRequest, _do: Do) -> None:
        return None

    scene.gateway.on(scene.raider, "send_direct", never)

    async with asyncio.timeout(9):
        await scene.types(f"ban <@{scene.raider}>")

    assert scene.banned()
    step = (await scene.infraction(1))["history"][1]
    assert (step["change"], step["detail"]) == ("not told", "Discord did not answer in time.")


async def test_a_reason_of_any_length_fits_where_it_goes(scene: Scene) -> None:
    await scene.configures(notify_user=True)
    reason = "*" * 6000

    answer = await scene.runs("ban", user=str(scene.raider), reason=reason)

    [told] = scene.gateway.direct[scene.raider]
    assert len(told) <= 2000
    assert not answer.files
    assert len(answer.content) <= 2000
    [request] = [one for one in scene.gateway.requests if one.action in scene.town.done]
    assert len(request.reason) == 512
    assert request.reason.startswith(f"moderator ({scene.moderator}): ***")
    assert (await scene.infraction(1))["reason"] == reason


async def test_a_reason_may_hold_anything_that_can_be_typed(scene: Scene) -> None:
    await scene.runs("warn", user=str(scene.raider), reason=" \0a\nb\u202e@everyone 🚢 \0")

    assert (await scene.infraction(1))["reason"] == "a\nb\u202e@everyone 🚢"


@pytest.mark.parametrize("kind", [Kind.KICK, Kind.SOFTBAN, Kind.MUTE, Kind.TEMPROLE])
async def test_the_member_is_told_of_every_kind_while_they_are_still_there(
    scene: Scene, elsewhere: Deps, kind: Kind
) -> None:
    await scene.configures(notify_user=True)
    await eventually(lambda: elsewhere.config.get(scene.id).plugins.infractions.notify_user)
    role = "low" if kind is Kind.TEMPROLE else None

    await actions.order(elsewhere, scene.order(kind, duration=timedelta(hours=1), role=role))

    [told] = scene.gateway.direct[scene.raider]
    assert told.startswith("You were")
    assert (await scene.changes(1))[1] == "told"
