"""The HTTP API of infractions."""

from typing import Final

from fastapi import FastAPI

from services.infractions.api import (
    changing,
    erasing,
    escalation,
    evidence,
    exporting,
    importing,
    mass,
    modlog,
    ordering,
    reading,
    webhooks,
)
from services.infractions.deps import Deps

KINDS: Final = {
    "in_progress": (
        "The first request with this `Idempotency-Key` is still being done. Send it again after "
        "`Retry-After` seconds."
    ),
    "idempotency_key_reused": (
        "The `Idempotency-Key` was used for another request. Use a new one for each."
    ),
    "erased": (
        "The request with this `Idempotency-Key` was done, and whom its answer named was erased "
        "since. Nothing was done again."
    ),
}
"""The problems that only this API has."""


def include(app: FastAPI, deps: Deps) -> None:
    """Add the routes to an app."""
    app.state.deps = deps
    # Exporting first, as `export` is no number.
    for routes in (
        exporting,
        importing,
        reading,
        ordering,
        changing,
        mass,
        modlog,
        webhooks,
        escalation,
        evidence,
        erasing,
    ):
        app.include_router(routes.router)
