"""The FastAPI application that every service begins with."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from fastapi import FastAPI
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.responses import JSONResponse, Response

from shared.http import describing, docs, problems
from shared.http.access import Access
from shared.http.keys import KeyStore
from shared.http.kinds import PROBLEMS
from shared.http.metrics import HttpMetrics, Measure
from shared.settings import ServiceSettings

Ready = Callable[[], Awaitable[Mapping[str, bool]]]

_ON_ERROR: Final[dict[int | str, dict[str, Any]]] = {  # Any: as FastAPI declares it
    "default": describing.failure("Why it failed")
}


class _Api(FastAPI):
    """An app whose description knows what its errors look like."""

    def openapi(self) -> dict[str, Any]:  # Any: as FastAPI declares it
        """Return the OpenAPI description."""
        if self.openapi_schema is None:
            describing.complete(super().openapi())
        return super().openapi()


def create_app(
    *,
    service: str,
    ready: Ready,
    settings: ServiceSettings,
    keys: KeyStore | None = None,
    registry: CollectorRegistry | None = None,
    version: str = "1",
    described: bool = True,
    kinds: Mapping[str, str] | None = None,
) -> FastAPI:
    """Make an app with health, metrics and errors, and with access by token and, given `keys`, key.

    `ready` tells of each dependency whether it is there. `registry` is what `/metrics` shows.
    `described` is for what programs ask: it shows at `/docs` and `/openapi.json` what it takes.
    `kinds` explains, by code, the problems that only this service has.
    """
    registry = registry or CollectorRegistry()
    app = _Api(
        title=f"Flotilla {service}",
        version=version,
        responses=_ON_ERROR,
        openapi_url="/openapi.json" if described else None,
        docs_url=None,
        redoc_url=None,
    )
    app.state.access = Access(service, settings.token_secret, settings.operators, keys)
    problems.install(app)
    if described:
        docs.install(app, {**PROBLEMS, **(kinds or {})})
    app.add_middleware(Measure, metrics=HttpMetrics(registry))
    _add_health(app, service, ready)
    _add_metrics(app, registry)
    return app


def _add_health(app: FastAPI, service: str, ready: Ready) -> None:
    @app.get("/healthz", tags=["health"])
    async def healthz() -> dict[str, str]:  # pyright: ignore[reportUnusedFunction] - a route
        """Tell that the process is alive."""
        return {"service": service, "status": "ok"}

    @app.get("/readyz", tags=["health"])
    async def readyz() -> Response:  # pyright: ignore[reportUnusedFunction] - a route
        """Tell whether everything is there that the service needs, and what is not."""
        there = dict(await ready())
        everything = all(there.values())
        status = "ok" if everything else "waiting"
        body = {"service": service, "status": status, "dependencies": there}
        return JSONResponse(body, status_code=200 if everything else 503)


def _add_metrics(app: FastAPI, registry: CollectorRegistry) -> None:
    @app.get("/metrics", tags=["health"], include_in_schema=False)
    async def metrics() -> Response:  # pyright: ignore[reportUnusedFunction] - a route
        """Show the metrics of this process."""
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)
