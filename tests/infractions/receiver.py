"""A receiver of webhooks on this machine, which checks signatures as a stranger would."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tests.infractions.rig import Json


@dataclass
class Received:
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        """Which delivery it is."""
        return self.headers["webhook-id"]

    @property
    def json(self) -> Json:
        """What it says."""
        return json.loads(self.body)

    def is_signed_with(self, secret: str) -> bool:
        """Verify it as docs/reference/webhooks.md says."""
        key = base64.b64decode(secret.removeprefix("whsec_"))
        signed = f"{self.id}.{self.headers['webhook-timestamp']}.".encode() + self.body
        expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        return hmac.compare_digest(f"v1,{expected}", self.headers["webhook-signature"])


class Receiver:
    """Takes what is delivered, and answers as a test says; 204 if it says nothing."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.answers: deque[bytes] = deque()
        self.port = 0

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}/hook?of=harbour"

    def fails(self, times: int, status: int = 500, head: str = "", body: str = "broken") -> None:
        """Answer the next requests so."""
        text = f"HTTP/1.1 {status} No\r\n{head}Content-Length: {len(body)}\r\n\r\n{body}"
        self.answers.extend([text.encode()] * times)

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take one request."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {
            name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:])
        }
        body = await reader.readexactly(int(headers["content-length"]))
        self.received.append(Received(head[0].split(" ")[1], headers, body))
        fine = b"HTTP/1.1 204 No Content\r\n\r\n"
        writer.write(self.answers.popleft() if self.answers else fine)
        writer.close()


@asynccontextmanager
async def listening() -> AsyncGenerator[Receiver]:
    """Give a receiver for as long as the block lasts."""
    receiver = Receiver()
    server = await asyncio.start_server(receiver.handle, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    async with server:
        yield receiver
