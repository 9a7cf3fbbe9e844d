"""Serving an app inside of the service's own event loop, stopped gracefully."""

import asyncio
import socket
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from typing import Final

import uvicorn
from starlette.types import ASGIApp

GRACE: Final = 5
"""Seconds that running requests have to end."""
KEEP_ALIVE: Final = 75


class _Server(uvicorn.Server):
    """A uvicorn that leaves the signals to the service, and tells when it serves."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.serving = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Leave the signals alone."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to serve."""
        await super().startup(sockets)
        self.serving.set()


@asynccontextmanager
async def serve(app: ASGIApp, host: str, port: int) -> AsyncGenerator[int]:
    """Serve an app for as long as the block lasts, and give the port (for port 0: a free one).

    Raises OSError when the port is taken.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.create_server((host, port), family=family, backlog=256)
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
        server.should_exit = True
        await serving
        listening.close()
