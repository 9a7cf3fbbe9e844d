"""Calls to Discord's REST API that wait their turn, retry where safe, and end in time."""

import asyncio
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import quote

import aiohttp
import msgspec
import structlog
from msgspec import Struct

from services.gateway.metrics import Metrics
from services.gateway.rest.breaker import REFUSALS, Breaker
from services.gateway.rest.lanes import Lanes, TooLateError
from services.gateway.rest.limiter import Limiter, Priority
from services.gateway.rest.routes import Route
from services.gateway.rest.turns import Turns
from shared.contracts.actions import File

PATIENCE: Final = 8.0
"""Seconds that one attempt may take."""

CALLBACK_PATIENCE: Final = 2.4
"""Seconds that one attempt of an interaction's first answer may take; it is due within 3."""

FIRST_WAIT, LONGEST_WAIT = 0.2, 5.0
"""Seconds between two attempts while Discord is away."""

REASON_LENGTH: Final = 512
USER_AGENT: Final = "DiscordBot (https://github.com/flotilla, 0.1)"

UNAUTHORIZED: Final = 401
TOO_MANY: Final = 429
SERVER_ERROR: Final = 500

UNTOLD_PAUSE: Final = 1.0
"""Seconds to wait after a 429 that does not say for how long."""

log = structlog.get_logger()


class ErrorBody(Struct, frozen=True):
    """Discord's description of an error."""

    code: int = 0
    message: str = ""
    retry_after: float = 0.0
    is_global: bool = msgspec.field(default=False, name="global")
    errors: dict[str, Any] = {}  # Any: Discord nests these by the fields of the request


@dataclass(frozen=True, slots=True)
class Answer:
    """What Discord said; status 0 when it said nothing in time.

    `sent` is False when the request can't have reached Discord. `unsure` tells that it, or an
    attempt before it, may have been carried out without Discord saying so.
    """

    status: int
    body: bytes = b""
    error: ErrorBody = field(default_factory=ErrorBody)
    retry_after: float = 0.0
    sent: bool = True
    unsure: bool = False

    @property
    def ok(self) -> bool:
        """Whether it was done."""
        return 200 <= self.status < 300  # noqa: PLR2004 - HTTP's own meaning of 2xx

    @property
    def came_to_nothing(self) -> bool:
        """Whether Discord took the request and then failed to say what came of it."""
        return self.sent and (self.status == 0 or self.status >= SERVER_ERROR)


@dataclass(frozen=True, slots=True)
class Request:
    """A call: `deadline` is of the loop's clock; `safe` when doing it twice is doing it once.

    `unsure` tells that it may have been carried out before.
    """

    route: Route
    deadline: float
    json: object = None
    files: tuple[File, ...] = ()
    reason: str = ""
    priority: Priority = "interactive"
    safe: bool = True
    unsure: bool = False


