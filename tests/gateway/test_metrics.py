"""Every metric of the gateway moves with what it tells of, and stands in the operators' table."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from prometheus_client import CollectorRegistry

from services.gateway.metrics import Metrics
from shared.bus import Delivery, QueueSpec
from shared.bus.metrics import BusMetrics
from shared.contracts.actions import ActionRequest, Ban, BulkBan, GetBan
from shared.contracts.ids import GuildId, UserId
from shared.contracts.invocations import CommandSpec
from shared.contracts.topology import GATEWAY_ACTIONS, MODERATION
from shared.http.metrics import HttpMetrics
from tests.gateway.doing import do
from tests.gateway.rig import Rig, Running, operator_token
from tests.gateway.toys import Toy, serve_toy
from tests.support.proxy import proxied
from tests.support.waiting import eventually

OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"
BANS = "/guilds/*/bans/*"
TOYS = QueueSpec("toy.commands")


def ban_of(rig: Rig) -> Ban:
    return Ban(guild_id=GuildId(rig.guild.id), user_id=UserId(rig.member.id))


async def reaches(gateway: Running, name: str, at_least: float = 1, **labels: str) -> None:
    """Wait until a metric is that high."""

    async def high_enough() -> None:
        value = await gateway.api.metric(name, **labels)
        assert value >= at_least, f"{name} {labels} is {value}"

    await eventually(high_enough)


async def test_shards_and_events_are_measured(rig: Rig) -> None:
    async with rig.gateway() as gateway:
        await rig.member.says(rig.guild, "ahoy")
        await reaches(gateway, "gateway_events_total", type="MESSAGE_CREATE")
        await reaches(gateway, "gateway_confirm_seconds_count", 3)
        await reaches(gateway, "gateway_seq_confirmed", 3, shard="0")
        assert await gateway.api.metric("gateway_seq_read") >= 3
        assert await gateway.api.metric("gateway_shard_connected") == 1
        assert await gateway.api.metric("gateway_identifies_total") == 1
        await reaches(gateway, "gateway_shard_share")
        await reaches(gateway, "gateway_identify_budget", 900)

        await rig.sandbox.fault(gateway="heartbeat")
        await reaches(gateway, "gateway_heartbeat_seconds", 1e-9)
        await rig.sandbox.fault(gateway="reconnect")
        await reaches(gateway, "gateway_resumes_total")
        await eventually(gateway.ready)
        await rig.sandbox.fault(gateway="close", close_code=4000)
        await reaches(gateway, "gateway_closes_total", code="4000")


async def test_the_window_is_measured_while_nothing_is_confirmed(rig: Rig, amqp_url: str) -> None:
    async with proxied(amqp_url) as broker, rig.gateway(AMQP_URL=broker.url) as gateway:
        await eventually(lambda: nothing_is_under_way(gateway))
        await broker.shut()
        await rig.member.says(rig.guild, "meanwhile")
        await reaches(gateway, "gateway_publish_window")
        await broker.open()
        await eventually(lambda: nothing_is_under_way(gateway))


async def test_what_people_ask_for_is_counted_and_what_came_too_late_for_them(rig: Rig) -> None:
    toy = Toy()
    await serve_toy(rig.bus, toy)
    async with rig.gateway(DEFER_AFTER="100ms") as gateway:
        await rig.registered("ahoy")
        toy.go_on.clear()
        running = rig.start(rig.member.runs("/ahoy", rig.guild))
        await reaches(gateway, "gateway_deferred_total")
        toy.go_on.set()
        await running
        await reaches(gateway, "gateway_invocations_total", source="slash", outcome="passed_on")

        await rig.sandbox.fault(route="/interactions/**", status=404, code=10062)
        rig.start(rig.member.runs("/ahoy", rig.guild))
        await reaches(gateway, "gateway_answers_late_total", to="person")


async def test_actions_and_requests_are_measured(rig: Rig) -> None:
    async with rig.gateway() as gateway:
        assert (await do(rig, ban_of(rig), key="b")).status == "done"

        await reaches(gateway, "gateway_actions_total", do="ban", status="done")
        await reaches(gateway, "gateway_action_seconds_count")
        route = "PUT /guilds/{guild}/bans/{user}"
        await reaches(gateway, "gateway_rest_total", route=route, status="204")
        await reaches(gateway, "gateway_rest_seconds_count", route=route)
        await reaches(gateway, "gateway_rest_wait_seconds_count", route=route)
        assert (await do(rig, ban_of(rig), key="again")).status == "done"
        wait = await samples(gateway, "gateway_rest_wait_seconds_count", route)
        assert {bucket == route for bucket in wait} == {True, False}  # first unknown, then named


async def test_refusals_are_counted_by_status_and_scope(rig: Rig) -> None:
    async with rig.gateway() as gateway:
        before = await gateway.api.metric("gateway_rest_invalid_requests")
        await rig.sandbox.fault(route=BANS, status=403, code=50013, times=1)
        assert (await do(rig, ban_of(rig), key="a")).status == "refused"
        for scope in ("shared", "user", "global"):
            await rig.sandbox.fault(route=BANS, status=429, scope=scope, retry_after=0.1, times=1)
            assert (await do(rig, ban_of(rig), key=scope)).status == "done"
        await rig.sandbox.fault(route=BANS, status=401, times=1)
        assert (await do(rig, ban_of(rig), key="c")).status == "refused"

        for status, scope in (("403", ""), ("429", "shared"), ("429", "global"), ("401", "")):
            await reaches(gateway, "gateway_rest_refused_total", status=status, scope=scope)
        # those of scope `shared` are others' doing
        assert await gateway.api.metric("gateway_rest_invalid_requests") == before + 4


async def test_what_waits_and_what_is_late_is_measured(rig: Rig) -> None:
    ban = ban_of(rig)
    other = BulkBan(guild_id=ban.guild_id, user_ids=(ban.user_id, UserId(rig.owner.id)))
    async with rig.gateway() as gateway:
        await rig.sandbox.fault(route=BANS, latency=4, times=1)
        slow = rig.start(do(rig, ban, key="slow", within=2))
        await reaches(gateway, "gateway_action_age_seconds", 0.1, **{"class": MODERATION})
        question = GetBan(guild_id=ban.guild_id, user_id=ban.user_id)
        assert (await do(rig, question)).status == "gone"
        assert (await slow).status == "retry"
        await reaches(gateway, "gateway_answers_late_total", to="service")

        assert (await do(rig, other, key="late", within=-1)).status == "retry"
        await reaches(gateway, "gateway_actions_late_total")

        await rig.sandbox.fault(route=BANS, status=429, retry_after=60, times=1)
        for key in ("limited", "too late"):
            assert (await do(rig, ban, key=key, within=1)).status == "retry"
        await reaches(gateway, "gateway_rest_too_late_total")
        patient = [rig.start(do(rig, ban, key=f"p{each}", within=70)) for each in range(2)]
        await reaches(gateway, "gateway_rest_waiting")
        for each in patient:
            each.cancel()


async def test_the_queues_of_all_services_are_watched(rig: Rig) -> None:
    consuming = await rig.bus.consume(TOYS, nothing)
    await consuming.drain()
    for queue in (TOYS.name, TOYS.name, TOYS.dead):
        await rig.bus.publish("", queue, b"{}", message_id=queue, type="x")
    async with rig.gateway() as gateway:
        await rig.announce("toy", CommandSpec(name="boo", description="", plugin="t", level=0))
        await rig.knows("boo")

        async def seen() -> None:
            found = (await queues(gateway))[TOYS.name]
            assert found.pop("stalled_seconds") > 0
            assert found == {"name": TOYS.name, "messages": 2, "consumers": 0, "dead": 1}

        await eventually(seen)
        assert await gateway.api.metric("gateway_queue_messages", queue=TOYS.name) == 2
        assert await gateway.api.metric("gateway_queue_dead", queue=TOYS.name) == 1
        assert await gateway.api.metric("gateway_queue_stalled_seconds", queue=TOYS.name) > 0
        assert await gateway.api.metric("gateway_queue_consumers", queue="gateway.domain") == 1
        own = {name for name in await queues(gateway) if name.startswith(GATEWAY_ACTIONS)}
        assert len(own) == 3

        again = await rig.bus.consume(TOYS, nothing)
        await eventually(lambda: nothing_waits(gateway, TOYS.name))
        assert await gateway.api.metric("gateway_queue_stalled_seconds", queue=TOYS.name) == 0
        await again.drain()


async def test_actions_grow_old_too_while_nobody_carries_them_out(rig: Rig) -> None:
    async with rig.gateway():
        pass
    deadline = datetime.now(UTC) + timedelta(minutes=1)
    request = ActionRequest(action=ban_of(rig), deadline=deadline, key="b")
    await rig.bus.publish(GATEWAY_ACTIONS, MODERATION, request, message_id="b", type="ban")
    async with rig.gateway(ROLE="shards") as gateway:
        await eventually(lambda: stalls(gateway, f"{GATEWAY_ACTIONS}.{MODERATION}"))
        labels = {"class": MODERATION}
        assert await gateway.api.metric("gateway_action_age_seconds", **labels) > 0


def test_every_metric_stands_in_the_operators_table_and_no_other() -> None:
    registry = CollectorRegistry()
    for made in (Metrics, BusMetrics, HttpMetrics):
        made(registry)
    counters = {"counter": "_total"}
    there = {each.name + counters.get(each.type, "") for each in registry.collect()}
    rows = re.findall(r"^\| `((?:gateway|bus|http)_[a-z_]+)", OPERATIONS.read_text(), re.MULTILINE)

    assert sorted(rows) == sorted(there)


# --- what is so ---------------------------------------------------------------------------------


async def nothing(_: Delivery) -> None:
    """Handle a message by doing nothing."""


async def nothing_is_under_way(gateway: Running) -> bool:
    return await gateway.api.metric("gateway_publish_window") == 0


async def queues(gateway: Running) -> dict[str, dict[str, Any]]:  # Any: JSON, looked at by name
    status, body = await gateway.api.get("/queues", token=operator_token())
    assert status == 200, body
    return {each["name"]: each for each in cast("list[dict[str, Any]]", body)}


async def nothing_waits(gateway: Running, queue: str) -> bool:
    return (await queues(gateway))[queue]["messages"] == 0


async def stalls(gateway: Running, queue: str) -> bool:
    return (await queues(gateway))[queue]["stalled_seconds"] > 0


async def samples(gateway: Running, name: str, route: str) -> set[str]:
    """Return the buckets under which a route was measured."""
    _, text = await gateway.api.get("/metrics")
    pattern = rf'^{name}{{bucket="([^"]+)",route="{re.escape(route)}"}}'
    return set(re.findall(pattern, str(text), re.MULTILINE))
