"""Kicks, softbans, temporary roles, notes and warnings: what each does and when it is refused."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from services.infractions import actions
from services.infractions.deps import Deps
from services.infractions.model import Kind
from shared.contracts.actions import Ban, Kick, Unban
from shared.errors import UserError
from tests.infractions.scene import Scene
from tests.support.answering_gateway import FORBIDDEN
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")

HOUR = timedelta(hours=1)


async def test_a_member_is_kicked(scene: Scene, elsewhere: Deps) -> None:
    kick = await actions.order(elsewhere, scene.order(Kind.KICK))

    assert kick.state == "done"
    assert scene.town.done == [Kick(guild_id=scene.id, user_id=scene.raider)]
    assert scene.raider not in scene.town.members


async def test_who_is_not_here_can_not_be_kicked(scene: Scene, elsewhere: Deps) -> None:
    with pytest.raises(UserError, match="They are not in the server"):
        await actions.order(elsewhere, scene.order(Kind.KICK, on=scene.exists("stranger")))

    assert await scene.state(1) == "failed"


async def test_a_softban_deletes_messages_and_leaves_nobody_banned(
    scene: Scene, elsewhere: Deps
) -> None:
    order = replace(scene.order(Kind.SOFTBAN), delete_message_seconds=86_400)

    softban = await actions.order(elsewhere, order)

    assert softban.state == "done"
    assert scene.town.done == [
        Ban(guild_id=scene.id, user_id=scene.raider, delete_message_seconds=86_400),
        Unban(guild_id=scene.id, user_id=scene.raider),
    ]


async def test_a_softban_ends_a_ban_and_its_timer(scene: Scene, elsewhere: Deps) -> None:
    await actions.order(elsewhere, scene.order(Kind.BAN, duration=HOUR))

    await actions.order(elsewhere, scene.order(Kind.SOFTBAN))

    assert await scene.state(1) == "lifted"
    assert not scene.banned()
    assert not await scene.timers("lift_infraction")


async def test_a_softban_whose_unban_is_refused_says_that_they_are_banned(
    scene: Scene, elsewhere: Deps
) -> None:
    scene.gateway.answers(scene.id, "unban", FORBIDDEN)

    with pytest.raises(UserError, match="They are banned, as the unban was refused"):
        await actions.order(elsewhere, scene.order(Kind.SOFTBAN))


async def test_whom_a_softban_left_banned_is_unbanned_once_discord_allows_it(
    scene: Scene, elsewhere: Deps
) -> None:
    scene.gateway.answers(scene.id, "unban", FORBIDDEN)
    with pytest.raises(UserError):
        await actions.order(elsewhere, scene.order(Kind.SOFTBAN))
    assert scene.banned()

    await scene.hurry("end_softban", 1)

    await scene.until(1, "done")
    assert not scene.banned()


async def test_a_ban_after_a_softban_that_was_left_half_done_stays(
    scene: Scene, elsewhere: Deps
) -> None:
    scene.gateway.answers(scene.id, "unban", FORBIDDEN)
    with pytest.raises(UserError):
        await actions.order(elsewhere, scene.order(Kind.SOFTBAN))
    await actions.order(elsewhere, scene.order(Kind.BAN))

    await actions.finish_softban(elsewhere, scene.id, 1, scene.raider)

    assert scene.banned()
    assert await scene.state(1) == "failed"


async def test_a_temporary_role_is_given_and_taken_in_time(scene: Scene, elsewhere: Deps) -> None:
    await actions.order(elsewhere, scene.order(Kind.TEMPROLE, role="low", duration=HOUR))
    await actions.order(elsewhere, scene.order(Kind.TEMPROLE, role="seniors", duration=HOUR))
    assert scene.holds("low")
    assert scene.holds("seniors")

    await scene.time_is_up(1)

    await scene.until(1, "expired")
    assert not scene.holds("low")
    assert await scene.state(2) == "active"
    assert scene.holds("seniors")


async def test_a_role_given_again_lasts_as_long_as_the_newer_says(
    scene: Scene, elsewhere: Deps
) -> None:
    await actions.order(elsewhere, scene.order(Kind.TEMPROLE, role="low", duration=HOUR))

    newer = await actions.order(
        elsewhere, scene.order(Kind.TEMPROLE, role="low", duration=2 * HOUR)
    )

    assert await scene.state(1) == "lifted"
    [timer] = await scene.timers("lift_infraction")
    assert timer["due"] == newer.expires_at
    assert scene.holds("low")


async def test_a_note_needs_a_text_and_no_discord(scene: Scene, elsewhere: Deps) -> None:
    await actions.order(elsewhere, scene.order(Kind.NOTE))

    assert await scene.state(1) == "done"
    assert scene.done() == []
    with pytest.raises(UserError, match="needs a text"):
        await actions.order(elsewhere, replace(scene.order(Kind.NOTE), reason=""))


async def test_a_warning_counts_as_long_as_the_server_says(scene: Scene, elsewhere: Deps) -> None:
    await scene.configures(warning_expiry="30d")
    known = elsewhere.config
    await eventually(lambda: known.get(scene.id).plugins.infractions.warning_expiry == "30d")

    warning = await actions.order(elsewhere, scene.order(Kind.WARNING))
    heavy = await actions.order(
        elsewhere, replace(scene.order(Kind.WARNING), points=3, counts_for=HOUR)
    )

    assert warning.points == 1
    assert warning.counts_until == warning.created_at + timedelta(days=30)
    assert heavy.points == 3
    assert heavy.counts_until == heavy.created_at + HOUR
