"""One websocket connection: what waits to be written to it, and the task that writes."""

import asyncio
from asyncio import Transport
from collections import deque
from contextlib import suppress
from itertools import chain
from typing import cast

from aiohttp import web

from sandbox.gateway.codes import REASONS, Close
from sandbox.gateway.compression import Packer
from sandbox.gateway.session import Session

_BATCH_BYTES = 1 << 16


class Connection:
    """A client's socket; payloads are queued with `send` and a session's events with `wake`."""

    def __init__(self, number: int, request: web.Request, ws: web.WebSocketResponse) -> None:
        self.number = number
        self.ws = ws
        self.session: Session | None = None
        self.silent = False
        self.acknowledges = True
        self.delay = 0.0
        # aiohttp declares the base class of transports; a websocket's can write.
        self._transport = cast("Transport", request.transport)
        self._drain = request.writer.drain
        self._packer: Packer | None = None
        self._queue: deque[bytes] = deque()
        self._awake = asyncio.Event()
        self.closed_here = False

    def pack_with(self, packer: Packer) -> None:
        """Choose how payloads are packed from the next one on."""
        self._packer = packer

    def send(self, payload: bytes) -> None:
        """Queue a payload that belongs to no session, before the session's own events."""
        self._queue.append(payload)
        self.wake()

    def wake(self) -> None:
        """Have the writer look for something to write."""
        self._awake.set()

    async def write(self) -> None:
        """Write what waits, in batches, as fast as the client reads."""
        with suppress(ConnectionError):
            while not self.closed_here:
                await self._awake.wait()
                self._awake.clear()
                await self._flush()

    async def _flush(self) -> None:
        while not (self.silent or self.closed_here):
            frames = self._batch()
            if not frames:
                return
            if self.delay:
                await asyncio.sleep(self.delay)
            self._transport.write(frames)
            await self._drain()
            await asyncio.sleep(0)  # others' turn: drain returns at once while the client keeps up

    def _batch(self) -> bytes:
        packer = self._packer
        if packer is None:
            return b""
        queued = [self._queue.popleft() for _ in range(len(self._queue))]
        events = self.session.take(_BATCH_BYTES) if self.session else ()
        return b"".join(packer.pack(payload) for payload in chain(queued, events))

    async def close(self, code: int, reason: str | None = None) -> None:
        """Say goodbye with a close code."""
        self.closed_here = True
        self.wake()
        text = reason if reason is not None else _reason(code)
        await self.ws.close(code=code, message=text.encode())

    def drop(self) -> None:
        """Cut the wire without a word."""
        self.closed_here = True
        self.wake()
        self._transport.abort()


def _reason(code: int) -> str:
    try:
        return REASONS.get(Close(code), "")
    except ValueError:
        return ""
