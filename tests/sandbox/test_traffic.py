"""Traffic: exact numbers of messages, and members who live by themselves."""

from __future__ import annotations

import random
import time
from typing import Any

import pytest

from sandbox import seed
from sandbox.control.keys import TRAFFIC_KEY
from sandbox.models import Ban, By
from sandbox.traffic import Traffic
from sandbox.world import Event, World, members, threads
from tests.support.calls import RestError
from tests.support.sandbox import Sandbox, running
from tests.support.waiting import eventually


async def test_exactly_as_many_messages_are_posted_as_asked_for(sandbox: Sandbox) -> None:
    owner = await sandbox.create_user("owner")
    guild = await sandbox.found("Harbour", owner)
    told = list[Event]()
    sandbox.world.subscribe(told.append)

    ids = await sandbox.traffic(guild, 500)

    posted = [int(str(event.data["id"])) for event in told if event.name == "MESSAGE_CREATE"]
    assert ids == posted
    assert len(set(ids)) == 500


async def test_a_rate_is_kept(sandbox: Sandbox) -> None:
    guild = await sandbox.found("Harbour", await sandbox.create_user("owner"))
    started = time.monotonic()

    await sandbox.traffic(guild, 20, rate=50)

    assert time.monotonic() - started > 0.35


async def test_a_job_can_be_watched_instead_of_waited_for(sandbox: Sandbox) -> None:
    guild = await sandbox.found("Harbour", await sandbox.create_user("owner"))
    body = {"messages": 10, "rate": 100, "wait": False}

    job = await sandbox.control("POST", f"/guilds/{guild.id}/traffic", body)
    assert not job["done"]

    async def done() -> bool:
        return (await sandbox.control("GET", f"/jobs/{job['job']}"))["done"]

    await eventually(done)
    assert len((await sandbox.control("GET", f"/jobs/{job['job']}"))["ids"]) == 10
    with pytest.raises(RestError):
        await sandbox.control("GET", "/jobs/none")


async def test_only_the_named_users_write_where_they_are_told_to(sandbox: Sandbox) -> None:
    owner = await sandbox.create_user("owner")
    guild = await sandbox.found("Harbour", owner, ["general", "boats"])
    pip = await sandbox.join(guild, "pip")
    body = {"messages": 5, "users": ["pip"], "channel_id": str(guild.channels["boats"])}

    await sandbox.control("POST", f"/guilds/{guild.id}/traffic", body)

    assert {one.author_id for one in await owner.sees(guild.channels["boats"])} == {pip.id}
    assert await owner.sees(guild.channels["general"]) == []


async def test_members_live_when_switched_on_and_rest_when_switched_off() -> None:
    async with running(seed.demo()) as sandbox:
        names = set[str]()
        sandbox.world.subscribe(lambda event: names.add(event.name))
        await sandbox.control("POST", "/traffic", {"rate": 2000})
        lively = {
            "MESSAGE_CREATE",
            "MESSAGE_REACTION_ADD",
            "VOICE_STATE_UPDATE",
            "GUILD_MEMBER_ADD",
        }

        await eventually(lambda: lively <= names)

        assert not (await sandbox.control("POST", "/traffic", {"on": False}))["on"]
        count = len(sandbox.world.records().messages)
        assert not sandbox.serving.app[TRAFFIC_KEY].lively
        assert len(sandbox.world.records().messages) == count


async def test_life_never_speaks_where_it_may_not_and_the_banned_stay_away() -> None:
    world = seed.demo()
    made = seed.seed_of(world)
    assert made is not None
    guild = world.guilds[made.guild_id]
    for user in list(world.users.values()):
        if user.id not in guild.members and not user.bot and user.id != made.users["keeper"]:
            guild.bans[user.id] = Ban(user.id)
    told = list[Event]()
    world.subscribe(told.append)
    traffic = Traffic(world, random.Random(7))  # noqa: S311 - not for secrets

    await traffic.live(guild.id, 5000)
    await eventually(lambda: len(told) > 600)
    await traffic.close()

    assert guild.bans.keys().isdisjoint(guild.members)
    muted = next(role.id for role in guild.roles.values() if role.name == "Muted")
    silent = {member.user_id for member in guild.members.values() if muted in member.roles}
    authors = {user_id for event in told if (user_id := _author(event))}
    assert silent.isdisjoint(authors)


class Restless(random.Random):
    """Chance that always makes somebody come or go, and chooses freely who."""

    def random(self) -> float:
        return 0.99

    def getrandbits(self, k: int, /) -> int:
        return super().getrandbits(k)


async def test_whom_people_log_in_as_never_leaves() -> None:
    world = seed.demo()
    made = seed.seed_of(world)
    assert made is not None
    guild = world.guilds[made.guild_id]
    named = guild.members.keys() & set(made.users.values())
    gone = list[int]()

    def note(event: Event) -> None:
        if event.name == "GUILD_MEMBER_REMOVE":
            user: Any = event.data["user"]  # Discord's JSON
            gone.append(int(user["id"]))

    world.subscribe(note)
    traffic = Traffic(world, Restless(7))

    await traffic.live(guild.id, 5000)
    await eventually(lambda: len(gone) > 200)
    await traffic.close()

    assert made.users["raider"] in named
    assert named.isdisjoint(gone)


async def test_somebody_whose_ban_is_lifted_comes_back() -> None:
    world = seed.demo()
    made = seed.seed_of(world)
    assert made is not None
    guild, raider = world.guilds[made.guild_id], made.users["raider"]
    traffic = Traffic(world, Talkative())
    members.ban(world, guild, raider)

    await traffic.live(guild.id, 1000)
    members.unban(world, guild, raider)

    await eventually(lambda: raider in guild.members)
    await traffic.close()


class Talkative(random.Random):
    """Chance that always makes somebody speak, in answer to what was said last."""

    def random(self) -> float:
        return 0.1

    def getrandbits(self, k: int, /) -> int:
        return super().getrandbits(k)


async def test_nobody_answers_what_discord_itself_said() -> None:
    world = World()
    owner = world.create_user("owner")
    guild = world.create_guild("Harbour", owner)
    channel = world.channels[guild.channel_ids[0]]
    threads.start(world, channel, "Plans", by=By(owner.id))
    traffic = Traffic(world, Talkative())

    await traffic.live(guild.id, 1000)
    await eventually(lambda: len(world.history(channel.id).ids) > 3)
    await traffic.close()

    system, first, second = list(world.history(channel.id).by_id.values())[:3]
    assert (system.type, first.type, second.type) == (18, 0, 19)


def _author(event: Event) -> int | None:
    author: Any = event.data.get("author")  # Discord's JSON
    return int(author["id"]) if author else None
