"""Sessions: resumed by whichever process comes next, begun anew only where Discord lost them."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

import pytest

from sandbox.gateway.codes import Op
from services.gateway import queries
from services.gateway.queries import Session
from services.gateway.shards.codes import FatalGatewayError
from services.gateway.shards.progress import Progress
from tests.gateway.rig import Rig, Running, queries_on, rows
from tests.support.ports import free_port
from tests.support.proxy import proxied
from tests.support.waiting import eventually


async def test_a_killed_gateway_resumes_and_nothing_is_missing(rig: Rig, database_url: str) -> None:
    async with rig.process() as first:
        await eventually(lambda: is_saved(database_url))
        await rig.member.says(rig.guild, "one")
        await eventually(lambda: rig.events.contents() == ["one"])
        await first.kill()

    await rig.member.says(rig.guild, "two")
    await rig.member.says(rig.guild, "three")

    async with rig.process():
        await eventually(lambda: rig.events.contents() == ["one", "two", "three"])
        assert await rig.identifies() == 1
        assert await rig.resumes() == 1


async def test_a_stopped_gateway_leaves_with_code_0_and_its_session_alive(rig: Rig) -> None:
    async with rig.process() as first:
        await rig.member.says(rig.guild, "one")
        await eventually(lambda: rig.events.contents() == ["one"])
        assert await first.terminate() == 0

    await rig.member.says(rig.guild, "two")

    async with rig.gateway():
        await eventually(lambda: rig.events.contents() == ["one", "two"])
        assert await rig.identifies() == 1
    closed = (await rig.sandbox.gateway())["closed"]
    assert {one["code"] for one in closed} == {4000}


async def test_a_planned_stop_saves_everything_that_was_read(rig: Rig) -> None:
    async with rig.gateway():
        await rig.sandbox.traffic(rig.guild, 50)
        await eventually(lambda: len(rig.events.contents()) == 50)
    seen = len(rig.events.deliveries)

    async with rig.gateway():
        await rig.member.says(rig.guild, "after")
        await eventually(lambda: "after" in rig.events.contents())

    replayed = [delivery.type for delivery in rig.events.deliveries[seen:]]
    assert replayed == ["RESUMED", "MESSAGE_CREATE"]


async def test_what_the_broker_did_not_confirm_is_read_again(rig: Rig, amqp_url: str) -> None:
    async with proxied(amqp_url) as broker:
        async with rig.gateway(AMQP_URL=broker.url) as gateway:
            await rig.member.says(rig.guild, "before")
            await eventually(lambda: rig.events.contents() == ["before"])
            await broker.shut()
            await rig.member.says(rig.guild, "meanwhile")
            await eventually(lambda: is_under_way(gateway))
        assert rig.events.contents() == ["before"]

        async with rig.gateway():
            await eventually(lambda: rig.events.contents() == ["before", "meanwhile"])
            assert await rig.identifies() == 1


@pytest.mark.parametrize("code", [4007, 4009])
async def test_a_session_that_discord_ended_is_not_resumed(rig: Rig, code: int) -> None:
    async with rig.gateway() as gateway:
        await rig.sandbox.fault(gateway="close", close_code=code)

        await eventually(lambda: has_identified(rig, 2))
        await eventually(gateway.ready)
        assert await rig.resumes() == 0
        await rig.member.says(rig.guild, "anew")
        await eventually(lambda: "anew" in rig.events.contents())


@pytest.mark.parametrize("code", [4000, 4003, 4005])
async def test_other_codes_are_reconnected_after(rig: Rig, code: int) -> None:
    async with rig.gateway():
        await rig.sandbox.fault(gateway="close", close_code=code)
        await rig.member.says(rig.guild, "meanwhile")

        await eventually(lambda: "meanwhile" in rig.events.contents())


async def test_an_invalid_session_is_begun_anew_and_a_request_to_reconnect_resumes(
    rig: Rig,
) -> None:
    async with rig.gateway() as gateway:
        await rig.sandbox.fault(gateway="reconnect")
        await eventually(lambda: has_resumed(rig, 1))
        assert await rig.identifies() == 1
        await eventually(gateway.ready)

        await rig.sandbox.fault(gateway="invalid_session")
        await eventually(lambda: has_identified(rig, 2))


async def test_a_dead_resume_url_is_given_up_for_the_main_one(rig: Rig, database_url: str) -> None:
    async with rig.gateway():
        await rig.member.says(rig.guild, "one")
        await eventually(lambda: rig.events.contents() == ["one"])
    nowhere = f"ws://127.0.0.1:{free_port()}"
    await rows(database_url, "UPDATE sessions SET resume_url = $1 RETURNING seq", nowhere)

    async with rig.gateway():
        assert await rig.identifies() == 1
        assert await rig.resumes() == 1


async def test_a_silent_connection_is_given_up_and_resumed(rig: Rig) -> None:
    rig.sandbox.hub.settings.heartbeat_interval = timedelta(milliseconds=500)
    rig.sandbox.hub.settings.missed_heartbeats = 100
    async with rig.gateway():
        await rig.sandbox.fault(gateway="no_acks")
        await eventually(lambda: has_closed(rig))
        await rig.sandbox.heal()
        await rig.member.says(rig.guild, "meanwhile")

        await eventually(lambda: "meanwhile" in rig.events.contents())
        assert await rig.identifies() == 1


@pytest.mark.parametrize(("code", "advice"), [(4014, "Server Members Intent"), (4004, "token")])
async def test_what_only_a_person_can_mend_ends_the_gateway_with_advice(
    rig: Rig, code: int, advice: str
) -> None:
    async def end() -> None:
        async with rig.gateway() as gateway:
            await rig.sandbox.fault(gateway="close", close_code=code)
            await asyncio.wait((gateway.task,), timeout=30)

    with pytest.raises(FatalGatewayError, match=advice):
        await end()


async def test_a_bad_token_is_one_plain_sentence_and_exit_code_1(rig: Rig) -> None:
    async with rig.process_at_start(DISCORD_TOKEN="made.up.token") as process:
        code, said = await process.wait()

    assert code == 1
    last = said.strip().splitlines()[-1]
    assert last.startswith("gateway: Discord refuses the bot token: put a valid one into")
    assert "Traceback" not in said
    assert "made.up.token" not in said


async def test_a_second_process_waits_for_the_lease_and_then_resumes(rig: Rig) -> None:
    port = str(free_port())
    async with rig.gateway() as first, rig.starting(HTTP_PORT=port) as second:
        await eventually(lambda: is_alive(second))
        first.stop.set()
        await eventually(first.task.done)
        await eventually(second.ready)
        await rig.member.says(rig.guild, "handed over")
        await eventually(lambda: "handed over" in rig.events.contents())


async def test_one_shard_is_never_run_twice(rig: Rig) -> None:
    port = str(free_port())
    async with rig.gateway(), rig.starting(HTTP_PORT=port) as second:
        await eventually(lambda: is_alive(second))
        await rig.member.says(rig.guild, "once")
        await eventually(lambda: rig.events.contents() == ["once"])

        assert (await rig.sandbox.gateway())["connections"] == 1


async def test_shards_share_the_guilds_and_identify_one_after_the_other(rig: Rig) -> None:
    rig.sandbox.hub.settings.identify_interval = timedelta(milliseconds=400)
    began = time.monotonic()
    async with rig.gateway(SHARD_COUNT="2", IDENTIFY_PAUSE="900ms"):
        took = time.monotonic() - began
        assert await rig.identifies() == 2
        assert took > 0.9
        await rig.member.says(rig.guild, "ahoy")
        message = (await eventually(lambda: rig.events.of("MESSAGE_CREATE")))[0]

    assert message.message_id.split(":")[0] == str((rig.guild.id >> 22) % 2)


async def test_a_new_session_too_waits_its_turn(rig: Rig) -> None:
    async with rig.gateway(IDENTIFY_PAUSE="4s"):
        await rig.sandbox.fault(gateway="invalid_session")
        await eventually(lambda: has_identified(rig, 2))
    first, second = (each.at for each in rig.sandbox.hub.record.of(Op.IDENTIFY))
    assert second - first > timedelta(seconds=3.5)


async def test_who_lost_the_lease_can_no_longer_save(rig: Rig, database_url: str) -> None:
    session = Session(
        shard_id=0, shard_count=1, session_id="old", seq=1, resume_url=None, user_id=1
    )
    async with rig.gateway():
        await eventually(lambda: is_saved(database_url))
        async with queries_on(database_url) as db:
            assert not await queries.save_shard(
                db, session, lease="shard:0", fence=0, stored=[], gone=[]
            )
        assert (await rows(database_url, "SELECT session_id FROM sessions"))[0][0] != "old"


def test_the_confirmed_number_has_no_gap_before_it() -> None:
    progress = Progress()
    one, two, three = (progress.begin(seq) for seq in (1, 2, 3))

    progress.finish(three)
    assert progress.confirmed is None
    progress.finish(one)
    assert progress.confirmed == 1
    progress.finish(two)
    assert progress.confirmed == 3


def test_an_event_with_a_command_is_confirmed_when_both_are() -> None:
    progress = Progress()
    step = progress.begin(1, left=2)

    assert not progress.finish(step)
    assert progress.confirmed is None
    assert progress.finish(step)
    assert progress.confirmed == 1


async def has_identified(rig: Rig, times: int) -> bool:
    return await rig.identifies() == times


async def has_resumed(rig: Rig, times: int) -> bool:
    return await rig.resumes() == times


async def has_closed(rig: Rig) -> bool:
    return bool((await rig.sandbox.gateway())["closed"])


async def is_under_way(gateway: Running) -> bool:
    return await gateway.api.metric("gateway_publish_window") > 0


async def is_alive(gateway: Running) -> bool:
    status, _ = await gateway.api.get("/healthz")
    return status == 200


async def is_saved(database_url: str) -> bool:
    return bool(await rows(database_url, "SELECT 1 FROM sessions"))
