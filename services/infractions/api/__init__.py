"""The HTTP API of infractions."""

from fastapi import FastAPI

from services.infractions.api import reading
from services.infractions.deps import Deps


def include(app: FastAPI, deps: Deps) -> None:
    """Add the routes to an app."""
    app.state.deps = deps
    app.include_router(reading.router)
