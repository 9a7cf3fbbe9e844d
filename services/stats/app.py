"""Stats put together: the only place that opens anything, and closes it again."""

import asyncio
import os
from collections.abc import AsyncGenerator, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Final

from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from services.stats import api, clickhouse, jobs, listeners
from services.stats.commands import commands
from services.stats.counting import readers
from services.stats.deps import Deps
from services.stats.listeners import INGEST
from services.stats.metrics import Metrics
from services.stats.migrate import migrate_when_there
from services.stats.progress import Progress
from services.stats.settings import Settings
from shared import bus, http, postgres
from shared.config import ConfigStore, keep_configs
from shared.listeners import Listeners
from shared.settings import load

MIGRATIONS: Final = Path(__file__).parent / "migrations" / "postgres"


@asynccontextmanager
async def open_deps(settings: Settings, registry: CollectorRegistry) -> AsyncGenerator[Deps]:
    """Open what stats needs; waits for Postgres and the broker, but not for ClickHouse."""
    async with (
        postgres.connect(
            settings.database_url.reveal(),
            schema="stats",
            migrations=MIGRATIONS,
            shared=("config",),
        ) as db,
        clickhouse.connect(settings.clickhouse_url) as house,
        ConfigStore.open(db) as config,
        bus.connect(settings.amqp_url.reveal(), name="stats", registry=registry) as broker,
    ):
        yield Deps(
            settings=settings,
            db=db,
            clickhouse=house,
            bus=broker,
            config=config,
            metrics=Metrics(registry),
            progress=Progress(broker, INGEST),
        )


@asynccontextmanager
async def run(settings: Settings) -> AsyncGenerator[int]:
    """Run stats for as long as the block lasts, and give the port that it serves on."""
    registry = CollectorRegistry()
    async with open_deps(settings, registry) as deps, AsyncExitStack() as stack:
        keys = http.KeyStore(deps.db)
        heard = Listeners("stats")
        keep_configs(heard)
        keys.listen(heard)
        # before anything else: what no queue takes is lost
        await listeners.start(deps, readers)
        await heard.start(deps.bus, deps)
        await deps.config.want(deps.bus, "stats")
        await commands.start(deps.bus, deps, configs=deps.config, operators=settings.operators)
        await stack.enter_async_context(_running(_prepare(deps), jobs.run(deps)))
        app = build(deps, keys, registry)
        yield await stack.enter_async_context(
            http.serve(app, settings.http_host, settings.http_port)
        )


def build(deps: Deps, keys: http.KeyStore, registry: CollectorRegistry) -> FastAPI:
    """Make the HTTP API."""

    async def ready() -> Mapping[str, bool]:
        return {
            "postgres": await _answers(deps),
            "rabbitmq": deps.bus.connected,
            "clickhouse": deps.migrated.is_set() and await deps.clickhouse.answers(),
        }

    app = http.create_app(
        service="stats", ready=ready, settings=deps.settings, keys=keys, registry=registry
    )
    api.include(app, deps)
    app.include_router(http.dead_routes(deps.bus, http.queues_of("stats")))
    return app


async def main(stop: asyncio.Event) -> None:
    """Run with the settings of the environment until `stop` is set."""
    await serve(load(Settings, os.environ), stop)


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Run with these settings until `stop` is set."""
    async with run(settings):
        await stop.wait()


async def _prepare(deps: Deps) -> None:
    """Bring ClickHouse up to date once it is there; until then the queue keeps what comes."""
    await migrate_when_there(deps.clickhouse, deps.db, deps.settings.clickhouse_url)
    deps.migrated.set()


async def _answers(deps: Deps) -> bool:
    try:
        await postgres.fetch_value(deps.db, int, "SELECT 1")
    except Exception as error:
        if not postgres.is_unavailable(error):
            raise
        return False
    return True


@asynccontextmanager
async def _running(*loops: Coroutine[None, None, None]) -> AsyncGenerator[None]:
    """Run loops for as long as the block lasts; one that fails by a bug ends the block."""
    tasks = [asyncio.create_task(loop) for loop in loops]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task
