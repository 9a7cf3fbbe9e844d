"""Changing how long a measure lasts, ending it before its time, and undoing it at once."""

import asyncio
from datetime import timedelta

import pytest

from services.infractions import actions
from services.infractions.deps import Deps
from services.infractions.model import Infraction, Kind
from shared.contracts.actions import ActionResult
from shared.errors import ConflictError, NotFoundError, UnavailableError, UserError
from tests.infractions.rig import new_id
from tests.infractions.scene import Scene
from tests.support.answering_gateway import BUSY, FORBIDDEN
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")

HOUR = timedelta(hours=1)


async def lasts(
    scene: Scene, deps: Deps, duration: timedelta | None, version: int | None = None
) -> Infraction:
    """Let the moderator change how long infraction 1 lasts."""
    return await actions.set_duration(deps, scene.id, 1, duration, scene.who, version=version)


async def lifts(scene: Scene, deps: Deps, key: str = "") -> Infraction:
    """Let the moderator end infraction 1."""
    source_key = key or str(new_id())
    return await actions.lift(deps, scene.id, 1, scene.who, "served", "slash", source_key)


async def test_a_temporary_ban_becomes_permanent_and_back(scene: Scene, elsewhere: Deps) -> None:
    await actions.order(elsewhere, scene.order(Kind.BAN, duration=HOUR))

    permanent = await lasts(scene, elsewhere, None)
    assert permanent.expires_at is None
    assert not await scene.timers("lift_infraction")
    temporary = await lasts(scene, elsewhere, 2 * HOUR)

    [timer] = await scene.timers("lift_infraction")
    assert timer["due"] == temporary.expires_at
    steps = (await scene.infraction(1))["history"][-2:]
    assert [step["change"] for step in steps] == ["duration", "duration"]
    assert steps[0]["detail"].endswith("UTC -> for good")
    assert steps[1]["detail"].startswith("for good -> until ")
    assert steps[1]["actor"]["id"] == str(scene.moderator)
    assert scene.done() == ["ban"]


async def test_a_changed_mute_is_changed_on_discord(scene: Scene, elsewhere: Deps) -> None:
    await actions.order(elsewhere, scene.order(Kind.MUTE, duration=HOUR))

    changed = await lasts(scene, elsewhere, 3 * HOUR)

    member = scene.town.members[scene.raider]
    assert member.communication_disabled_until == changed.expires_at
    await lasts(scene, elsewhere, None)
    assert scene.timed_out_for() > timedelta(days=27)
    assert len(await scene.timers("renew_mute")) == 1
    await lasts(scene, elsewhere, HOUR)
    assert scene.timed_out_for() <= HOUR
    assert not await scene.timers("renew_mute")
    assert not await scene.timers("reassert")


@pytest.mark.parametrize("answer", [BUSY, FORBIDDEN])
async def test_a_changed_mute_that_discord_does_not_take_is_tried_again(
    scene: Scene, elsewhere: Deps, answer: ActionResult
) -> None:
    await actions.order(elsewhere, scene.order(Kind.MUTE, duration=HOUR))
    scene.gateway.answers(scene.id, "timeout", answer)

    with pytest.raises((UserError, UnavailableError), match="The record is changed"):
        await lasts(scene, elsewhere, 3 * HOUR)
    await scene.rig.db.execute("UPDATE timer SET due = now() WHERE kind = 'reassert'")
    await scene.rig.db.execute("SELECT pg_notify('infractions_timer', '')")

    await eventually(lambda: scene.timed_out_for() > 2 * HOUR)


async def test_a_change_of_an_older_version_is_refused(scene: Scene, elsewhere: Deps) -> None:
    ban = await actions.order(elsewhere, scene.order(Kind.BAN, duration=HOUR))
    seen = (await actions.show(elsewhere, scene.id, ban.number))[0].version
    await lasts(scene, elsewhere, 2 * HOUR, version=seen)

    with pytest.raises(ConflictError, match="was changed meanwhile"):
        await lasts(scene, elsewhere, 3 * HOUR, version=seen)


async def test_only_what_lasts_has_a_duration(scene: Scene, elsewhere: Deps) -> None:
    await actions.order(elsewhere, scene.order(Kind.KICK))
    with pytest.raises(UserError, match="A kick has no duration"):
        await lasts(scene, elsewhere, HOUR)
    with pytest.raises(UserError, match="from a second to 100 years"):
        await lasts(scene, elsewhere, -HOUR)
    with pytest.raises(NotFoundError):
        await lasts(scene.another(), elsewhere, HOUR)


async def test_what_is_over_is_not_prolonged(scene: Scene, elsewhere: Deps) -> None:
    await actions.order(elsewhere, scene.order(Kind.BAN, duration=HOUR))
    await actions.order(elsewhere, scene.order(Kind.UNBAN))

    with pytest.raises(UserError, match=r"Infraction #1 is over \(lifted\)"):
        await lasts(scene, elsewhere, HOUR)


