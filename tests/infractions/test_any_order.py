"""Whatever is done to a member, in whatever order: the record and Discord agree in the end."""

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts.ids import UserId
from tests.infractions.rig import Rig
from tests.infractions.scene import Scene
from tests.support.answering_gateway import FORBIDDEN
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")

DEEDS = ("ban", "tempban", "unban", "refused", "banned by hand", "unbanned by hand", "time passes")


@dataclass
class Expected:
    """What has to be so about one member."""

    user: UserId
    banned: bool = False
    record: str = ""

    def happens(self, deed: str) -> None:
        """Work out what a deed changes."""
        if deed == "ban":
            self.banned, self.record = True, "for good"
        elif deed == "tempban":
            self.banned, self.record = True, "for a time"
        elif deed == "unban" or (deed == "time passes" and self.record == "for a time"):
            self.banned, self.record = False, ""
        elif deed.endswith("by hand"):
            self.banned = deed == "banned by hand"


async def does(scene: Scene, deed: str, user: UserId) -> None:
    """Let something happen to a member."""
    if deed == "refused":
        scene.gateway.answers(scene.id, "ban", FORBIDDEN)
        assert "lacks a permission" in await scene.types(f"tempban <@{user}> 1h")
    elif deed == "banned by hand":
        scene.town.banned.add(user)
    elif deed == "unbanned by hand":
        scene.town.banned.discard(user)
    elif deed == "time passes":
        for each in await scene.infractions(user_id=user, state="active"):
            if each["expires_at"] is not None:
                await scene.time_is_up(each["number"])
                await scene.until(each["number"], "expired")
    else:
        await scene.types(f"{deed} <@{user}> " + ("1h" if deed == "tempban" else ""))


async def check(scene: Scene, member: Expected) -> None:
    """Compare the record, the timers and Discord with what has to be so."""
    found = await scene.infractions(user_id=member.user, limit=100)
    active = [one for one in found if one["state"] == "active"]

    assert scene.banned(member.user) is member.banned
    assert len(active) == bool(member.record)
    assert [one["expires_at"] is None for one in active] == (
        [member.record == "for good"] if member.record else []
    )
    assert not [one for one in found if one["state"] == "pending"]


@settings(max_examples=8, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(DEEDS), st.integers(0, 1)), min_size=2, max_size=8))
async def test_the_record_discord_and_the_timers_agree(
    rig: Rig, deeds: list[tuple[str, int]]
) -> None:
    scene = Scene(rig)
    members = [Expected(scene.raider), Expected(scene.joins("other"))]

    for deed, which in deeds:
        await does(scene, deed, members[which].user)
        members[which].happens(deed)
        for member in members:
            await check(scene, member)

    temporary = [one for one in members if one.record == "for a time"]

    async def timers_are_those() -> None:
        assert len(await scene.timers("lift_infraction")) == len(temporary)
        assert not await scene.timers("finish_pending")

    await eventually(timers_are_those)
    numbers = [one["number"] for one in await scene.infractions(limit=100)]
    assert numbers == list(range(len(numbers), 0, -1))
