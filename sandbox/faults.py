"""Faults of the REST API on request: errors, latency, 429s, cut wires, answers that get lost."""

import asyncio
import random
import re
from collections.abc import Awaitable, Callable
from typing import Literal

import msgspec
from aiohttp import web
from msgspec import Struct, field

from sandbox.auth import identify
from sandbox.models import Json
from sandbox.world import WORLD_KEY

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
TokenKind = Literal["any", "bot", "user", "bearer", "none"]
API_PREFIX = re.compile(r"^/api(/v\d+)?(?=/)")
_WILD = re.compile(r"\*\*|\*|\{[^}]*\}")


class Fault(Struct, kw_only=True):
    """What goes wrong, for which requests, how often.

    In `route`, `*` and `{name}` stand for one part of the address, `**` for any number of them.
    With `lost` the request is carried out first, and only its answer goes wrong. `drop` cuts the
    connection. A `status` of 429 is answered with `scope` and `retry_after` (seconds).
    """

    id: int = 0
    method: str = "*"
    route: str = "/**"
    token: TokenKind = "any"  # noqa: S105 - the kind of token, not a token
    status: int | None = None
    code: int = 0
    message: str | None = None
    body: Json | None = None
    headers: dict[str, str] = field(default_factory=dict[str, str])
    latency: float = 0.0
    scope: Literal["user", "global", "shared"] = "user"
    retry_after: float = 1.0
    drop: bool = False
    lost: bool = False
    times: int | None = None
    probability: float = 1.0
    hits: int = 0

    def matches(self, method: str, path: str, token: str) -> bool:
        """Say whether a request is meant, leaving chance aside."""
        right_method = self.method in ("*", method)
        right_token = self.token in ("any", token)
        return right_method and right_token and bool(_pattern(self.route).fullmatch(path))


def _pattern(route: str) -> re.Pattern[str]:
    parts: list[str] = []
    end = 0
    for wild in _WILD.finditer(route):
        parts.append(re.escape(route[end : wild.start()]))
        parts.append(".*" if wild.group() == "**" else "[^/]+")
        end = wild.end()
    return re.compile("".join([*parts, re.escape(route[end:])]))


class Faults:
    """The faults that are set, oldest first; the first that matches a request acts."""

    def __init__(self, chance: random.Random | None = None) -> None:
        self._chance = chance or random.Random(0)  # noqa: S311 - not for secrets
        self._last_id = 0
        self.active: list[Fault] = []

    def add(self, fault: Fault) -> Fault:
        """Set a fault and give it an id."""
        self._last_id += 1
        fault.id = self._last_id
        self.active.append(fault)
        return fault

    def remove(self, fault_id: int) -> bool:
        """Take a fault away; say whether it was there."""
        before = len(self.active)
        self.active = [fault for fault in self.active if fault.id != fault_id]
        return len(self.active) < before

    def clear(self) -> None:
        """Take all faults away."""
        self.active.clear()

    def strike(self, method: str, path: str, token: str) -> Fault | None:
        """Return the fault that hits a request; one that hit its last time is taken away."""
        for fault in self.active:
            if fault.matches(method, path, token) and self._chance.random() < fault.probability:
                fault.hits += 1
                if fault.times is not None and fault.hits >= fault.times:
                    self.remove(fault.id)
                return fault
        return None


FAULTS_KEY = web.AppKey("faults", Faults)


@web.middleware
async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let the set faults act on requests to the API."""
    faults = request.app[FAULTS_KEY]
    if not faults.active or not request.path.startswith("/api/"):
        return await handler(request)
    path = API_PREFIX.sub("", request.path)
    fault = faults.strike(request.method, path, token_kind(request))
    return await (handler(request) if fault is None else _suffer(fault, request, handler))


def token_kind(request: web.Request) -> str:
    """Return by what a request is authenticated: bot, user, bearer or none."""
    caller = identify(request.app[WORLD_KEY], request.headers.get("Authorization"))
    return caller.kind.value if caller else "none"


async def _suffer(fault: Fault, request: web.Request, handler: Handler) -> web.StreamResponse:
    if fault.latency:
        await asyncio.sleep(fault.latency)
    harmless = fault.status is None and not fault.drop
    if harmless or fault.lost:
        response = await handler(request)
        if harmless:
            return response
    if fault.drop:
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=500)  # reaches nobody: the wire is cut
    return _answer(fault)


def _answer(fault: Fault) -> web.Response:
    status = fault.status or 500
    headers = dict(fault.headers)
    body: Json = {"message": fault.message or f"{status}: Fault", "code": fault.code}
    if status == web.HTTPTooManyRequests.status_code:
        headers |= _rate_limit_headers(fault)
        body = {
            "message": fault.message or "You are being rate limited.",
            "retry_after": fault.retry_after,
            "global": fault.scope == "global",
        }
    content = msgspec.json.encode(body if fault.body is None else fault.body)
    return web.Response(
        status=status, body=content, headers=headers, content_type="application/json"
    )


def _rate_limit_headers(fault: Fault) -> dict[str, str]:
    headers = {"Retry-After": f"{fault.retry_after:.3f}", "X-RateLimit-Scope": fault.scope}
    if fault.scope == "global":
        headers["X-RateLimit-Global"] = "true"
    return headers
