"""What the sandbox received: every request to the API with its body and how it was answered."""

import time
from collections import deque
from collections.abc import Callable, Iterator
from datetime import datetime

import msgspec
from aiohttp import web
from msgspec import Struct

from sandbox.auth import identify
from sandbox.faults import API_PREFIX, Handler
from sandbox.rest.call import FORM
from sandbox.world import WORLD_KEY

LARGEST_BODY = 32 * 1024


class Request(Struct):
    """One request; `number` grows from 1, `status` is None until it is answered."""

    number: int
    at: datetime
    method: str
    path: str
    query: dict[str, str]
    route: str
    token: str
    user_id: int | None
    reason: str | None
    user_agent: str
    body: object
    status: int | None = None
    milliseconds: float | None = None


class RequestLog:
    """The newest requests, and a count of all."""

    def __init__(self, limit: int = 20_000) -> None:
        self.count = 0
        self.on_write: Callable[[], None] = lambda: None
        self._kept: deque[Request] = deque(maxlen=limit)

    def add(self, request: Request) -> None:
        """Keep a request, and say when it is one that changes something."""
        self._kept.append(request)
        if request.method != "GET":
            self.on_write()

    def next_number(self) -> int:
        """Return the number of the next request."""
        self.count += 1
        return self.count

    def after(self, number: int) -> Iterator[Request]:
        """Yield the kept requests with a greater number, oldest first."""
        return (request for request in self._kept if request.number > number)

    def clear(self) -> None:
        """Forget the kept requests; numbers go on growing."""
        self._kept.clear()


REQUESTS_KEY = web.AppKey("requests", RequestLog)


@web.middleware
async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Record requests to the API."""
    if not request.path.startswith("/api/"):
        return await handler(request)
    record = await _record(request)
    request.app[REQUESTS_KEY].add(record)
    started = time.perf_counter()
    try:
        response = await handler(request)
        record.status = response.status
    except web.HTTPException as error:
        record.status = error.status
        raise
    finally:
        record.milliseconds = round((time.perf_counter() - started) * 1000, 3)
        record.body = request.get(FORM, record.body)
    return response


async def _record(request: web.Request) -> Request:
    caller = identify(request.app[WORLD_KEY], request.headers.get("Authorization"))
    return Request(
        number=request.app[REQUESTS_KEY].next_number(),
        at=request.app[WORLD_KEY].clock.now(),
        method=request.method,
        path=API_PREFIX.sub("", request.path),
        query=dict(request.query),
        route=route_of(request),
        token=caller.kind.value if caller else "none",
        user_id=caller.user.id if caller else None,
        reason=request.headers.get("X-Audit-Log-Reason"),
        user_agent=request.headers.get("User-Agent", ""),
        body=await _body(request),
    )


def route_of(request: web.Request) -> str:
    """Return the template of the route that a request goes to, without the API's prefix."""
    resource = request.match_info.route.resource
    return API_PREFIX.sub("", resource.canonical) if resource else ""


async def _body(request: web.Request) -> object:
    if not request.can_read_body or request.content_type.startswith("multipart/"):
        return None
    if request.content_type == "application/x-www-form-urlencoded":
        return {
            key: "***" if "secret" in key else str(value)
            for key, value in (await request.post()).items()
        }
    content = await request.read()
    if len(content) > LARGEST_BODY:
        return f"{len(content)} bytes"
    try:
        return msgspec.json.decode(content)
    except msgspec.DecodeError:
        return content.decode(errors="replace")
