"""One sandbox: a world behind REST, the gateway, OAuth2, the control API and the chat page."""

import contextlib
from collections.abc import AsyncGenerator, Iterable
from pathlib import Path

from aiohttp import web
from msgspec import Struct
from yarl import URL

from sandbox import cdn, control, errors, faults, interactions, oauth2, ratelimits, rest
from sandbox.control import requests as received
from sandbox.control.keys import HUB_KEY, TRAFFIC_KEY
from sandbox.control.reading import ControlError, answer
from sandbox.control.requests import REQUESTS_KEY, RequestLog
from sandbox.faults import FAULTS_KEY, Faults, Handler
from sandbox.gateway import GatewayHub, GatewaySettings
from sandbox.traffic import Traffic
from sandbox.world import WORLD_KEY, World

VERSIONS = ("/api/v10", "/api/v9", "/api")
PAGE = Path(__file__).with_name("page")
LARGEST_REQUEST = 32 * 1024 * 1024


class Serving(Struct):
    """A sandbox that is being served, and where."""

    url: str
    world: World
    hub: GatewayHub
    app: web.Application


def create_app(world: World, hub: GatewayHub) -> web.Application:
    """Put a sandbox together; nothing is opened."""
    app = web.Application(
        middlewares=[
            plainly,
            received.middleware,
            faults.middleware,
            errors.middleware,
            ratelimits.middleware,
        ],
        client_max_size=LARGEST_REQUEST,
    )
    app[WORLD_KEY], app[HUB_KEY] = world, hub
    app[FAULTS_KEY], app[REQUESTS_KEY] = Faults(), RequestLog()
    app[TRAFFIC_KEY] = Traffic(world)
    interactions.install(app, world)
    _mount(app, [*rest.ALL_ROUTES, *interactions.ALL_ROUTES, *oauth2.ALL_ROUTES])
    for table in (*control.ALL_ROUTES, *oauth2.PAGE_ROUTES, cdn.routes):
        app.add_routes(table)
    for path in ("/gateway", "/gateway/"):
        app.router.add_get(path, hub.handle)
    _open_page(app)
    return app


def _mount(app: web.Application, tables: Iterable[web.RouteTableDef]) -> None:
    for route in (route for table in tables for route in table):
        assert isinstance(route, web.RouteDef)
        for version in VERSIONS:
            app.router.add_route(route.method, version + route.path, route.handler, **route.kwargs)


def _open_page(app: web.Application) -> None:
    async def page(_: web.Request) -> web.FileResponse:
        return web.FileResponse(PAGE / "index.html", headers={"Cache-Control": "no-cache"})

    app.router.add_get("/", page)

    async def fresh(request: web.Request, response: web.StreamResponse) -> None:
        if request.path.startswith("/static/"):
            response.headers["Cache-Control"] = "no-cache"  # asked about again after an upgrade

    app.router.add_static("/static", PAGE / "static")
    app.on_response_prepare.append(fresh)


@web.middleware
async def plainly(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer mistakes in control calls in plain words, and pages of other sites not at all."""
    if not request.path.startswith("/sandbox"):
        return await handler(request)
    origin = request.headers.get("Origin")
    if origin is not None and URL(origin).authority != request.host:
        return answer({"message": "The control API is not for pages of other sites."}, 403)
    try:
        return await handler(request)
    except ControlError as error:
        return answer({"message": str(error)}, error.status)


@contextlib.asynccontextmanager
async def serve(
    world: World,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    settings: GatewaySettings | None = None,
) -> AsyncGenerator[Serving]:
    """Serve a world, on a free port with 0; everything is closed again at the end."""
    hub = GatewayHub(world, settings)
    app = create_app(world, hub)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0, handle_signals=False)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        bound = runner.addresses[0]
        reachable = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 - told apart
        world.settings.base_url = f"http://{reachable}:{bound[1]}"
        yield Serving(world.settings.base_url, world, hub, app)
    finally:
        await app[TRAFFIC_KEY].close()
        await hub.close()
        await runner.cleanup()