class Rest:
    """Discord's REST API for one bot token."""

    def __init__(self, http: aiohttp.ClientSession, url: str, token: str, metrics: Metrics) -> None:
        self._http = http
        # aiohttp sends PUT and DELETE again by itself when a kept connection is cut, without a word
        # of it: the answer to the second DELETE would say that there was nothing to delete
        setattr(http, "_retry_connection", False)  # noqa: B010 - there is no public way
        self._url = url.rstrip("/")
        self._token = token
        self._metrics = metrics
        self.limiter = Limiter()
        self.lanes = Lanes()
        self._turns = Turns()
        self.breaker = Breaker()
        metrics.rest_waiting.set_function(lambda: self.lanes.waiting + self.limiter.waiting)
        metrics.rest_invalid.set_function(lambda: self.breaker.counted)

    async def call(self, request: Request) -> Answer:
        """Carry out a call, with retries, until it has an answer or its deadline comes."""
        backoff = FIRST_WAIT
        unsure = request.unsure
        while True:
            answer = await self._in_turn(request)
            unsure = unsure or answer.came_to_nothing
            answer = replace(answer, unsure=unsure)
            wait = _wait_before_retry(request, answer, backoff)
            if wait is None or _now() + wait >= request.deadline:
                return answer
            await asyncio.sleep(wait)
            backoff = min(backoff * 2, LONGEST_WAIT)

    async def _in_turn(self, request: Request) -> Answer:
        """Make an attempt; a message that is limited keeps its place before those that come later.

        One that Discord can't take for another reason lets the others go ahead.
        """
        route = request.route
        if not route.ordered:
            return await self._attempt(request)
        try:
            async with self._turns.take(route.path, request.deadline):
                while True:
                    answer = await self._attempt(request)
                    if answer.status != TOO_MANY or not answer.sent:
                        return answer
        except TimeoutError:
            after = self.lanes.of(route).closed_for()
            return Answer(TOO_MANY if after else 0, retry_after=after, sent=False)

    async def _attempt(self, request: Request) -> Answer:
        """Wait for the turn, send once."""
        route = request.route
        if route.free:
            return await self._send(request, CALLBACK_PATIENCE)
        if closed := self.breaker.closed_for():
            return Answer(TOO_MANY, retry_after=closed, sent=False)
        if self.breaker.token_is_refused and not route.public:
            return Answer(UNAUTHORIZED, sent=False)
        lane = self.lanes.of(route)
        began = _now()
        try:
            await lane.enter(request.deadline)
        except TooLateError as late:
            return self._too_late(route, late)
        headers: Mapping[str, str] = {}
        try:
            if not route.public:
                await self.limiter.enter(request.priority, request.deadline)
            bucket = self.lanes.bucket_of(route)
            self._metrics.rest_wait.labels(route.name, bucket).observe(_now() - began)
            answer, headers = await self._exchange(request, PATIENCE)
            if answer.status == TOO_MANY:
                self._limited(request, answer, headers)
        except TooLateError as late:
            return self._too_late(route, late)
        finally:
            lane.leave(headers)
        self.lanes.learn(route, lane, headers)
        return answer

    def _too_late(self, route: Route, late: TooLateError) -> Answer:
        self._metrics.rest_too_late.labels(route.name).inc()
        return Answer(TOO_MANY, retry_after=late.after, sent=False)

    def _limited(self, request: Request, answer: Answer, headers: Mapping[str, str]) -> None:
        """Make everybody concerned wait after a 429."""
        scope = headers.get("X-RateLimit-Scope", "user")
        pause = answer.retry_after or UNTOLD_PAUSE
        if (answer.error.is_global or scope == "global") and not request.route.public:
            self.limiter.pause(pause)
        else:
            self.lanes.of(request.route).pause(pause)
        log.warning(
            "discord_limits_requests",
            route=request.route.name,
            scope=scope,
            retry_after=pause,
        )

    async def _send(self, request: Request, patience: float) -> Answer:
        answer, _ = await self._exchange(request, patience)
        return answer

    async def _exchange(
        self, request: Request, patience: float
    ) -> tuple[Answer, Mapping[str, str]]:
        """Send the request and read the answer, whatever it is."""
        route = request.route
        limit = min(patience, request.deadline - _now())
        if limit <= 0:
            return Answer(0, sent=False), {}
        began = _now()
        try:
            async with self._http.request(
                route.method,
                self._url + route.path,
                data=_body(request),
                headers=self._headers(request),
                timeout=aiohttp.ClientTimeout(total=limit),
            ) as response:
                body = await response.read()
        except aiohttp.ClientConnectorError:
            self._observe(route, 0, began)
            return Answer(0, sent=False), {}
        except (TimeoutError, aiohttp.ClientError, ConnectionError):
            self._observe(route, 0, began)
            return Answer(0), {}
        self._observe(route, response.status, began)
        scope = response.headers.get("X-RateLimit-Scope", "")
        if response.status in REFUSALS:
            self._metrics.rest_refused.labels(str(response.status), scope).inc()
        self.breaker.count(response.status, shared=scope == "shared", by_token=not route.public)
        return _answer(response, body), response.headers

    def _observe(self, route: Route, status: int, began: float) -> None:
        self._metrics.rest_seconds.labels(route.name).observe(_now() - began)
        self._metrics.rest_status.labels(route.name, str(status)).inc()

    def _headers(self, request: Request) -> dict[str, str]:
        headers = {"User-Agent": USER_AGENT}
        if not request.route.public:
            headers["Authorization"] = f"Bot {self._token}"
        if request.json is not None and not request.files:
            headers["Content-Type"] = "application/json"
        if request.reason:
            headers["X-Audit-Log-Reason"] = quote(request.reason[:REASON_LENGTH], safe=" ")
        return headers


def _wait_before_retry(request: Request, answer: Answer, backoff: float) -> float | None:
    """Return how long to wait before another attempt, or None when this answer is the last."""
    if answer.status == TOO_MANY:
        if request.route.free:
            return answer.retry_after or backoff
        return 0.0 if answer.sent else None  # its lane or the limiter makes it wait
    if answer.status and answer.status < SERVER_ERROR:
        return None
    if answer.sent and not request.safe:
        return None
    return backoff * random.uniform(0.5, 1.5)  # noqa: S311 - jitter, not a secret


def _now() -> float:
    return time.monotonic()


def _body(request: Request) -> bytes | aiohttp.FormData | None:
    """Return the request's body: JSON, or a form of JSON and files."""
    if not request.files:
        return None if request.json is None else msgspec.json.encode(request.json)
    form = aiohttp.FormData()
    form.add_field(
        "payload_json", msgspec.json.encode(request.json).decode(), content_type="application/json"
    )
    for number, file in enumerate(request.files):
        form.add_field(
            f"files[{number}]", file.data, filename=file.name, content_type=file.content_type
        )
    return form


def _answer(response: aiohttp.ClientResponse, body: bytes) -> Answer:
    if response.ok:
        return Answer(response.status, body)
    try:
        error = msgspec.json.decode(body, type=ErrorBody, strict=False)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        error = ErrorBody()  # a proxy's page
    header = response.headers.get("Retry-After", "0")
    after = error.retry_after or (float(header) if header.replace(".", "").isdigit() else 0.0)
    return Answer(response.status, body, error, after)
