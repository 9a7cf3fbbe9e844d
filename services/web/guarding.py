"""What keeps the dashboard safe: headers, cookies, and who is logged in."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Final
from urllib.parse import quote

from fastapi import Depends, Form, Path, Request
from starlette.responses import RedirectResponse, Response

from services.web import access, sessions
from services.web.deps import Deps
from services.web.memory import Access
from services.web.queries import Session
from shared.contracts.ids import GuildId
from shared.errors import ForbiddenError

CONTENT_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' https://cdn.discordapp.com; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
HEADERS: Final = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class LoginNeeded(Exception):  # noqa: N818 - an order to the browser, not an error
    """Nobody is logged in; `back` is where they wanted to go."""

    def __init__(self, back: str) -> None:
        super().__init__(back)
        self.back = back


def cookie_name(deps: Deps) -> str:
    """Return the name of the session's cookie; the prefix makes browsers refuse it over http."""
    return "__Host-flotilla" if deps.settings.secure else "flotilla"


def set_cookie(deps: Deps, response: Response, name: str, value: str, seconds: int) -> None:
    """Give the browser a cookie that scripts can't read and other sites can't use."""
    response.set_cookie(
        name,
        value,
        max_age=seconds,
        path="/",
        secure=deps.settings.secure,
        httponly=True,
        samesite="lax",
    )


def deps_of(request: Request) -> Deps:
    """Return what the app was given."""
    deps: Deps = request.app.state.deps
    return deps


DepsOf = Annotated[Deps, Depends(deps_of)]


async def visitor(request: Request, deps: DepsOf) -> Session | None:
    """Return who is logged in, if somebody is."""
    key = request.cookies.get(cookie_name(deps), "")
    return await sessions.find(deps, key, datetime.now(UTC))


Visitor = Annotated[Session | None, Depends(visitor)]


async def logged_in(request: Request, session: Visitor) -> Session:
    """Return who is logged in. Raises LoginNeeded."""
    if session is None:
        raise LoginNeeded(_back(request))
    return session


LoggedIn = Annotated[Session, Depends(logged_in)]


async def entered(
    deps: DepsOf, session: LoggedIn, guild_id: Annotated[str, Path(pattern=r"^\d{1,19}$")]
) -> Access:
    """Return what who is logged in may do in the guild of the path. Raises as `access.enter`."""
    return await access.enter(deps, session.user_id, GuildId(int(guild_id)), datetime.now(UTC))


Entered = Annotated[Access, Depends(entered)]


async def from_our_page(
    deps: DepsOf, session: LoggedIn, form_token: Annotated[str, Form()] = ""
) -> None:
    """Refuse a form that did not come from a page of this session. Raises ForbiddenError."""
    if not sessions.is_form_token(deps, session, form_token):
        raise ForbiddenError("This form is not from a page of yours. Load the page again.")


FromOurPage = Depends(from_our_page)


async def add_headers(
    request: Request, call_next: Callable[[Request], Awaitable[Response]]
) -> Response:
    """Add to every answer what tells browsers how to treat it."""
    response = await call_next(request)
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    is_static = request.url.path.startswith("/static/")
    # the address of a file changes with its content
    kept = "public, max-age=31536000, immutable" if "v" in request.query_params else "no-cache"
    response.headers.setdefault("Cache-Control", kept if is_static else "no-store")
    return response


def to_login(request: Request, needed: LoginNeeded) -> Response:
    """Send the browser to log in, also out of a panel."""
    address = f"/?next={quote(needed.back, safe='/')}"
    if request.headers.get("HX-Request"):
        return Response(status_code=HTTPStatus.NO_CONTENT, headers={"HX-Redirect": address})
    return RedirectResponse(address, status_code=HTTPStatus.SEE_OTHER)


def safe_next(text: str) -> str:
    """Return where to go after a login: a page of ours, never another site."""
    is_ours = text.startswith("/") and not text.startswith(("//", "/\\")) and "\\" not in text
    return text if is_ours and text.isprintable() else "/guilds"


def _back(request: Request) -> str:
    current = request.headers.get("HX-Current-URL")
    if current and request.headers.get("HX-Request"):
        return "/" + current.split("/", 3)[3] if current.count("/") >= 3 else "/guilds"  # noqa: PLR2004
    if request.method != "GET":
        return "/guilds"
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")
