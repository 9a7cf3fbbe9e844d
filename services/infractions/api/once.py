"""Doing what a request asks for once, however often it is sent under one idempotency key."""

import hashlib
from collections.abc import Awaitable, Callable
from typing import Annotated, Final

from fastapi import Depends, Header, Request
from starlette.responses import Response

from services.infractions import actions
from services.infractions.actions import Begun, BeingDoneError
from services.infractions.api.acting import Moderator
from services.infractions.api.params import Responses
from services.infractions.api.refusing import as_conflict
from services.infractions.deps import Deps
from services.infractions.repeats import Repeatable
from shared.errors import UserError
from shared.http.problems import problem, problem_of

KEPT: Final = ("content-type", "etag", "location")
OUR_FAULT: Final = 500
"""From this status on an answer is not kept, so that the request can be tried again."""

ONCE: Final[Responses] = {
    409: {
        "description": "It is not, or no longer, as this needs; or this very request is being done "
        "already: then `Retry-After` says when to ask again."
    },
    410: {"description": "It was done before; whom the answer named has been erased since."},
    422: {
        "description": "A field of the body is not right, or the idempotency key was used before."
    },
}

Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        pattern=r"^[\x21-\x7e]+$",
        description="A text of your own for this one request, such as a UUID. Sent again within "
        "24 hours, the request is answered as the first time, and nothing is done twice.",
        examples=["5f0c1d0e-0f3c-4d0a-8a62-7d4c3f0a9b1e"],
    ),
]

Work = Callable[[str], Awaitable[Response]]
"""What is to be done, given the key that makes it happen once."""


class _Once:
    """A request that is done once under its key; without one, each time that it is sent."""

    def __init__(self, request: Request, key: Key = None) -> None:
        self._request = request
        self._key = key

    async def answer(self, deps: Deps, by: Moderator, work: Work) -> Response:
        """Do the work and answer, or answer as the first time."""
        if self._key is None:
            return await work(actions.new_source_key())
        asked = Repeatable(
            guild_id=by.guild_id, who=by.who, key=self._key, request=await self._hash()
        )
        try:
            begun = await actions.begin_request(deps, asked)
        except BeingDoneError as error:
            headers = {"Retry-After": str(error.wait)}
            return problem(error.status, error.message, error.code, headers=headers)
        if isinstance(begun, Begun):
            return await self._do(deps, asked, work, begun.source_key)
        headers = {**begun.headers, "Idempotent-Replayed": "true"}
        assert begun.status is not None
        return Response(begun.body, status_code=begun.status, headers=headers)

    async def _hash(self) -> str:
        """Tell requests apart by everything that they ask for."""
        url = self._request.url
        digest = hashlib.sha256(f"{self._request.method} {url.path}?{url.query}\n".encode())
        digest.update(await self._request.body())
        return digest.hexdigest()

    async def _do(self, deps: Deps, asked: Repeatable, work: Work, source_key: str) -> Response:
        try:
            response = await _answered(work, source_key)
        except BaseException:
            await actions.give_up_request(deps, asked)
            raise
        headers = {name: response.headers[name] for name in KEPT if name in response.headers}
        body = bytes(response.body).decode()
        await actions.end_request(deps, asked, response.status_code, headers, body)
        return response


async def _answered(work: Work, source_key: str) -> Response:
    """Do the work; what is refused is an answer too, what is away is not."""
    try:
        return await work(source_key)
    except UserError as error:
        if error.status >= OUR_FAULT:
            raise
        return problem_of(as_conflict(error))


Once = Annotated[_Once, Depends()]
