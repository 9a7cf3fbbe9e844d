"""Errors on the web: problem details (RFC 9457) that say what was wrong and what to do."""

import secrets
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.errors import UserError
from shared.postgres import is_unavailable

MEDIA_TYPE: Final = "application/problem+json"
RETRY_AFTER: Final = "2"
"""Seconds after which a client may try again what was unavailable."""

log = structlog.get_logger()


class Mistake(BaseModel):
    """One thing that is wrong with a request: where, and what."""

    where: str
    message: str


class Problem(BaseModel):
    """Why a request failed (RFC 9457). `code` is for programs, `detail` for people."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: str
    errors: list[Mistake] | None = None
    case: str | None = None


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
    return problem(error.status, error.message, error.code)


async def _on_validation_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    mistakes = [
        Mistake(where=".".join(str(part) for part in entry["loc"]), message=entry["msg"])
        for entry in error.errors()
    ]
    told = "; ".join(f"{mistake.where}: {mistake.message}" for mistake in mistakes)
    return problem(400, f"The request is not right: {told}.", "invalid", errors=mistakes)


async def _on_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    details = {
        404: f"There is nothing at {request.url.path}.",
        405: f"{request.url.path} does not take {request.method}.",
    }
    standard = error.detail == HTTPStatus(error.status_code).phrase
    detail = details.get(error.status_code, error.detail) if standard else error.detail
    code = HTTPStatus(error.status_code).name.lower()
    return problem(error.status_code, detail, code, headers=error.headers)
