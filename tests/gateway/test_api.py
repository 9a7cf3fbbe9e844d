"""The gateway's API: for operators, and what is known of a guild for who may see it."""

from __future__ import annotations

from typing import Any, cast

from shared.contracts.invocations import CommandSpec
from shared.contracts.topology import GATEWAY_ACTIONS, MODERATION
from shared.http import Actor, sign
from tests.gateway.rig import SECRET, Rig, operator_token
from tests.support.waiting import eventually

QUEUE = "gateway.actions.moderation"


async def test_health_tells_what_is_there(rig: Rig) -> None:
    async with rig.gateway() as gateway:
        status, body = await gateway.api.get("/readyz")

    assert status == 200
    assert cast("Any", body)["dependencies"] == {
        "actions": True,
        "rabbitmq": True,
        "postgres": True,
        "discord": True,
    }


async def test_a_process_is_not_ready_while_its_shards_are_down(rig: Rig) -> None:
    async with rig.gateway() as gateway:
        await rig.sandbox.fault(gateway="refuse")
        await rig.sandbox.fault(gateway="drop")

        async def is_down() -> bool:
            status, body = await gateway.api.get("/readyz")
            return status == 503 and cast("Any", body)["dependencies"]["discord"] is False

        await eventually(is_down, within=20)
        assert (await gateway.api.get("/healthz"))[0] == 200
        await rig.sandbox.heal()
        await eventually(gateway.ready, within=20)


async def test_operators_see_how_many_sessions_discord_still_allows(rig: Rig) -> None:
    async with rig.gateway(IDENTIFY_RESERVE="7") as gateway:
        status, body = await gateway.api.get("/budget", token=operator_token())
        budget = cast("Any", body)
        assert (status, budget["total"], budget["remaining"]) == (200, 1000, 999)
        assert (budget["reserve"], budget["max_concurrency"]) == (7, 1)

        await rig.sandbox.fault(route="/gateway/bot", status=403)
        assert (await gateway.api.get("/budget", token=operator_token()))[0] == 503


async def test_operators_see_shards_and_nobody_else(rig: Rig) -> None:
    viewer = Actor(user_id=1, guild_id=rig.guild.id, role="admin", scopes=(), name="a")
    async with rig.gateway() as gateway:
        assert (await gateway.api.get("/shards"))[0] == 401
        token = sign(SECRET, viewer, "gateway")
        assert (await gateway.api.get("/shards", token=token))[0] == 403
        _, body = await gateway.api.get("/shards", token=operator_token())

    (shard,) = cast("Any", body)["shards"]
    assert (shard["id"], shard["here"], shard["connected"]) == (0, True, True)
    assert shard["seq_read"] >= 2


async def test_a_guild_is_shown_to_its_own_people(rig: Rig) -> None:
    async with rig.gateway() as gateway:
        for guild_id, expected in ((rig.guild.id, 200), (rig.guild.id + 1, 403)):
            viewer = Actor(user_id=1, guild_id=guild_id, role="viewer", scopes=(), name="v")
            status, body = await gateway.api.get(
                f"/guilds/{rig.guild.id}/snapshot", token=sign(SECRET, viewer, "gateway")
            )
            assert status == expected
            if status == 200:
                assert cast("Any", body)["id"] == str(rig.guild.id)


async def test_a_service_that_is_gone_can_be_forgotten(rig: Rig) -> None:
    async with rig.gateway() as gateway:
        await rig.announce("ghost", CommandSpec(name="boo", description="", plugin="g", level=0))
        await rig.knows("boo")
        path = "/commands/ghost"
        assert (await gateway.api.call("DELETE", path, token=operator_token()))[0] == 200
        assert (await gateway.api.call("DELETE", path, token=operator_token()))[0] == 404

        async def forgotten() -> bool:
            _, commands = await gateway.api.get("/commands", token=operator_token())
            return commands == []

        await eventually(forgotten)


async def test_dead_letters_are_shown_replayed_and_dropped(rig: Rig) -> None:
    async with rig.gateway() as gateway:
        api, token = gateway.api, operator_token()
        await rig.bus.publish(GATEWAY_ACTIONS, MODERATION, b"{}", message_id="x", type="x")

        async def parked() -> int:
            _, body = await api.get("/dead", token=token)
            return len(cast("Any", body)[QUEUE])

        await eventually(parked)
        replayed = await api.call("POST", f"/dead/{QUEUE}/replay?count=5", token=token)
        assert replayed == (200, {"count": 1})
        await eventually(parked)
        assert (await api.call("POST", f"/dead/{QUEUE}/drop", token=token))[1] == {"count": 1}
        assert await parked() == 0
        assert (await api.call("POST", "/dead/other/drop", token=token))[0] == 404


async def test_metrics_count_what_happens(rig: Rig) -> None:
    async with rig.gateway() as gateway:
        await rig.member.says(rig.guild, "ahoy")
        await eventually(rig.events.contents)

        assert await gateway.api.metric("gateway_shard_connected") == 1
        assert await gateway.api.metric("gateway_events_total") >= 3
        assert await gateway.api.metric("gateway_identifies_total") == 1
