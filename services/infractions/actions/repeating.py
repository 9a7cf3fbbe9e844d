"""Answering a request once, however often it is sent under one idempotency key."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final
from uuid import uuid4

from msgspec import Struct

from services.infractions import queries
from services.infractions.deps import Deps
from services.infractions.repeats import Kept, Repeatable
from shared.errors import ConflictError, UserError

WORKING: Final = timedelta(seconds=30)
"""How long a request may take before the same one, sent again, is begun again."""


class Begun(Struct, frozen=True):
    """The request is to be done; `source_key` makes what it orders happen once."""

    source_key: str


class BeingDoneError(ConflictError):
    """The first request under this key has not been answered yet."""

    code = "in_progress"

    def __init__(self, wait: int) -> None:
        super().__init__(f"This request is being done already. Send it again in {wait} s.")
        self.wait = wait


class KeyReusedError(UserError):
    """The key was used for another request."""

    status = 422
    code = "idempotency_key_reused"


def new_source_key() -> str:
    """Return what makes an order of the API one order."""
    return f"api:{uuid4().hex}"


async def begin_request(deps: Deps, asked: Repeatable) -> Begun | Kept:
    """Begin a request, or return how it was answered.

    Raises BeingDoneError while it is being done, KeyReusedError when it is not the first one that
    came under its key.
    """
    while True:
        source_key = await queries.claim_request(deps.db, asked, new_source_key(), WORKING)
        if source_key is not None:
            return Begun(source_key)
        kept = await queries.kept_request(deps.db, asked)
        if kept is None:
            continue
        if kept.request != asked.request:
            raise KeyReusedError(
                "This Idempotency-Key was used for another request. Use a new one for each."
            )
        if kept.status is None:
            raise BeingDoneError(kept.wait)
        return kept


async def end_request(
    deps: Deps, asked: Repeatable, status: int, headers: Mapping[str, str], body: str
) -> None:
    """Keep the answer to a request for a day."""
    await queries.keep_answer(deps.db, asked, status, headers, body)


async def give_up_request(deps: Deps, asked: Repeatable) -> None:
    """Let the same request be begun again at once."""
    await queries.release_request(deps.db, asked)
