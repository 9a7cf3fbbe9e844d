"""A bare gateway client: every frame by hand, so that tests see exactly what the server sends."""

import zlib
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import msgspec
import zstandard
from aiohttp import web
from msgspec import Struct

from sandbox.gateway import GatewayHub, GatewaySettings, Intents, Op
from sandbox.world import WORLD_KEY, World

ALL = int(~Intents(0))


class GoneError(Exception):
    """The server ended the connection; `code` is None when the wire was cut."""

    def __init__(self, code: int | None) -> None:
        super().__init__(code)
        self.code = code


class Frame(Struct):
    op: int
    d: Any = None
    s: int | None = None
    t: str | None = None


class GatewayClient:
    """One websocket, decompressed and decoded."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse, compress: str | None = None) -> None:
        self.ws = ws
        self.seq: int | None = None
        self.session_id = ""
        self.resume_url = ""
        self._inflate = _inflater(compress)

    async def receive(self, within: float = 30.0) -> Frame:
        message = await self.ws.receive(timeout=within)
        if message.type not in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
            raise GoneError(self.ws.close_code if message.type == aiohttp.WSMsgType.CLOSE else None)
        data = message.data if isinstance(message.data, bytes) else message.data.encode()
        frame = msgspec.json.decode(self._inflate(data), type=Frame)
        self.seq = frame.s or self.seq
        if frame.t == "READY":
            self.session_id = frame.d["session_id"]
            self.resume_url = frame.d["resume_gateway_url"]
        return frame

    async def send(self, op: int, data: object = None) -> None:
        await self.ws.send_str(msgspec.json.encode({"op": op, "d": data}).decode())

    async def identify(
        self,
        token: str,
        intents: int | None = ALL,
        shard: tuple[int, int] = (0, 1),
        **more: object,
    ) -> None:
        properties = {"os": "linux", "browser": "test", "device": "test"}
        asked = {"token": token, "properties": properties, "shard": shard, "intents": intents}
        await self.send(Op.IDENTIFY, asked | more)

    async def resume(self, token: str, session_id: str, seq: int) -> None:
        await self.send(Op.RESUME, {"token": token, "session_id": session_id, "seq": seq})

    async def until(self, name: str) -> Frame:
        """Read until an event of this name, and return it."""
        while (frame := await self.receive()).t != name:
            pass
        return frame

    async def until_op(self, op: int) -> Frame:
        while (frame := await self.receive()).op != op:
            pass
        return frame

    async def closed(self) -> int | None:
        """Read until the server ends the connection; returns the close code."""
        try:
            while True:
                await self.receive()
        except GoneError as gone:
            return gone.code

    async def nothing_but(self, name: str, absent: str) -> None:
        """Read until an event, and fail if another one comes before it."""
        while (frame := await self.receive()).t != name:
            assert frame.t != absent, frame


def _inflater(compress: str | None) -> Callable[[bytes], bytes]:
    if compress == "zlib-stream":
        return zlib.decompressobj().decompress
    if compress == "zstd-stream":
        return zstandard.ZstdDecompressor().decompressobj().decompress
    return _inflate


def _inflate(data: bytes) -> bytes:
    return zlib.decompress(data) if data[:1] == b"\x78" else data


class Gateway:
    """A world with a gateway on a free port."""

    def __init__(self, world: World, hub: GatewayHub, http: aiohttp.ClientSession) -> None:
        self.world = world
        self.hub = hub
        self.url = ""
        self._http = http

    @asynccontextmanager
    async def connect(
        self, compress: str | None = None, *, hello: bool = True, **query: str
    ) -> AsyncGenerator[GatewayClient]:
        asked = {"v": "10", "encoding": "json"} | query
        if compress:
            asked["compress"] = compress
        async with self._http.ws_connect(self.url, params=asked, max_msg_size=0) as ws:
            client = GatewayClient(ws, compress)
            if hello:
                assert (await client.receive()).op == Op.HELLO
            yield client


@asynccontextmanager
async def serve(settings: GatewaySettings, *routes: web.RouteDef) -> AsyncGenerator[Gateway]:
    """Run a gateway for a fresh world."""
    world = World()
    hub = GatewayHub(world, settings)
    app = web.Application()
    app[WORLD_KEY] = world
    app.add_routes([web.get("/gateway", hub.handle), *routes])
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    world.settings.base_url = f"http://127.0.0.1:{port}"
    async with aiohttp.ClientSession() as http:
        gateway = Gateway(world, hub, http)
        gateway.url = f"ws://127.0.0.1:{port}/gateway"
        try:
            yield gateway
        finally:
            await hub.close()
            await runner.cleanup()