async def test_how_long_a_warning_counts_is_changed(scene: Scene, elsewhere: Deps) -> None:
    await actions.order(elsewhere, scene.order(Kind.WARNING))

    warning = await lasts(scene, elsewhere, HOUR)

    assert warning.counts_until is not None
    assert warning.expires_at is None
    assert (await lasts(scene, elsewhere, None)).counts_until is None


async def test_a_ban_prolonged_after_a_lift_was_cut_off_is_lifted_in_its_new_time(
    scene: Scene, elsewhere: Deps
) -> None:
    await actions.order(elsewhere, scene.order(Kind.BAN, duration=HOUR))
    cut_off = scene.gateway.holds(scene.id, "unban", done=True)
    lifting = asyncio.create_task(actions.expire(elsewhere, scene.id, 1))
    await cut_off.arrived()
    lifting.cancel()
    cut_off.go_on()
    await lasts(scene, elsewhere, HOUR)
    scene.town.banned.add(scene.raider)

    await scene.time_is_up(1)

    await scene.until(1, "expired")
    assert not scene.banned()


# --- before its time ----------------------------------------------------------------------------


async def test_a_ban_is_lifted_by_an_unban_of_its_own(scene: Scene, elsewhere: Deps) -> None:
    await actions.order(elsewhere, scene.order(Kind.BAN, duration=HOUR))

    unban = await lifts(scene, elsewhere, "once")
    again = await lifts(scene, elsewhere, "once")

    assert (unban.kind, unban.state, again.number) == (Kind.UNBAN, "done", 2)
    assert await scene.state(1) == "lifted"
    assert scene.done() == ["ban", "unban"]
    with pytest.raises(ConflictError, match="Infraction #1 is not in force: lifted"):
        await lifts(scene, elsewhere)


async def test_a_temporary_role_is_taken_before_its_time(scene: Scene, elsewhere: Deps) -> None:
    await actions.order(elsewhere, scene.order(Kind.TEMPROLE, role="low", duration=HOUR))

    lifted = await lifts(scene, elsewhere)

    assert (lifted.number, lifted.state) == (1, "lifted")
    assert not scene.holds("low")
    last = (await scene.infraction(1))["history"][-1]
    assert (last["actor"]["id"], last["change"]) == (str(scene.moderator), "lifted")


async def test_a_temporary_role_whose_taking_is_cut_off_is_taken_by_a_job(
    scene: Scene, elsewhere: Deps
) -> None:
    await actions.order(elsewhere, scene.order(Kind.TEMPROLE, role="low", duration=HOUR))
    scene.gateway.answers(scene.id, "remove_role", FORBIDDEN)
    with pytest.raises(UserError, match=r"lacks a permission. I keep trying"):
        await lifts(scene, elsewhere)

    await scene.hurry("lift_infraction", 1)

    infraction = await scene.until(1, "lifted")
    assert infraction["history"][-1]["actor"]["id"] == str(scene.moderator)


# --- undone -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Kind.BAN, Kind.MUTE, Kind.TEMPROLE])
async def test_what_holds_is_lifted_when_it_is_undone(
    scene: Scene, elsewhere: Deps, kind: Kind
) -> None:
    role = "low" if kind is Kind.TEMPROLE else None
    await actions.order(elsewhere, scene.order(kind, role=role, duration=HOUR))

    undone = await actions.undo(elsewhere, scene.id, 1, scene.who)

    assert undone.state == "lifted"
    assert not scene.banned()
    assert not scene.timed_out_for()
    assert not scene.holds("low")


async def test_a_warning_is_hidden_when_it_is_undone(scene: Scene, elsewhere: Deps) -> None:
    await actions.order(elsewhere, scene.order(Kind.WARNING))

    undone = await actions.undo(elsewhere, scene.id, 1, scene.who)

    assert undone.hidden_at is not None
    history = await actions.show(elsewhere, scene.id, 1)
    assert [step.change for step in history[1]] == ["created", "hidden"]


async def test_neither_a_kick_nor_what_is_old_can_be_undone(scene: Scene, elsewhere: Deps) -> None:
    await actions.order(elsewhere, scene.order(Kind.BAN))
    await actions.order(elsewhere, scene.order(Kind.KICK, on=scene.joins("other")))
    await scene.rig.db.execute(
        "UPDATE infractions SET created_at = now() - interval '61 s' WHERE guild_id = $1", scene.id
    )

    with pytest.raises(ConflictError, match="more than a minute old"):
        await actions.undo(elsewhere, scene.id, 1, scene.who)
    with pytest.raises(UserError, match="A kick can't be undone"):
        await actions.undo(elsewhere, scene.id, 2, scene.who)
    assert scene.banned()
