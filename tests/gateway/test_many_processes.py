"""Several gateway processes: fair shares, taken over and handed over without losing an event."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, cast

import msgspec

from services.gateway.queries import Process as Sharing
from services.gateway.shards.shares import share_of
from shared.contracts.actions import Ban
from shared.contracts.discord import ADMINISTRATOR
from shared.contracts.ids import GuildId, UserId
from tests.gateway.rig import Process, Rig, Running, operator_token, rows
from tests.gateway.test_actions import do
from tests.support.ports import free_port
from tests.support.sandbox import Guild
from tests.support.waiting import eventually

SHARDS = 16
BUCKETS = 4
PAUSE = timedelta(milliseconds=400)


async def test_no_event_is_missing_when_processes_are_killed_drained_and_started(rig: Rig) -> None:
    guilds = await found_guilds(rig)
    async with AsyncExitStack() as stack:
        first, second, third = await asyncio.gather(*(start(rig, stack) for _ in range(3)))
        await eventually(lambda: holds(5, first, second, third), within=60)
        assert_identified_in_turns(await identifies(rig))
        stop = asyncio.Event()
        talking = rig.start(talk(rig, guilds, stop))

        await second.kill()
        await eventually(lambda: holds(8, first, third), within=60)
        await first.api.call("POST", "/drain", token=operator_token())
        await eventually(lambda: holds(16, third), within=60)
        assert await is_draining(first)
        fourth = await start(rig, stack)
        await eventually(lambda: holds(8, third, fourth), within=60)
        assert await first.terminate() == 0

        stop.set()
        said = await talking
        await eventually(lambda: everything_arrived(rig, said), within=60)
    assert_once_and_in_order(rig, said)
    assert len(await identifies(rig)) == SHARDS


async def test_a_signal_drains_a_process_that_then_waits_to_be_stopped(rig: Rig) -> None:
    async with rig.process() as process:
        process.drain()
        await eventually(lambda: is_draining(process))
        await eventually(lambda: hung_up(rig))
        closed = (await rig.sandbox.gateway())["closed"]
        assert {each["code"] for each in closed} == {4000}
        assert await process.terminate() == 0

    async with rig.gateway():
        assert await rig.identifies() == 1


async def test_another_process_carries_out_actions_when_the_first_dies(rig: Rig) -> None:
    async with rig.process() as first, rig.process(HTTP_PORT=str(free_port())) as second:
        before = await executor(second)
        await first.kill()
        ban = Ban(guild_id=GuildId(rig.guild.id), user_id=UserId(rig.member.id))
        assert (await do(rig, ban, key="b", within=60)).status == "done"

        assert before != await executor(second)
        assert await rig.sandbox.banned(rig.guild, rig.member)


async def test_the_last_identifies_of_a_day_are_left_to_people(rig: Rig) -> None:
    application = rig.sandbox.world.applications[rig.bot.id]
    application.session_starts_used = application.session_starts_total - 10
    application.session_starts_reset_at = rig.sandbox.world.clock.now() + timedelta(hours=1)
    async with rig.starting() as gateway:
        await eventually(lambda: has_put_off(gateway))
        assert await rig.identifies() == 0

    async with rig.gateway(IDENTIFY_RESERVE="0"):
        assert await rig.identifies() == 1


async def test_a_shard_that_keeps_losing_its_session_slows_down(rig: Rig) -> None:
    async with rig.gateway() as gateway:
        for number in range(2, 5):
            assert await gateway.api.metric("gateway_identifies_put_off_total") == 0
            await rig.sandbox.fault(gateway="invalid_session")
            await eventually(lambda count=number: has_identified(rig, count))
            await eventually(gateway.ready)
        assert await has_put_off(gateway)


async def test_a_process_that_counts_shards_differently_waits_for_the_others_to_end(
    rig: Rig, database_url: str
) -> None:
    async with (
        rig.gateway(SHARD_COUNT="2") as old,
        rig.starting(HTTP_PORT=str(free_port()), SHARD_COUNT="3") as new,
    ):
        # with a share of its own, the new one would be given a shard, and take it, by then
        await everybody_looks(database_url, processes=2, times=4)
        assert await rig.identifies() == 2
        assert (await rig.sandbox.gateway())["closed"] == []
        old.stop.set()
        await eventually(old.task.done, within=20)
        await eventually(lambda: has_identified(rig, 5), within=20)
        await eventually(new.ready, within=20)
        counts = [each["data"]["shard"][1] for each in await identifies(rig)]
        assert counts == [2, 2, 3, 3, 3]


def test_shares_are_equal_and_nobody_gives_more_than_is_needed() -> None:
    held = {"a": 16, "b": 0, "c": 0}
    assert shares(held) == {"a": 6, "b": 5, "c": 5}
    assert shares({"a": 5, "b": 5, "c": 6}) == {"a": 5, "b": 5, "c": 6}
    assert shares({"a": 4, "b": 4, "c": 4, "d": 4, "e": 0})["e"] == 3
    assert shares({"a": 1, "b": 0}, count=1) == {"a": 1, "b": 0}


def test_a_draining_process_has_no_share() -> None:
    assert shares({"a": 8, "b": 8}, draining="a") == {"a": 0, "b": 16}
    assert shares({"a": 16}, draining="a") == {"a": 0}


def test_who_counts_shards_differently_than_the_oldest_has_no_share() -> None:
    old, new = sharing("old", shard_count=2, day=1), sharing("new", shard_count=3, day=2)
    assert share_of("old", [old, new]) == 2
    assert share_of("new", [old, new]) == 0
    assert share_of("new", [new]) == 3


def sharing(owner: str, shard_count: int, day: int) -> Sharing:
    joined_at = datetime.fromisoformat(f"2026-01-0{day}T00:00:00Z")
    return Sharing(
        owner=owner, shard_count=shard_count, draining=False, joined_at=joined_at, shards=0
    )


def shares(held: dict[str, int], count: int = SHARDS, draining: str = "") -> dict[str, int]:
    processes = [
        Sharing(
            owner=owner,
            shard_count=count,
            draining=owner == draining,
            joined_at=datetime.fromisoformat("2026-01-01T00:00:00Z"),
            shards=shards,
        )
        for owner, shards in held.items()
    ]
    return {owner: share_of(owner, processes) for owner in held}


# --- the world ----------------------------------------------------------------------------------


async def found_guilds(rig: Rig) -> list[Guild]:
    """Found a guild on each of the shards."""
    application = rig.sandbox.world.applications[rig.bot.id]
    application.recommended_shards, application.max_concurrency = SHARDS, BUCKETS
    rig.sandbox.hub.settings.identify_interval = PAUSE
    of_shard = {shard_of(rig.guild): rig.guild}
    while len(of_shard) < SHARDS:
        guild = await rig.sandbox.found(f"Harbour {len(of_shard)}", rig.owner)
        if of_shard.setdefault(shard_of(guild), guild) is guild:
            await rig.sandbox.invite(guild, rig.bot, ADMINISTRATOR)
    return list(of_shard.values())


def shard_of(guild: Guild) -> int:
    return (guild.id >> 22) % SHARDS


async def talk(rig: Rig, guilds: list[Guild], stop: asyncio.Event) -> dict[int, list[int]]:
    """Let people talk in all guilds until told to stop; return the ids of what was said."""
    said: dict[int, list[int]] = defaultdict(list)
    while not stop.is_set():
        rounds = (rig.sandbox.traffic(guild, 3, rate=4) for guild in guilds)
        for guild, ids in zip(guilds, await asyncio.gather(*rounds), strict=True):
            said[guild.id] += ids
    return said


# --- what is so ---------------------------------------------------------------------------------


async def start(rig: Rig, stack: AsyncExitStack) -> Process:
    pause = f"{PAUSE // timedelta(milliseconds=1) + 50}ms"
    changes = {"HTTP_PORT": str(free_port()), "IDENTIFY_PAUSE": pause}
    return await stack.enter_async_context(rig.process_at_start(**changes))


async def view(gateway: Process | Running) -> dict[str, Any]:  # Any: JSON, looked at by name
    status, body = await gateway.api.get("/shards", token=operator_token())
    assert status == 200
    return cast("dict[str, Any]", body)


async def holds(at_least: int, *processes: Process) -> bool:
    """Check that all shards are connected, each process having so many or one more."""
    counts: list[int] = []
    for process in processes:
        shards = (await view(process))["shards"]
        counts.append(sum(1 for each in shards if each["here"] and each["connected"]))
    assert sum(counts) == SHARDS, counts
    assert {*counts} <= {at_least, at_least + 1}, counts
    return True


async def is_draining(process: Process) -> bool:
    status, body = await process.api.get("/readyz")
    return status == 503 and cast("Any", body)["dependencies"].get("not_draining") is False


async def hung_up(rig: Rig) -> bool:
    return (await rig.sandbox.gateway())["connections"] == 0


async def executor(gateway: Process) -> str:
    return (await view(gateway))["executor"]


async def has_put_off(gateway: Running) -> bool:
    return await gateway.api.metric("gateway_identifies_put_off_total") > 0


async def has_identified(rig: Rig, times: int) -> bool:
    return await rig.identifies() == times


async def everybody_looks(database_url: str, *, processes: int, times: int) -> None:
    """Wait until every process has computed its share so often, as each look prolongs its row."""
    expiries: dict[str, set[datetime]] = defaultdict(set)

    async def looked() -> bool:
        for row in await rows(database_url, "SELECT owner, expires_at FROM processes"):
            expiries[row["owner"]].add(row["expires_at"])
        return [len(each) > times for each in expiries.values()] == [True] * processes

    await eventually(looked, within=30)


async def identifies(rig: Rig) -> list[Any]:  # Any: JSON, looked at by name
    return (await rig.sandbox.gateway())["identifies"]


def assert_identified_in_turns(received: list[Any]) -> None:
    """Check that each shard identified once, and those of a bucket one after the other."""
    assert sorted(each["data"]["shard"][0] for each in received) == list(range(SHARDS))
    turns: dict[int, list[datetime]] = defaultdict(list)
    for each in received:
        at = datetime.fromisoformat(str(each["at"]))
        turns[each["data"]["shard"][0] % BUCKETS].append(at)
    for times in turns.values():
        assert all(later - earlier >= PAUSE for earlier, later in pairwise(times))


def arrived(rig: Rig) -> dict[int, dict[int, set[str]]]:
    """Return per guild the messages in the order of arrival, with the ids they came under."""
    seen: dict[int, dict[int, set[str]]] = defaultdict(dict)
    for delivery in rig.events.deliveries:
        if delivery.type == "MESSAGE_CREATE":
            message = int(msgspec.json.decode(delivery.body)["id"])
            seen[delivery.guild_id].setdefault(message, set()).add(delivery.message_id)
    return seen


def everything_arrived(rig: Rig, said: dict[int, list[int]]) -> bool:
    seen = arrived(rig)
    missing = {guild: set(ids) - set(seen[guild]) for guild, ids in said.items()}
    assert not any(missing.values()), missing
    return True


def assert_once_and_in_order(rig: Rig, said: dict[int, list[int]]) -> None:
    """Check that what came twice came under the same id, and everything in the order of before."""
    seen = arrived(rig)
    for guild, ids in said.items():
        assert list(seen[guild]) == ids
        assert all(len(names) == 1 for names in seen[guild].values())
