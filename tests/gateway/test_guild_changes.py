"""Changes of guilds: told once to everybody, with a version that only grows, and only when real."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from services.gateway.shards.dispatch import Named, Ready
from services.gateway.snapshots import Snapshots
from shared.bus import Delivery, QueueSpec
from shared.contracts.codec import decode
from shared.contracts.domain import GuildChanged
from shared.contracts.ids import GuildId
from shared.contracts.topology import FLOTILLA_EVENTS
from shared.gateway import Gateway
from shared.guilds import GuildCopies
from tests.gateway.rig import Rig
from tests.gateway.test_roles import apart
from tests.gateway.test_snapshots import event
from tests.gateway.toys import Toy, serve_toy
from tests.support.waiting import eventually

ROLE = b'{"guild_id":"1","role":{"id":"5","name":"crew","permissions":"%d"}}'


def known(fence: int = 0) -> Snapshots:
    snapshots = Snapshots()
    snapshots.load(0, 7, (), fence)
    snapshots.apply(event("GUILD_CREATE", b'{"id":"1","roles":[{"id":"5"},{"id":"6"}]}', 1))
    snapshots.take_told()
    return snapshots


def version(snapshots: Snapshots) -> int:
    return getattr(snapshots.get(1), "version", 0)


def test_a_change_is_told_with_the_version_of_the_snapshot() -> None:
    snapshots = known()
    before = version(snapshots)
    snapshots.apply(event("GUILD_ROLE_UPDATE", ROLE % 8, 2))

    assert snapshots.take_told() == [GuildChanged(guild_id=GuildId(1), version=before + 1)]
    assert version(snapshots) == before + 1
    assert snapshots.take_told() == []


def test_what_changes_nothing_that_is_kept_is_not_told() -> None:
    snapshots = known()
    before = version(snapshots)
    snapshots.apply(event("GUILD_ROLE_UPDATE", b'{"role":{"id":"5"}}', 2))
    snapshots.apply(event("GUILD_MEMBER_ADD", b"{}", 3))
    snapshots.apply(event("GUILD_MEMBER_UPDATE", b'{"user":{"id":"8"},"roles":["5"]}', 4))
    snapshots.apply(event("GUILD_CREATE", b'{"id":"1","roles":[{"id":"6"},{"id":"5"}]}', 5))

    assert snapshots.take_told() == []
    assert version(snapshots) == before


def test_a_version_is_greater_than_all_that_an_earlier_process_told() -> None:
    first = known(fence=3)
    stored, _ = first.take_changed(0)
    for permissions in range(10):  # told, but not stored
        first.apply(event("GUILD_ROLE_UPDATE", ROLE % permissions, 2 + permissions))

    second = Snapshots()
    second.load(0, 7, stored, 4)
    second.apply(event("GUILD_ROLE_UPDATE", ROLE % 99, 2))

    assert version(second) > version(first)


def test_what_was_stored_and_perhaps_not_told_is_told_again() -> None:
    first = known(fence=3)
    first.apply(event("GUILD_ROLE_UPDATE", ROLE % 8, 2))
    stored, _ = first.take_changed(0)

    second = Snapshots()
    second.load(0, 7, stored, 4)
    second.apply(event("GUILD_ROLE_UPDATE", ROLE % 8, 2))

    assert second.take_told() == first.take_told()


def test_that_the_bot_is_gone_is_told() -> None:
    snapshots = known()
    before = version(snapshots)
    snapshots.apply(event("GUILD_DELETE", b'{"id":"1"}', 2))
    (told,) = snapshots.take_told()
    assert told.version > before

    others = known()
    others.begin(0, 1, Ready(session_id="new", user=Named(7)))
    assert [one.guild_id for one in others.take_told()] == [1]


@asynccontextmanager
async def service(rig: Rig) -> AsyncGenerator[Gateway]:
    """Give a service that keeps copies."""
    copies = GuildCopies()
    async with Gateway.open(rig.bus, copies) as gateway:
        await eventually(lambda: copies.hears, within=20)
        yield gateway


async def assert_the_next_command_sees_it(rig: Rig) -> None:
    """Change a role's permissions and type a command, and look as the command's service does."""
    guild_id = GuildId(rig.guild.id)
    path = f"/guilds/{guild_id}/roles"
    role = await rig.owner.rest("POST", path, {"name": "crew", "permissions": "0"})
    toy = Toy()
    await serve_toy(rig.bus, toy)
    await rig.knows("ahoy")
    async with service(rig) as gateway:
        for permissions in (8, 16, 32):
            await rig.owner.rest("PATCH", f"{path}/{role['id']}", {"permissions": str(permissions)})
            toy.seen.clear()
            await rig.member.says(rig.guild, "!ahoy")
            await eventually(lambda: toy.seen, within=20)
            seen = await gateway.guild(guild_id, version=toy.seen[0].guild_version)

            assert {each.name: each.permissions for each in seen.roles}["crew"] == permissions


async def test_a_command_sees_what_changed_before_it(rig: Rig) -> None:
    async with rig.gateway():
        await assert_the_next_command_sees_it(rig)


async def test_a_command_sees_what_changed_before_it_when_another_process_answers(
    rig: Rig,
) -> None:
    async with apart(rig):
        await assert_the_next_command_sees_it(rig)


async def test_a_change_is_told_to_services(rig: Rig) -> None:
    told: list[GuildChanged] = []

    async def take(delivery: Delivery) -> None:
        told.append(decode(delivery.body, GuildChanged))

    await rig.bus.consume(QueueSpec("test.told", ((FLOTILLA_EVENTS, GuildChanged.KEY),)), take)
    async with rig.gateway():
        await eventually(lambda: told, within=20)
        before = len(told)
        await rig.sandbox.join(rig.guild, "newcomer")
        await rig.owner.rest("PATCH", f"/guilds/{rig.guild.id}", {"name": "Port"})
        await eventually(lambda: len(told) == before + 1, within=20)

    versions = [one.version for one in told]
    assert versions == sorted(set(versions))
    assert {one.guild_id for one in told} == {rig.guild.id}
