"""The dashboard put together: the only place that opens anything, and closes it again."""

import asyncio
import os
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Final

import httpx
from fastapi import FastAPI, Request
from prometheus_client import CollectorRegistry
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

from services.web.deps import Deps
from services.web.discord import Discord
from services.web.guarding import add_headers, deps_of
from services.web.memory import AccessMemory
from services.web.owners import Owners
from services.web.pages import configuration, guilds, infractions, login, statistics
from services.web.pages.routes import LOST, problem
from services.web.rendering import STATIC, Templates
from services.web.settings import Settings
from shared import bus, http, postgres
from shared.config import ConfigStore, keep_configs
from shared.gateway import Gateway
from shared.listeners import Listeners
from shared.settings import load

MIGRATIONS: Final = Path(__file__).parent / "migrations"
TIMEOUT: Final = httpx.Timeout(5.0, connect=2.0)
PAGES: Final = (
    login.router,
    guilds.listing,
    guilds.router,
    infractions.router,
    statistics.router,
    configuration.router,
)


@asynccontextmanager
async def run(settings: Settings) -> AsyncGenerator[int]:
    """Run the dashboard for as long as the block lasts, and give the port that it serves on."""
    registry = CollectorRegistry()
    async with AsyncExitStack() as stack:
        db = await stack.enter_async_context(
            postgres.connect(
                settings.database_url.reveal(),
                schema="web",
                migrations=MIGRATIONS,
                shared=("config",),
            )
        )
        config = await stack.enter_async_context(ConfigStore.open(db))
        broker = await stack.enter_async_context(
            bus.connect(settings.amqp_url.reveal(), name="web", registry=registry)
        )
        client = await stack.enter_async_context(httpx.AsyncClient(timeout=TIMEOUT))
        deps = Deps(
            settings=settings,
            db=db,
            gateway=await stack.enter_async_context(Gateway.open(broker)),
            config=config,
            discord=Discord(client, settings),
            owners=Owners(client, settings),
            access=AccessMemory(),
            templates=Templates(),
        )
        heard = Listeners("web")
        keep_configs(heard)
        await heard.start(broker, deps)
        await config.want(broker, "web")
        app = build(deps, broker, registry)
        yield await stack.enter_async_context(
            http.serve(app, settings.http_host, settings.http_port)
        )


def build(deps: Deps, broker: bus.Bus, registry: CollectorRegistry) -> FastAPI:
    """Make the app with its pages."""

    async def ready() -> Mapping[str, bool]:
        return {"postgres": await postgres.is_up(deps.db), "rabbitmq": broker.connected}

    app = http.create_app(
        service="web", ready=ready, settings=deps.settings, registry=registry, described=False
    )
    app.state.deps = deps
    app.middleware("http")(add_headers)
    app.add_exception_handler(HTTPException, _tell_http_error)
    for each in PAGES:
        app.include_router(each)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    return app


async def main(stop: asyncio.Event) -> None:
    """Run with the settings of the environment until `stop` is set."""
    await serve(load(Settings, os.environ), stop)


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Run with these settings until `stop` is set."""
    async with run(settings):
        await stop.wait()


async def _tell_http_error(request: Request, error: Exception) -> Response:
    """Tell people of an address that leads nowhere."""
    status = error.status_code if isinstance(error, HTTPException) else HTTPStatus.NOT_FOUND
    message = LOST if status == HTTPStatus.NOT_FOUND else HTTPStatus(status).phrase
    return problem(deps_of(request), message, status)
