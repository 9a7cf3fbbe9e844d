"""Opens everything that admin needs, runs its doors, and closes it all again."""

import asyncio
import os
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

from prometheus_client import CollectorRegistry

from services.admin.api import create_api
from services.admin.commands import commands
from services.admin.deps import Deps
from services.admin.jobs import jobs
from services.admin.listeners import listeners
from services.admin.settings import Settings
from shared import bus, http, postgres, settings
from shared.config import ConfigStore
from shared.gateway import Gateway
from shared.http import KeyStore
from shared.jobs import answer_operators
from shared.outbox import Outbox

MIGRATIONS = Path(__file__).with_name("migrations")
SHARED_MIGRATIONS = ("outbox", "jobs", "config")


async def main(stop: asyncio.Event) -> None:
    """Run with the settings of the environment until `stop` is set."""
    await serve(settings.load(Settings, os.environ), stop)


async def serve(config: Settings, stop: asyncio.Event) -> None:
    """Run with these settings until `stop` is set."""
    registry = CollectorRegistry()
    async with AsyncExitStack() as stack:
        deps = await open_deps(stack, config, registry)
        app = create_api(deps, registry)
        await stack.enter_async_context(http.serve(app, config.http_host, config.http_port))
        await start(stack, deps, registry)
        await stop.wait()
        await deps.bus.drain()


async def start(stack: AsyncExitStack, deps: Deps, registry: CollectorRegistry) -> None:
    """Start the doors that work comes in by."""
    await listeners.start(deps.bus, deps)
    await stack.enter_async_context(jobs.worker(deps.db, deps, registry=registry))
    await answer_operators(deps.bus, "admin", deps.db)
    operators = deps.settings.operators
    await commands.start(
        deps.bus, deps, configs=deps.config, operators=operators, registry=registry
    )


async def open_deps(stack: AsyncExitStack, config: Settings, registry: CollectorRegistry) -> Deps:
    """Connect to the database and the broker, and load what is kept."""
    db = await stack.enter_async_context(
        postgres.connect(
            config.database_url.reveal(),
            schema="admin",
            migrations=MIGRATIONS,
            shared=SHARED_MIGRATIONS,
        )
    )
    connected = await stack.enter_async_context(
        bus.connect(config.amqp_url.reveal(), name="admin", registry=registry)
    )
    await connected.declare_exchanges()
    stack.push_async_callback(_cancel, asyncio.create_task(Outbox(db, connected).run()))
    return Deps(
        settings=config,
        db=db,
        bus=connected,
        gateway=await stack.enter_async_context(Gateway.open(connected)),
        config=await stack.enter_async_context(ConfigStore.open(db)),
        keys=KeyStore(db),
        started_at=datetime.now(UTC),
    )


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait((task,))
