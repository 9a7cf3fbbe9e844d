"""Opens everything that infractions needs, runs its doors, and closes it all again."""

import asyncio
import os
from collections.abc import Mapping
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from services.infractions import api
from services.infractions.commands import commands
from services.infractions.deps import Deps
from services.infractions.fetching import open_client
from services.infractions.jobs import jobs
from services.infractions.listeners import listeners
from services.infractions.metrics import Metrics
from services.infractions.people import People
from services.infractions.settings import Settings
from shared import bus, http, postgres, settings
from shared.config import ConfigStore
from shared.gateway import Gateway
from shared.http import KeyStore
from shared.http.posting import Courier
from shared.jobs import answer_operators
from shared.outbox import Outbox

MIGRATIONS = Path(__file__).with_name("migrations")
SHARED_MIGRATIONS = ("outbox", "jobs", "config")
LEASE = timedelta(seconds=3)
"""What a killed process was lifting is taken over after this; to lift twice does no harm."""


async def main(stop: asyncio.Event) -> None:
    """Run with the settings of the environment until `stop` is set."""
    await serve(settings.load(Settings, os.environ), stop)


async def serve(config: Settings, stop: asyncio.Event) -> None:
    """Run with these settings until `stop` is set."""
    registry = CollectorRegistry()
    async with AsyncExitStack() as stack:
        deps = await open_deps(stack, config, registry)
        await listeners.start(deps.bus, deps)
        await deps.config.want(deps.bus, "infractions")
        await stack.enter_async_context(jobs.worker(deps.db, deps, lease=LEASE, registry=registry))
        await commands.start(
            deps.bus, deps, configs=deps.config, operators=config.operators, registry=registry
        )
        await answer_operators(deps.bus, "infractions", deps.db)
        app = _api(deps, registry)
        await stack.enter_async_context(http.serve(app, config.http_host, config.http_port))
        await stop.wait()
        await deps.bus.drain()


def _api(deps: Deps, registry: CollectorRegistry) -> FastAPI:
    async def ready() -> Mapping[str, bool]:
        return {"postgres": await postgres.is_up(deps.db), "rabbitmq": deps.bus.connected}

    app = http.create_app(
        service="infractions",
        ready=ready,
        settings=deps.settings,
        keys=deps.keys,
        registry=registry,
        kinds=api.KINDS,
    )
    api.include(app, deps)
    app.include_router(http.job_routes(deps.db))
    app.include_router(http.dead_routes(deps.bus, http.queues_of("infractions")))
    return app


async def open_deps(stack: AsyncExitStack, config: Settings, registry: CollectorRegistry) -> Deps:
    """Connect to the database and the broker, and load what is kept."""
    db = await stack.enter_async_context(
        postgres.connect(
            config.database_url.reveal(),
            schema="infractions",
            migrations=MIGRATIONS,
            shared=SHARED_MIGRATIONS,
        )
    )
    connected = await stack.enter_async_context(
        bus.connect(config.amqp_url.reveal(), name="infractions", registry=registry)
    )
    stack.push_async_callback(_cancel, asyncio.create_task(Outbox(db, connected).run()))
    gateway = await stack.enter_async_context(Gateway.open(connected))
    return Deps(
        settings=config,
        db=db,
        bus=connected,
        gateway=gateway,
        people=People(gateway),
        config=await stack.enter_async_context(ConfigStore.open(db)),
        keys=KeyStore(db),
        courier=Courier(to_loopback=config.webhooks_to_loopback),
        metrics=Metrics(registry),
        files=await stack.enter_async_context(open_client()),
    )


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait((task,))
