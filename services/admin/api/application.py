"""The application with all routes of admin."""

from collections.abc import Mapping
from typing import Final

from fastapi import FastAPI, Request
from prometheus_client import CollectorRegistry
from starlette.responses import Response

from services.admin.api.access import access_routes
from services.admin.api.config import config_routes
from services.admin.api.keys import key_routes
from services.admin.api.views import InvalidConfig
from services.admin.deps import Deps
from shared.config.problems import ConfigError
from shared.http import create_app, dead_routes, job_routes, queues_of
from shared.http.kinds import address
from shared.http.problems import MEDIA_TYPE
from shared.postgres import is_up

KINDS: Final = {
    "invalid_config": "The configuration is not valid: `line`, `column` and `path` say where.",
    "if_match_missing": "Send the ETag of the configuration that you have read, as `If-Match`.",
    "revision_changed": "Another revision holds than the one of `If-Match`. Read it, save again.",
}
"""The problems that only this API has."""


def create_api(deps: Deps, registry: CollectorRegistry) -> FastAPI:
    """Make the application with its routes."""

    async def ready() -> Mapping[str, bool]:
        return {"postgres": await is_up(deps.db), "rabbitmq": deps.bus.connected}

    app = create_app(
        service="admin",
        ready=ready,
        settings=deps.settings,
        keys=deps.keys,
        registry=registry,
        kinds=KINDS,
    )
    app.add_exception_handler(ConfigError, _tell_the_place)
    for routes in (
        config_routes(deps),
        key_routes(deps),
        access_routes(deps),
        job_routes(deps.db),
        dead_routes(deps.bus, queues_of("admin")),
    ):
        app.include_router(routes)
    return app


async def _tell_the_place(_request: Request, error: Exception) -> Response:
    """Answer a broken configuration with the place of the mistake, for an editor to show."""
    assert isinstance(error, ConfigError)
    body = InvalidConfig(
        type=address(error.code),
        title="Bad Request",
        status=error.status,
        detail=error.message,
        code=error.code,
        line=error.line,
        column=error.column,
        path=error.path,
    )
    return Response(
        body.model_dump_json(exclude_none=True), status_code=error.status, media_type=MEDIA_TYPE
    )
