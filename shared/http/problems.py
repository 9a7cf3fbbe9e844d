"""Errors on the web: problem details (RFC 9457) that say what was wrong and what to do."""

import secrets
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.errors import UserError
from shared.http.kinds import address
from shared.postgres import is_unavailable

MEDIA_TYPE: Final = "application/problem+json"
METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
RETRY_AFTER: Final = "2"
"""Seconds after which a client may try again what was unavailable."""

log = structlog.get_logger()


class Mistake(BaseModel):
    """One thing that is wrong with a request: where, and what."""

    where: str = Field(examples=["body.reason"])
    message: str = Field(examples=["Field required"])


class Problem(BaseModel):
    """Why a request failed (RFC 9457). `code` is for programs, `detail` for people."""

    type: str = Field(
        description="Where this kind of problem is explained.", examples=[address("not_found")]
    )
    title: str = Field(examples=["Not Found"])
    status: int = Field(examples=[404])
    detail: str = Field(examples=["There is no infraction #7 in this server."])
    code: str = Field(description="The kind of problem, for programs.", examples=["not_found"])
    errors: list[Mistake] | None = Field(
        default=None, description="What is wrong with the request, if that is it."
    )
    case: str | None = Field(default=None, description="The number of a bug in the log.")


class UnauthorizedError(UserError):
    """Nobody knows who is asking."""

    status = 401
    code = "unauthorized"


def problem(
    status: int,
    detail: str,
    code: str,
    *,
    errors: list[Mistake] | None = None,
    case: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Make the response for a failed request."""
    body = Problem(
        type=address(code),
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        code=code,
        errors=errors,
        case=case,
    )
    extra = {401: {"WWW-Authenticate": "Bearer"}, 503: {"Retry-After": RETRY_AFTER}}
    return Response(
        body.model_dump_json(exclude_none=True),
        status_code=status,
        media_type=MEDIA_TYPE,
        headers={**extra.get(status, {}), **(headers or {})},
    )


def problem_of(error: UserError) -> Response:
    """Make the response for what was refused."""
    return problem(error.status, error.message, error.code)


def install(app: FastAPI) -> None:
    """Have every error of an app answered by a problem."""
    app.add_exception_handler(UserError, _on_user_error)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_middleware(CatchBugs)


class CatchBugs:
    """Answers what nobody foresaw: with a case number, under which it is in the log."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        began = False

        async def send_on(message: Message) -> None:
            nonlocal began
            began = True
            await send(message)

        try:
            await self._app(scope, receive, send_on)
        except Exception as error:
            if began or scope["type"] != "http":
                raise
            await _answer(error, scope)(scope, receive, send)


def _answer(error: Exception, scope: Scope) -> Response:
    if is_unavailable(error):
        log.warning("request_failed_as_something_is_away", error=repr(error))
        return problem(503, "Something this needs is away. Try again in a moment.", "unavailable")
    case = secrets.token_hex(4).upper()
    log.error("request_failed", case=case, path=scope["path"], exc_info=error)
    detail = f"Something went wrong. Tell the operators the case number {case}."
    return problem(500, detail, "bug", case=case)


async def _on_user_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, UserError)
    return problem_of(error)


async def _on_validation_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    mistakes = [
        Mistake(where=".".join(str(part) for part in entry["loc"]), message=_plain(entry["msg"]))
        for entry in error.errors()
    ]
    told = "; ".join(f"{mistake.where}: {mistake.message}" for mistake in mistakes)
    detail = f"The request is not right: {told}."
    return problem(_status_of(error), detail, "invalid", errors=mistakes)


def _plain(message: str) -> str:
    """Return a validator's own words without what pydantic puts before them."""
    return message.removeprefix("Value error, ")


def _status_of(error: RequestValidationError) -> int:
    """Tell a body that says something wrong from what is not even a request."""
    readable = all(
        entry["loc"][0] == "body" and entry["type"] != "json_invalid" for entry in error.errors()
    )
    return 422 if readable else 400


async def _on_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    details = {
        404: f"There is nothing at {request.url.path}.",
        405: f"{request.url.path} does not take {request.method}.",
    }
    standard = error.detail == HTTPStatus(error.status_code).phrase
    detail = details.get(error.status_code, error.detail) if standard else error.detail
    code = HTTPStatus(error.status_code).name.lower()
    headers = {**(error.headers or {}), **_allowed(request, error.status_code)}
    return problem(error.status_code, detail, code, headers=headers)


def _allowed(request: Request, status: int) -> dict[str, str]:
    """Name every method that a path takes, where the framework names those of one route."""
    if status != HTTPStatus.METHOD_NOT_ALLOWED:
        return {}
    app: FastAPI = request.app
    taken = [method for method in METHODS if _takes(app, request.scope, method)]
    return {"Allow": ", ".join(taken)}


def _takes(app: FastAPI, scope: Scope, method: str) -> bool:
    asked = {**scope, "method": method}
    return any(route.matches(asked)[0] is Match.FULL for route in app.routes)
