"""Events: Discord's own bytes, in order, with what a consumer needs to know them by."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import aiohttp
import msgspec

from services.gateway.shards.dispatch import decode_frame, guild_of
from services.gateway.shards.given import INTENTS
from shared.contracts.events import MessageCreated
from tests.gateway.rig import Api, Rig
from tests.support.proxy import proxied
from tests.support.waiting import eventually


async def test_an_event_arrives_with_its_guild_its_type_and_an_id_of_its_own(rig: Rig) -> None:
    async with rig.gateway():
        await rig.member.says(rig.guild, "ahoy")

        message = (await eventually(lambda: rig.events.of("MESSAGE_CREATE")))[0]

    assert message.guild_id == rig.guild.id
    assert message.routing_key == f"MESSAGE_CREATE.{rig.guild.id}"
    shard, session, seq = message.message_id.split(":")
    assert (shard, int(seq) > 1) == ("0", True)
    assert session


async def test_an_event_is_byte_for_byte_what_discord_sent(rig: Rig) -> None:
    witness = await rig.sandbox.create_bot("Witness")
    await rig.sandbox.invite(rig.guild, witness)
    async with rig.gateway(), plain_websocket(rig, witness.token) as websocket:
        await rig.member.says(rig.guild, 'Grüße 🐙 \\u0000 "quoted"')

        message = (await eventually(lambda: rig.events.of("MESSAGE_CREATE")))[0]
        sent = await next_of("MESSAGE_CREATE", websocket)

    assert message.body == sent


async def test_every_compression_carries_the_same_events(rig: Rig) -> None:
    for compression in ("zlib", "none", "zstd"):
        async with rig.gateway(COMPRESSION=compression):
            await rig.member.says(rig.guild, compression)
            await eventually(lambda said=compression: said in rig.events.contents())


async def test_direct_messages_belong_to_guild_zero(rig: Rig) -> None:
    async with rig.gateway():
        direct = await rig.member.rest(
            "POST", "/users/@me/channels", {"recipient_id": str(rig.bot.id)}
        )
        await rig.member.says(int(direct["id"]), "psst")

        message = (await eventually(lambda: rig.events.of("MESSAGE_CREATE")))[0]

    assert message.routing_key == "MESSAGE_CREATE.0"
    assert msgspec.json.decode(message.body, type=MessageCreated, strict=False).content == "psst"


async def test_nothing_is_lost_or_out_of_order_while_the_broker_is_cut_off(
    rig: Rig, amqp_url: str
) -> None:
    async with (
        proxied(amqp_url) as broker,
        rig.gateway(AMQP_URL=broker.url, PUBLISH_WINDOW="20") as gateway,
    ):
        await rig.member.says(rig.guild, "before")
        await eventually(lambda: rig.events.contents() == ["before"])

        await broker.shut()
        await rig.sandbox.traffic(rig.guild, 60)
        await eventually(lambda: is_full(gateway.api))
        await broker.open()

        await eventually(lambda: len(rig.events.contents()) == 61)

    seqs = [int(each.message_id.split(":")[2]) for each in rig.events.of("MESSAGE_CREATE")]
    assert seqs == sorted(seqs)


async def is_full(api: Api) -> bool:
    return await api.metric("gateway_publish_window") == 20


@asynccontextmanager
async def plain_websocket(rig: Rig, token: str) -> AsyncGenerator[aiohttp.ClientWebSocketResponse]:
    """Connect to the sandbox's gateway without any library between, and identify."""
    url = f"{rig.sandbox.gateway_url}?v=10&encoding=json"
    properties = {"os": "linux", "browser": "test", "device": "test"}
    identify: dict[str, object] = {"token": token, "intents": int(INTENTS), "shard": [0, 1]}
    identify["properties"] = properties
    async with aiohttp.ClientSession() as session, session.ws_connect(url) as websocket:
        await websocket.receive()
        await websocket.send_json({"op": 2, "d": identify})
        await next_of("GUILD_CREATE", websocket)
        yield websocket


async def next_of(type_: str, websocket: aiohttp.ClientWebSocketResponse) -> bytes:
    """Return the data of the next event of a type, as it was sent."""
    async with asyncio.timeout(30):
        while True:
            frame = decode_frame((await websocket.receive_str()).encode())
            if frame is not None and frame.t == type_:
                return bytes(frame.d)


def test_a_frame_without_data_is_read() -> None:
    frame = decode_frame(b'{"op":11}')

    assert frame is not None
    assert (frame.op, frame.s, bytes(frame.d)) == (11, None, b"null")


def test_what_is_no_frame_is_none() -> None:
    assert decode_frame(b"\xff\xfe") is None
    assert decode_frame(b"[]") is None
    assert decode_frame(b'{"op":0,"t":"%s"}' % (b"T" * 300)) is None


def test_events_about_guilds_belong_to_that_guild() -> None:
    assert guild_of("GUILD_UPDATE", b'{"id":"7"}') == 7
    assert guild_of("MESSAGE_CREATE", b'{"id":"7","guild_id":"8"}') == 8
    assert guild_of("MESSAGE_CREATE", b'{"id":"7"}') == 0
    assert guild_of("CHANNEL_CREATE", b'{"id":"' + b"9" * 30 + b'"}') == 0
    assert guild_of("MESSAGE_CREATE", b'{"guild_id":"' + b"9" * 300 + b'"}') == 0
    assert guild_of("GUILD_DELETE", b'{"id":"' + b"9" * 300 + b'"}') == 0
