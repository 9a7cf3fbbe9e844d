"""Serving an app inside of the service's own event loop, stopped gracefully."""

import asyncio
import socket
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Final

import uvicorn
from starlette.types import ASGIApp

GRACE: Final = 5
"""Seconds that running requests have to end."""
KEEP_ALIVE: Final = 75
TICK: Final = 0.1
"""Seconds between two of uvicorn's ticks, which it counts on."""
GLIMPSE: Final = 0.01
"""Seconds for idle connections to close, and for those just accepted to show up."""


class _Server(uvicorn.Server):
    """A uvicorn that leaves the signals to the service, tells when it serves, and ends at once."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.serving = asyncio.Event()
        self._ending = asyncio.Event()

    def end(self) -> None:
        """Have it stop serving."""
        self.should_exit = True
        self._ending.set()

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Leave the signals alone."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to serve."""
        await super().startup(sockets)
        self.serving.set()

    async def main_loop(self) -> None:
        """Tick until the end, which uvicorn itself would notice at the next tick only."""
        tick = 0
        while not await self.on_tick(tick):
            tick += 1
            with suppress(TimeoutError):
                async with asyncio.timeout(TICK):
                    await self._ending.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop, with uvicorn's longer pauses only where requests are still running."""
        for server in self.servers:
            server.close()
        for connection in tuple(self.server_state.connections):
            connection.shutdown()
        await asyncio.sleep(GLIMPSE)
        if self.server_state.connections or self.server_state.tasks:
            await super().shutdown(sockets)


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens, whose connections hold nothing back.

    An answer's head and body are written apart: without TCP_NODELAY, which connections have from
    the socket that listens, the body waits some 40 ms for the client to acknowledge the head.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.create_server((host, port), family=family, backlog=256)
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


@asynccontextmanager
async def serve(app: ASGIApp, host: str, port: int) -> AsyncGenerator[int]:
    """Serve an app for as long as the block lasts, and give the port (for port 0: a free one).

    Raises OSError when the port is taken.
    """
    listening = listen(host, port)
    config = uvicorn.Config(
        app,
        access_log=False,
        log_config=None,
        lifespan="off",
        timeout_graceful_shutdown=GRACE,
        timeout_keep_alive=KEEP_ALIVE,
        server_header=False,
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        await server.serving.wait()
        yield listening.getsockname()[1]
    finally:
        server.end()
        await serving
        listening.close()
