"""hikari's shard at the sandbox's gateway, in the ways that it can go wrong."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any, cast

import hikari
import pytest
from hikari.api import GatewayCompression, event_factory, event_manager
from hikari.impl import config
from hikari.impl.shard import GatewayShardImpl

from sandbox.gateway import Ailment, Close, GatewaySettings, Op
from sandbox.world import Application, Channel, User, World
from tests.sandbox.gateway_client import Gateway, serve
from tests.support.waiting import eventually

INTENTS = hikari.Intents.ALL


class Sink:
    """Stands where hikari's event manager and factory stand, and keeps what arrives."""

    def __init__(self) -> None:
        self.events: list[tuple[str, dict[str, Any]]] = []

    def consume_raw_event(self, name: str, _: object, data: dict[str, Any]) -> None:
        self.events.append((name, data))

    async def dispatch(self, _: object, *, return_tasks: bool = False) -> None:
        assert return_tasks

    def deserialize_connected_event(self, shard: object) -> object:
        return shard

    def deserialize_disconnected_event(self, shard: object) -> object:
        return shard

    def named(self, name: str) -> list[dict[str, Any]]:
        return [data for event, data in self.events if event == name]

    @property
    def contents(self) -> list[str]:
        return [data["content"] for data in self.named("MESSAGE_CREATE")]


def shard_of(
    gateway: Gateway,
    sink: Sink,
    token: str,
    compression: GatewayCompression | None = GatewayCompression.TRANSPORT_ZSTD_STREAM,
) -> GatewayShardImpl:
    return GatewayShardImpl(
        compression=compression,
        intents=INTENTS,
        http_settings=config.HTTPSettings(),
        proxy_settings=config.ProxySettings(),
        event_manager=cast("event_manager.EventManager", sink),
        event_factory=cast("event_factory.EventFactory", sink),
        token=token,
        url=gateway.url,
    )


@asynccontextmanager
async def running(shard: GatewayShardImpl) -> AsyncGenerator[GatewayShardImpl]:
    await shard.start()
    try:
        yield shard
    finally:
        with suppress(hikari.ComponentStateConflictError):
            await shard.close()


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    async with serve(GatewaySettings(identify_interval=timedelta(0))) as served:
        yield served


@pytest.fixture
def world(gateway: Gateway) -> World:
    return gateway.world


@pytest.fixture
def owner(world: World) -> User:
    return world.create_user("owner")


@pytest.fixture
def channel(world: World, owner: User) -> Channel:
    return world.channels[world.create_guild("Harbour", owner).channel_ids[0]]


@pytest.fixture
def bot(world: World, channel: Channel) -> Application:
    application = world.create_application("Flotilla")
    world.add_member(world.guild(channel.guild_id or 0), world.users[application.id])
    return application


@pytest.mark.parametrize("compression", [*GatewayCompression, None])
async def test_a_shard_starts_and_hears_events_in_every_compression(
    gateway: Gateway,
    world: World,
    owner: User,
    channel: Channel,
    bot: Application,
    compression: GatewayCompression | None,
) -> None:
    sink = Sink()
    async with running(shard_of(gateway, sink, world.token_of(bot), compression)) as shard:
        for number in range(50):
            world.post_message(channel, owner, f"message {number} " + "x" * 500)
        await eventually(lambda: len(sink.contents) == 50)

        assert shard.get_user_id() == bot.id
        assert sink.named("READY")
        assert sink.named("GUILD_CREATE")


async def test_an_order_to_reconnect_is_followed(
    gateway: Gateway, world: World, bot: Application
) -> None:
    sink = Sink()
    async with running(shard_of(gateway, sink, world.token_of(bot))):
        gateway.hub.faults.reconnect()
        await eventually(lambda: sink.named("RESUMED"))

    assert gateway.hub.record.counts["resume"] == 1


async def test_a_session_is_resumed_by_another_process(
    gateway: Gateway, world: World, owner: User, channel: Channel, bot: Application
) -> None:
    first, second = Sink(), Sink()
    token = world.token_of(bot)
    shard: Any = shard_of(gateway, first, token)
    await shard.start()
    world.post_message(channel, owner, "published")
    await eventually(lambda: first.contents == ["published"])
    confirmed = shard._seq
    world.post_message(channel, owner, "received, never published")
    await eventually(lambda: len(first.contents) == 2)
    gateway.hub.faults.drop()
    await eventually(lambda: not gateway.hub.connections())
    with suppress(Exception):
        await asyncio.wait_for(shard.close(), 30)
    world.post_message(channel, owner, "missed")

    heir: Any = shard_of(gateway, second, token)
    heir._seq, heir._session_id = confirmed, shard._session_id
    heir._resume_gateway_url, heir._user_id = shard._resume_gateway_url, shard._user_id
    async with running(heir):
        await eventually(lambda: second.named("RESUMED"))

    assert second.contents == ["received, never published", "missed"]


async def test_a_deaf_gateway_looks_dead_and_the_shard_comes_back() -> None:
    settings = GatewaySettings(
        heartbeat_interval=timedelta(milliseconds=100),
        identify_interval=timedelta(0),
        missed_heartbeats=50,
    )
    async with serve(settings) as gateway:
        sink = Sink()
        token = gateway.world.token_of(gateway.world.create_application("Flotilla"))
        async with running(shard_of(gateway, sink, token)):
            gateway.hub.faults.afflict(Ailment(deaf=True))
            await eventually(lambda: gateway.hub.record.closed)
            gateway.hub.faults.heal()
            await eventually(lambda: sink.named("RESUMED"))

    assert gateway.hub.record.closed[0].by_client


@pytest.mark.parametrize(
    ("intents_on", "token", "code"),
    [
        (False, None, Close.DISALLOWED_INTENTS),
        (True, "MTIz.abc.def", Close.AUTHENTICATION_FAILED),
    ],
)
async def test_what_cannot_be_mended_stops_the_shard(
    gateway: Gateway,
    world: World,
    bot: Application,
    *,
    intents_on: bool,
    token: str | None,
    code: Close,
) -> None:
    bot.privileged_intents = intents_on
    shard = shard_of(gateway, Sink(), token or world.token_of(bot))
    with pytest.raises(hikari.GatewayServerClosedConnectionError) as closed:
        await shard.start()

    assert closed.value.code == code


async def test_members_are_requested_and_arrive(
    gateway: Gateway, world: World, channel: Channel, bot: Application
) -> None:
    sink = Sink()
    async with running(shard_of(gateway, sink, world.token_of(bot))) as shard:
        assert channel.guild_id is not None
        await shard.request_guild_members(channel.guild_id, nonce="n", include_presences=True)
        [chunk] = await eventually(lambda: sink.named("GUILD_MEMBERS_CHUNK"))

    assert {one["user"]["username"] for one in chunk["members"]} == {"owner", "Flotilla"}
    assert chunk["nonce"] == "n"


async def test_a_planned_stop_with_another_code_keeps_the_session(
    gateway: Gateway, world: World, bot: Application
) -> None:
    shard: Any = shard_of(gateway, Sink(), world.token_of(bot))
    await shard.start()
    transport = shard._ws
    transport._sent_close = True
    await shard.close()
    transport._sent_close = False
    await transport.send_close(code=4000, message=b"")
    await eventually(lambda: not gateway.hub.connections())
    kept = [session.id for session in gateway.hub.sessions()]

    assert kept == [shard._session_id]
    assert gateway.hub.record.closed[0].code == 4000
    assert len(list(gateway.hub.record.of(Op.IDENTIFY))) == 1
