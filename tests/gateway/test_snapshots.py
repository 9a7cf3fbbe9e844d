"""Guild snapshots: kept from events, stored, and right again after a restart."""

from __future__ import annotations

from services.gateway.shards.dispatch import Dispatch, Named, Ready
from services.gateway.snapshots import Snapshots
from shared.contracts.actions import GetGuild
from shared.contracts.codec import decode
from shared.contracts.discord import GuildSnapshot
from shared.contracts.ids import GuildId
from tests.gateway.rig import Rig
from tests.gateway.test_actions import do
from tests.support.waiting import eventually


async def snapshot(rig: Rig) -> GuildSnapshot:
    result = await do(rig, GetGuild(guild_id=GuildId(rig.guild.id)))
    return decode(result.data, GuildSnapshot)


async def test_a_snapshot_follows_what_happens_in_the_guild(rig: Rig) -> None:
    path = f"/guilds/{rig.guild.id}"
    async with rig.gateway():
        role = await rig.owner.rest("POST", f"{path}/roles", {"name": "crew"})
        channel = await rig.owner.rest("POST", f"{path}/channels", {"name": "deck", "type": 0})
        await rig.owner.rest("PATCH", path, {"name": "Port"})
        own = f"{path}/members/{rig.bot.id}/roles/{role['id']}"
        await rig.owner.rest("PUT", own)
        await rig.sandbox.join(rig.guild, "newcomer")

        async def followed() -> bool:
            seen = await snapshot(rig)
            return (
                "crew" in {each.name for each in seen.roles}
                and "deck" in {each.name for each in seen.channels}
                and seen.name == "Port"
                and int(role["id"]) in seen.bot_roles
                and seen.member_count == 4
            )

        await eventually(followed)
        await rig.owner.rest("DELETE", f"{path}/roles/{role['id']}")
        await rig.owner.rest("DELETE", f"/channels/{channel['id']}")

        async def forgotten() -> bool:
            seen = await snapshot(rig)
            return "crew" not in {each.name for each in seen.roles} and "deck" not in {
                each.name for each in seen.channels
            }

        await eventually(forgotten)


async def test_a_resumed_process_knows_its_guilds(rig: Rig) -> None:
    async with rig.gateway():
        await rig.sandbox.join(rig.guild, "newcomer")

        async def joined() -> bool:
            return (await snapshot(rig)).member_count == 4

        await eventually(joined)
    await rig.owner.rest("PATCH", f"/guilds/{rig.guild.id}", {"name": "Meanwhile"})

    async with rig.gateway():

        async def right() -> bool:
            seen = await snapshot(rig)
            return (seen.name, seen.member_count) == ("Meanwhile", 4)

        await eventually(right)
        assert await rig.identifies() == 1


async def test_a_guild_that_the_bot_left_is_forgotten(rig: Rig) -> None:
    async with rig.gateway():
        await rig.owner.rest("DELETE", f"/guilds/{rig.guild.id}/members/{rig.bot.id}")

        async def gone() -> bool:
            result = await do(rig, GetGuild(guild_id=GuildId(rig.guild.id)))
            return result.status == "gone"

        await eventually(gone)


def event(type_: str, body: bytes, seq: int, session: str = "s") -> Dispatch:
    return Dispatch(shard_id=0, session_id=session, seq=seq, type=type_, body=body, guild_id=1)


def test_what_was_applied_before_is_not_applied_again() -> None:
    snapshots = Snapshots()
    join = event("GUILD_MEMBER_ADD", b'{"guild_id":"1"}', 3)
    snapshots.apply(event("GUILD_CREATE", b'{"id":"1","member_count":5}', 2))
    snapshots.apply(join)
    stored, _ = snapshots.take_changed(0)

    another = Snapshots()
    another.load(0, 7, stored)
    another.apply(join)

    found = another.get(1)
    assert found is not None
    assert found.member_count == 6
    another.apply(event("GUILD_MEMBER_ADD", b'{"guild_id":"1"}', 1, session="new"))
    assert getattr(another.get(1), "member_count", 0) == 7


def test_an_outage_keeps_what_was_known() -> None:
    snapshots = Snapshots()
    snapshots.apply(event("GUILD_CREATE", b'{"id":"1","name":"Harbour"}', 1))
    snapshots.apply(event("GUILD_DELETE", b'{"id":"1","unavailable":true}', 2))

    found = snapshots.get(1)
    assert found is not None
    assert (found.name, found.unavailable) == ("Harbour", True)


def test_a_new_session_forgets_guilds_that_are_not_in_it() -> None:
    snapshots = Snapshots()
    snapshots.apply(event("GUILD_CREATE", b'{"id":"1"}', 1))
    snapshots.take_changed(0)
    snapshots.begin(0, 1, Ready(session_id="new", user=Named(7), guilds=(Named(2),)))

    assert snapshots.get(1) is None
    assert snapshots.take_changed(0) == ([], [1])


def test_an_unreadable_event_changes_nothing() -> None:
    snapshots = Snapshots()
    snapshots.apply(event("GUILD_CREATE", b'{"id":"1","name":"Harbour"}', 1))
    snapshots.apply(event("GUILD_ROLE_CREATE", b'{"role":"no role"}', 2))

    assert getattr(snapshots.get(1), "name", "") == "Harbour"
