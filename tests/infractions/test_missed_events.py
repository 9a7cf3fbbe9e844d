"""Missed events: what somebody lifted unseen is found, and what cannot be seen stays as it was."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from services.infractions import actions
from services.infractions.deps import Deps
from services.infractions.model import Kind
from shared.contracts.actions import ActionResult, GetBan, GetMember
from shared.contracts.discord import Member
from shared.contracts.domain import EventsMissed
from shared.contracts.ids import UserId
from shared.contracts.topology import FLOTILLA_EVENTS
from tests.infractions.rig import new_id
from tests.infractions.scene import Scene
from tests.support.answering_gateway import BUSY, FORBIDDEN
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")

HOUR = timedelta(hours=1)
NO_SUCH_GUILD = ActionResult(status="gone", code=10004, message="The server is gone.")


async def misses_events(scene: Scene) -> None:
    """Let the gateway announce that it missed events of the guild."""
    now = datetime.now(UTC)
    missed = EventsMissed(guild_id=scene.id, shard_id=0, since=now - timedelta(hours=1), until=now)
    await scene.rig.bus.publish(
        FLOTILLA_EVENTS,
        missed.KEY,
        missed,
        message_id=f"missed:{new_id()}",
        guild_id=scene.id,
        type=missed.KEY,
    )
    await eventually(lambda: waits_for_entries(scene))
    await scene.rig.db.execute(
        """
        UPDATE timer SET due = now()
         WHERE kind IN ('recheck_bans', 'recheck_members') AND payload->'guild_id' = $1
        """,
        scene.id,
    )
    await scene.rig.db.execute("SELECT pg_notify('infractions_timer', '')")


async def waits_for_entries(scene: Scene) -> bool:
    """Say whether the service has heard of it, and waits for the audit log's entries."""
    waiting = [*await scene.timers("recheck_bans"), *await scene.timers("recheck_members")]
    return len(waiting) == 2


def questions(scene: Scene) -> int:
    """Return how often it was asked whether somebody is banned."""
    asked = [each.action for each in scene.gateway.requests]
    return sum(isinstance(each, GetBan) and each.guild_id == scene.id for each in asked)


async def rechecked(scene: Scene) -> bool:
    return questions(scene) > 0 and not await scene.timers("recheck_bans")


async def test_a_ban_that_was_lifted_while_nobody_saw_it_is_found(scene: Scene) -> None:
    other = scene.joins("other")
    await scene.types(f"ban <@{scene.raider}>")
    await scene.types(f"tempban <@{other}> 1h")
    scene.town.banned.discard(scene.raider)

    await misses_events(scene)

    infraction = await scene.until(1, "lifted")
    last = infraction["history"][-1]
    assert last["actor"] is None
    assert last["detail"] == "found lifted after events were missed"
    await eventually(lambda: rechecked(scene))
    assert await scene.state(2) == "active"
    assert scene.banned(other)


@pytest.mark.parametrize("answer", [FORBIDDEN, NO_SUCH_GUILD])
async def test_a_ban_that_cannot_be_seen_is_not_taken_for_lifted(
    scene: Scene, answer: ActionResult
) -> None:
    await scene.types(f"ban <@{scene.raider}>")
    scene.gateway.answers(scene.id, "get_ban", answer)

    await misses_events(scene)

    await eventually(lambda: rechecked(scene))
    assert await scene.state(1) == "active"


async def test_bans_are_asked_about_again_when_discord_did_not_answer(scene: Scene) -> None:
    await scene.types(f"ban <@{scene.raider}>")
    scene.town.banned.clear()
    scene.gateway.answers(scene.id, "get_ban", BUSY)

    await misses_events(scene)

    await scene.until(1, "lifted")
    assert questions(scene) == 2


async def test_more_bans_than_a_page_are_all_asked_about(scene: Scene) -> None:
    raiders = [scene.joins(f"raider{number}") for number in range(30)]
    for raider in raiders:
        await scene.types(f"ban <@{raider}>")
    scene.town.banned -= {raiders[0], raiders[-1]}

    await misses_events(scene)

    await scene.until(1, "lifted")
    await scene.until(30, "lifted")
    await eventually(lambda: rechecked(scene))
    assert questions(scene) == 30
    assert len(await scene.infractions(state="active", limit=100)) == 28


# --- mutes and roles ----------------------------------------------------------------------------


async def members_rechecked(scene: Scene) -> bool:
    return not await scene.timers("recheck_members")


async def test_mutes_and_roles_that_were_lifted_unseen_are_found(
    scene: Scene, elsewhere: Deps
) -> None:
    others = [scene.joins(f"other{number}") for number in range(3)]
    orders = (
        scene.order(Kind.MUTE, duration=HOUR),
        scene.order(Kind.MUTE, on=others[0], role="low"),
        scene.order(Kind.TEMPROLE, on=others[1], role="low", duration=HOUR),
        scene.order(Kind.MUTE, on=others[2], duration=HOUR),
    )
    for each in orders:
        await actions.order(elsewhere, each)
    for user in (scene.raider, *others[:2]):
        member = scene.town.members[user]
        scene.town.members[user] = replace(member, roles=(), communication_disabled_until=None)

    await misses_events(scene)

    for number in (1, 2, 3):
        infraction = await scene.until(number, "lifted")
        assert infraction["history"][-1]["detail"] == "found lifted after events were missed"
    await eventually(lambda: members_rechecked(scene))
    assert await scene.state(4) == "active"
    assert len(await scene.timers("lift_infraction")) == 1


async def test_that_somebody_is_not_here_proves_nothing(scene: Scene, elsewhere: Deps) -> None:
    await actions.order(elsewhere, scene.order(Kind.MUTE, duration=HOUR))
    scene.leaves(scene.raider)

    await misses_events(scene)

    await eventually(lambda: asked_for(scene, scene.raider))
    await eventually(lambda: members_rechecked(scene))
    assert await scene.state(1) == "active"


def asked_for(scene: Scene, user: UserId) -> bool:
    asked = [each.action for each in scene.gateway.requests]
    return GetMember(guild_id=scene.id, user_id=user) in asked


async def test_who_came_back_unseen_is_muted_again(scene: Scene, elsewhere: Deps) -> None:
    await actions.order(elsewhere, scene.order(Kind.MUTE, role="low"))
    known = scene.gateway.users[scene.raider]
    joined_at = datetime.now(UTC) + timedelta(seconds=1)
    scene.town.members[scene.raider] = Member(user=known, joined_at=joined_at)

    await misses_events(scene)

    await eventually(lambda: scene.holds("low"))
    await eventually(lambda: members_rechecked(scene))
    assert await scene.state(1) == "active"


async def test_a_timeout_that_could_not_be_renewed_in_time_is_not_taken_for_lifted(
    scene: Scene, elsewhere: Deps
) -> None:
    await actions.order(elsewhere, scene.order(Kind.MUTE))
    member = scene.town.members[scene.raider]
    scene.town.members[scene.raider] = replace(member, communication_disabled_until=None)
    await scene.rig.db.execute(
        "UPDATE infractions SET applied_until = now() WHERE guild_id = $1", scene.id
    )

    await misses_events(scene)

    await eventually(lambda: asked_for(scene, scene.raider))
    await eventually(lambda: members_rechecked(scene))
    assert await scene.state(1) == "active"
    await scene.hurry("renew_mute", 1)
    await eventually(lambda: bool(scene.timed_out_for()))
