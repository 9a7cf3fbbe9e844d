"""The HTTP API of infractions."""

from fastapi import FastAPI

from services.infractions.api import exporting, importing, reading
from services.infractions.deps import Deps


def include(app: FastAPI, deps: Deps) -> None:
    """Add the routes to an app."""
    app.state.deps = deps
    # First, as `export` is no number.
    app.include_router(exporting.router)
    app.include_router(importing.router)
    app.include_router(reading.router)
