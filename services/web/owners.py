"""The services that own what the dashboard shows, asked over HTTP in the name of who is looking."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final, Literal, TypeVar

import httpx
import msgspec
from msgspec import Struct

from services.web.settings import Settings
from shared.errors import NotFoundError, UnavailableError, UserError
from shared.http.tokens import Actor, sign

T = TypeVar("T")

Owner = Literal["infractions", "stats", "admin"]

WHAT: Final[dict[Owner, str]] = {
    "infractions": "The infractions service",
    "stats": "The statistics service",
    "admin": "The configuration service",
}
"""What each is called in a sentence."""

TIMEOUT: Final = httpx.Timeout(5.0, connect=1.0)


class Problem(Struct, frozen=True):
    """What a service says when it refuses, as RFC 9457 has it."""

    title: str = ""
    detail: str = ""
    code: str = ""
    line: int = 0
    column: int = 0


class RefusedError(UserError):
    """A service refused, for a reason that a person can read; `problem` says where."""

    def __init__(self, message: str, status: int, problem: Problem) -> None:
        super().__init__(message, status=status, code=problem.code or None)
        self.problem = problem


class Owners:
    """The other services, each behind its base URL."""

    def __init__(self, http: httpx.AsyncClient, settings: Settings) -> None:
        self._http = http
        self._secret = settings.token_secret.reveal()
        self._bases: dict[Owner, str] = {
            "infractions": settings.infractions_url,
            "stats": settings.stats_url,
            "admin": settings.admin_url,
        }

    async def get(
        self,
        owner: Owner,
        path: str,
        type_: type[T],
        actor: Actor,
        query: Mapping[str, object] | None = None,
    ) -> T:
        """Ask for something; parameters that are None or empty are left out.

        Raises UnavailableError, which says who is away, and what the service refuses with.
        """
        given = {key: str(value) for key, value in (query or {}).items() if value not in (None, "")}
        response = await self._send(owner, "GET", path, actor, params=given)
        return self._read(owner, response, type_)

    async def send(
        self,
        owner: Owner,
        method: str,
        path: str,
        type_: type[T],
        actor: Actor,
        body: object,
        *,
        if_match: str = "",
    ) -> T:
        """Have something changed; raises as `get` does."""
        content = msgspec.json.encode(body)
        response = await self._send(owner, method, path, actor, content=content, if_match=if_match)
        return self._read(owner, response, type_)

    async def _send(
        self,
        owner: Owner,
        method: str,
        path: str,
        actor: Actor,
        *,
        params: Mapping[str, str] | None = None,
        content: bytes | None = None,
        if_match: str = "",
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {sign(self._secret, actor, owner)}"}
        if content is not None:
            headers["Content-Type"] = "application/json"
        if if_match:
            headers["If-Match"] = if_match
        url = self._bases[owner].rstrip("/") + path
        try:
            return await self._http.request(
                method, url, params=params, content=content, headers=headers, timeout=TIMEOUT
            )
        except httpx.HTTPError as error:
            raise _away(owner) from error

    def _read(self, owner: Owner, response: httpx.Response, type_: type[T]) -> T:
        if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise _away(owner)
        if not response.is_success:
            raise _refusal(response)
        return msgspec.json.decode(response.content or b"null", type=type_, strict=False)


def _away(owner: Owner) -> UnavailableError:
    return UnavailableError(f"{WHAT[owner]} doesn't answer at the moment.")


def _refusal(response: httpx.Response) -> UserError:
    """Return what a service refused with."""
    try:
        problem = msgspec.json.decode(response.content, type=Problem)
    except msgspec.DecodeError:
        problem = Problem()
    message = problem.detail or problem.title or "The service refused this."
    if response.status_code == HTTPStatus.NOT_FOUND:
        return NotFoundError(message)
    return RefusedError(message, response.status_code, problem)
