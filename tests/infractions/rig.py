"""Infractions at work on real servers, with a Discord behind the gateway that a test can script."""

from __future__ import annotations

import asyncio
import itertools
import os
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from services.infractions import app
from services.infractions.settings import Settings
from shared import bus as buses
from shared.bus import Bus
from shared.contracts.ids import UserId
from shared.http import Actor, sign
from shared.settings import load
from tests.support.answering_gateway import AnsweringGateway, answering_gateway
from tests.support.ports import free_port
from tests.support.waiting import eventually

ROOT = Path(__file__).parents[2]
SECRET = "a key that only the tests of this project know"
OPERATOR = UserId(299999999999999999)
_ids = itertools.count(600_000_000_000_000_000)

Json = Any  # as open as it is
"""What an HTTP API answers."""


def new_id() -> int:
    """Return an id that nothing else has."""
    return next(_ids)


def environment(database_url: str, amqp_url: str) -> dict[str, str]:
    """Return what the service reads from its environment."""
    return {
        "DATABASE_URL": database_url,
        "AMQP_URL": amqp_url,
        "HTTP_PORT": str(free_port()),
        "TOKEN_SECRET": SECRET,
        "OPERATORS": str(OPERATOR),
        "LOG_LEVEL": "warning",
        "WEBHOOKS_TO_LOOPBACK": "true",
        "CDN_ORIGINS": f"http://127.0.0.1:{free_port()}",
    }


@asynccontextmanager
async def in_process(environ: Mapping[str, str]) -> AsyncGenerator[str]:
    """Run infractions in this process, and give the address of its API."""
    stop = asyncio.Event()
    running = asyncio.create_task(app.serve(load(Settings, environ), stop))
    url = f"http://127.0.0.1:{environ['HTTP_PORT']}"
    try:
        await until_ready(url, running)
        yield url
    finally:
        stop.set()
        async with asyncio.timeout(60):
            await asyncio.wait((running,))
    running.result()


async def until_ready(url: str, running: asyncio.Task[None] | None = None) -> None:
    """Wait until a service answers that everything is there."""
    async with httpx.AsyncClient(base_url=url, timeout=60) as http:

        async def ready() -> bool:
            if running is not None and running.done():
                running.result()
            try:
                return (await http.get("/readyz")).status_code == 200
            except httpx.TransportError as error:
                raise AssertionError(f"no answer yet: {error}") from None

        await eventually(ready, within=60)


class Process:
    """Infractions as a process of its own, which can be killed and started again."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.url = f"http://127.0.0.1:{environ['HTTP_PORT']}"
        self._process: asyncio.subprocess.Process | None = None

    @property
    def running(self) -> bool:
        """Whether it was started and not killed."""
        return self._process is not None

    async def start(self) -> None:
        """Start it and wait until it works."""
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "services.infractions",
            cwd=ROOT,
            env={**os.environ, **self.environ},
        )
        await until_ready(self.url)

    async def kill(self) -> None:
        """Kill it at once, wherever it is."""
        if self._process is not None:
            self._process.kill()
            await self._process.wait()
            self._process = None


@dataclass
class Rig:
    """The service's surroundings, and how a test sees what it does."""

    environ: Mapping[str, str]
    gateway: AnsweringGateway
    bus: Bus
    http: httpx.AsyncClient
    db: asyncpg.Pool[asyncpg.Record]


def operator_token() -> str:
    """Return a token of the installation's operator."""
    actor = Actor(user_id=OPERATOR, guild_id=0, role="operator", name="operator")
    return sign(SECRET, actor, "infractions")


@asynccontextmanager
async def rig(environ: Mapping[str, str]) -> AsyncGenerator[Rig]:
    """Give the surroundings of a service that runs, or will run, in an environment."""
    async with AsyncExitStack() as stack:
        bus = await stack.enter_async_context(buses.connect(environ["AMQP_URL"], name="test"))
        gateway = await stack.enter_async_context(answering_gateway(bus))
        url = f"http://127.0.0.1:{environ['HTTP_PORT']}"
        http = await stack.enter_async_context(httpx.AsyncClient(base_url=url, timeout=60))
        db = await stack.enter_async_context(
            asyncpg.create_pool(
                environ["DATABASE_URL"],
                min_size=1,
                max_size=3,
                init=_read_json,
                server_settings={"search_path": "infractions"},
            )
        )
        yield Rig(environ, gateway, bus, http, db)


async def _read_json(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    """Pass json on as a Python value, ids as numbers."""
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        encoder=str,
        decoder=str,
    )
