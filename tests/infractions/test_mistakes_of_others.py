"""Mistakes that other bots made, as far as no other test of infractions is about them."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from services.infractions import actions
from services.infractions.deps import Deps
from services.infractions.model import FLOTILLA, LASTING, Kind
from shared.contracts.discord import Member
from shared.errors import NotFoundError, UserError
from tests.infractions.rig import new_id
from tests.infractions.scene import Scene, shown
from tests.support.answering_gateway import FORBIDDEN
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")

HOUR = timedelta(hours=1)


async def test_every_change_by_number_stays_within_its_guild(scene: Scene, elsewhere: Deps) -> None:
    await scene.types(f"tempban <@{scene.raider}> 1h")
    other = scene.another()

    for change in (
        actions.set_duration(elsewhere, other.id, 1, None, other.who),
        actions.lift(elsewhere, other.id, 1, other.who, "", "api", str(new_id())),
        actions.undo(elsewhere, other.id, 1, other.who),
    ):
        with pytest.raises(NotFoundError, match="no infraction #1"):
            await change
    with pytest.raises(NotFoundError, match="no infraction #1"):
        await actions.show(elsewhere, other.id, 1)

    assert await scene.changes(1) == ["created", "active"]


async def test_a_record_without_a_moderator_is_in_every_list(scene: Scene, elsewhere: Deps) -> None:
    await scene.types(f"warn <@{scene.raider}> first")
    warning = replace(scene.order(Kind.WARNING), moderator=FLOTILLA, source="rule")
    await actions.order(elsewhere, warning)

    found = await scene.infractions(user_id=scene.raider)
    searched = shown(await scene.runs("infractions search", user=str(scene.raider)))

    assert [one["moderator"] and one["moderator"]["name"] for one in found] == [None, "moderator"]
    assert "by Flotilla" in searched
    assert "by moderator" in searched


@pytest.mark.parametrize("kind", list(Kind))
async def test_only_what_lasts_is_ever_active(scene: Scene, elsewhere: Deps, kind: Kind) -> None:
    for undone in {Kind.UNBAN: Kind.BAN, Kind.UNMUTE: Kind.MUTE}.get(kind), kind:
        if undone is not None:
            role = "low" if undone is Kind.TEMPROLE else None
            await actions.order(elsewhere, scene.order(undone, role=role, duration=HOUR))

    [newest, *_] = await scene.infractions()

    assert newest["kind"] == kind.value
    assert newest["state"] == ("active" if kind in LASTING else "done")


async def test_a_refused_measure_keeps_nobody_from_the_next(scene: Scene, elsewhere: Deps) -> None:
    scene.gateway.answers(scene.id, "ban", FORBIDDEN)
    with pytest.raises(UserError):
        await actions.order(elsewhere, scene.order(Kind.BAN))

    await actions.order(elsewhere, scene.order(Kind.BAN))

    assert [one["state"] for one in await scene.infractions()] == ["active", "failed"]


async def test_roles_that_no_measure_gave_do_not_come_back_with_a_member(
    scene: Scene, elsewhere: Deps
) -> None:
    known = scene.gateway.users[scene.raider]
    scene.town.members[scene.raider] = Member(user=known, roles=(scene.roles["high"],))
    await actions.order(elsewhere, scene.order(Kind.TEMPROLE, role="low", duration=HOUR))

    await scene.comes_back(scene.raider)

    await eventually(lambda: scene.holds("low"))
    assert not scene.holds("high")
