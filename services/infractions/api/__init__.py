"""The HTTP API of infractions."""

from fastapi import FastAPI

from services.infractions.api import (
    erasing,
    escalation,
    evidence,
    exporting,
    importing,
    modlog,
    reading,
    webhooks,
)
from services.infractions.deps import Deps


def include(app: FastAPI, deps: Deps) -> None:
    """Add the routes to an app."""
    app.state.deps = deps
    # First, as `export` is no number.
    app.include_router(exporting.router)
    app.include_router(importing.router)
    app.include_router(reading.router)
    app.include_router(modlog.router)
    app.include_router(webhooks.router)
    app.include_router(escalation.router)
    app.include_router(evidence.router)
    app.include_router(erasing.router)
