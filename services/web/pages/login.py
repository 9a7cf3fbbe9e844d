"""Coming and going: the front page, Discord's login and back, the logout."""

import hmac
import secrets
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Query, Request
from itsdangerous import BadSignature, URLSafeTimedSerializer
from msgspec import Struct
from starlette.responses import RedirectResponse, Response

from services.web import sessions
from services.web.deps import Deps
from services.web.guarding import (
    DepsOf,
    FromOurPage,
    LoggedIn,
    Visitor,
    cookie_name,
    safe_next,
    set_cookie,
)
from services.web.pages.routes import PageRoute
from shared.errors import UserError

LOGIN_COOKIE: Final = "flotilla_login"
LOGIN_SECONDS: Final = 600
"""How long somebody may take at Discord."""

NOT_YOURS: Final = "This login was not begun in this browser, or too long ago. Please try again."


class Begun(Struct, frozen=True):
    """A login that a browser has begun; its cookie carries this, signed."""

    state: str
    verifier: str
    next: str


Next = Annotated[str, Query(alias="next")]

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/")
async def front(deps: DepsOf, session: Visitor, next_: Next = "") -> Response:
    """Greet who is not logged in."""
    if session is not None:
        return RedirectResponse(safe_next(next_), status_code=HTTPStatus.SEE_OTHER)
    return _front(deps, next_)


@router.get("/login")
async def login(deps: DepsOf, next_: Next = "") -> Response:
    """Send somebody to Discord, with a state that only their browser can bring back."""
    begun = Begun(secrets.token_urlsafe(24), secrets.token_urlsafe(48), safe_next(next_))
    address = deps.discord.authorize_url(begun.state, begun.verifier)
    response = RedirectResponse(address, HTTPStatus.SEE_OTHER)
    kept = _serializer(deps).dumps(msgspec.to_builtins(begun))
    set_cookie(deps, response, LOGIN_COOKIE, kept, LOGIN_SECONDS)
    return response


@router.get("/login/callback")
async def callback(
    request: Request, deps: DepsOf, code: str = "", state: str = "", error: str = ""
) -> Response:
    """Take back who comes from Discord: their name and guilds, and begin a session."""
    if error or not code:
        return _front(deps, "", "You did not let Flotilla know who you are, so you are not in.")
    try:
        begun = _begun(deps, request, state)
        token = await deps.discord.token(code, begun.verifier)
        user, guilds = await deps.discord.user(token), await deps.discord.guilds(token)
    except UserError as refused:
        return _front(deps, "", refused.message)
    key = await sessions.begin(deps, user, guilds, datetime.now(UTC))
    response = RedirectResponse(begun.next, HTTPStatus.SEE_OTHER)
    seconds = int(deps.settings.session_length.total_seconds())
    set_cookie(deps, response, cookie_name(deps), key, seconds)
    response.delete_cookie(LOGIN_COOKIE, path="/")
    return response


@router.post("/logout", dependencies=[FromOurPage])
async def logout(deps: DepsOf, session: LoggedIn) -> Response:
    """End the session."""
    await sessions.end(deps, session)
    response = RedirectResponse("/", HTTPStatus.SEE_OTHER)
    response.delete_cookie(
        cookie_name(deps), path="/", secure=deps.settings.secure, httponly=True, samesite="lax"
    )
    return response


def _front(deps: Deps, next_: str, problem: str = "") -> Response:
    status = HTTPStatus.FORBIDDEN if problem else HTTPStatus.OK
    wanted = safe_next(next_) if next_ else ""
    return deps.templates.render("landing.html", {"next": wanted, "problem": problem}, status)


def _begun(deps: Deps, request: Request, state: str) -> Begun:
    """Return the login that this browser has begun; raises UserError when it is another one."""
    kept = request.cookies.get(LOGIN_COOKIE, "")
    try:
        begun = msgspec.convert(_serializer(deps).loads(kept, max_age=LOGIN_SECONDS), Begun)
    except (BadSignature, msgspec.ValidationError):
        raise UserError(NOT_YOURS) from None
    if not hmac.compare_digest(begun.state.encode(), state.encode()):
        raise UserError(NOT_YOURS)
    return begun


def _serializer(deps: Deps) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(deps.settings.session_secret.reveal(), salt="login")
