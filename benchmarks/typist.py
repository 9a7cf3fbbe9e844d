"""Somebody at a Discord client, with a stopwatch: from sending a command to seeing its answer."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from time import perf_counter
from typing import Any

import aiohttp

from benchmarks.report import CannotMeasureError

Event = dict[str, Any]  # JSON of Discord's

PATIENCE = 10.0
LOADING = 1 << 7


class Typist:
    """A connected client of one user. All figures are milliseconds."""

    def __init__(
        self, http: aiohttp.ClientSession, socket: aiohttp.ClientWebSocketResponse, api: str
    ) -> None:
        self._http = http
        self._socket = socket
        self._api = api
        self._sequence: int | None = None

    async def post(self, path: str, body: Event) -> Event:
        """Send a request as the client does. Raises CannotMeasureError when it is refused."""
        async with self._http.post(f"{self._api}{path}", json=body) as response:
            text = await response.text()
            if response.status >= 400:
                raise CannotMeasureError(f"POST {path}: {response.status} {text}")
            return json.loads(text) if text else {}

    async def get(self, path: str) -> Event:
        """Read something as the client does."""
        async with self._http.get(f"{self._api}{path}") as response:
            response.raise_for_status()
            found: Event = await response.json()
            return found

    async def control(self, method: str, path: str, body: Event) -> Event:
        """Change something in the sandbox itself."""
        url = f"{self._api.removesuffix('/api/v10')}/sandbox/{path}"
        async with self._http.request(method, url, json=body) as response:
            text = await response.text()
            if response.status >= 400:
                raise CannotMeasureError(f"{method} {url}: {response.status} {text}")
            return json.loads(text) if text else {}

    async def slash(self, interaction: Event) -> float:
        """Run a slash command; return how long its answer took to be seen."""
        application = str(interaction["application_id"])

        def answers(data: Event) -> bool:
            return data["author"]["id"] == application and not data.get("flags", 0) & LOADING

        return await self._timed(lambda: self.post("/interactions", interaction), answers)

    async def text(self, channel_id: str, content: str, bot_id: str) -> float:
        """Post a text command; return how long its answer took to be seen."""

        def answers(data: Event) -> bool:
            return data["author"]["id"] == bot_id and data["channel_id"] == channel_id

        path = f"/channels/{channel_id}/messages"
        return await self._timed(lambda: self.post(path, {"content": content}), answers)

    async def _timed(self, send: Callable[[], Any], answers: Callable[[Event], bool]) -> float:
        seen = asyncio.create_task(self._see(answers))
        started = perf_counter()
        await send()
        try:
            finished = await asyncio.wait_for(seen, PATIENCE)
        except TimeoutError:
            raise CannotMeasureError(f"no answer within {PATIENCE:g} s") from None
        return (finished - started) * 1000

    async def _see(self, answers: Callable[[Event], bool]) -> float:
        """Read the client's events until the answer is among them; return when that was."""
        while True:
            frame = await self._receive()
            if frame["t"] in ("MESSAGE_CREATE", "MESSAGE_UPDATE") and answers(frame["d"]):
                return perf_counter()

    async def _receive(self) -> Event:
        while True:
            frame: Event = json.loads(await self._socket.receive_str())
            self._sequence = frame.get("s") or self._sequence
            if frame["op"] == 0:
                return frame

    async def log_in(self, token: str) -> None:
        """Identify and wait for READY."""
        hello = json.loads(await self._socket.receive_str())
        identify = {"token": token, "properties": {"os": "bench"}, "intents": 0}
        await self._socket.send_json({"op": 2, "d": identify})
        self._beating = asyncio.create_task(self._beat(hello["d"]["heartbeat_interval"] / 1000))
        while (await self._receive())["t"] != "READY":
            pass

    async def _beat(self, every: float) -> None:
        while True:
            await asyncio.sleep(every * 0.8)
            await self._socket.send_json({"op": 1, "d": self._sequence})

    async def log_out(self) -> None:
        """Stop."""
        self._beating.cancel()
        await self._socket.close()


@asynccontextmanager
async def typist(sandbox: str, token: str) -> AsyncGenerator[Typist]:
    """Give a client that is connected to the sandbox as a user."""
    headers = {"Authorization": token}
    url = f"{sandbox.replace('http', 'ws', 1)}/gateway?v=10&encoding=json"
    async with (
        aiohttp.ClientSession(headers=headers) as http,
        http.ws_connect(url, max_msg_size=0) as socket,
    ):
        client = Typist(http, socket, f"{sandbox}/api/v10")
        await client.log_in(token)
        try:
            yield client
        finally:
            await client.log_out()
