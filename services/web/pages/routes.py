"""What is the same for every page: errors told as pages, or as a sentence in their panel."""

import secrets
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any, Final

import structlog
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.responses import HTMLResponse, Response

from services.web import sessions
from services.web.deps import Deps
from services.web.guarding import LoginNeeded, deps_of, to_login
from services.web.memory import Access
from services.web.queries import Session
from shared.errors import NotFoundError, UnavailableError, UserError
from shared.postgres import is_unavailable

TITLES: Final[dict[int, str]] = {
    HTTPStatus.NOT_FOUND: "Nothing here",
    HTTPStatus.FORBIDDEN: "Not allowed",
    HTTPStatus.SERVICE_UNAVAILABLE: "One moment, please",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Something went wrong",
}
LOST: Final = "There is no such page, or it is not yours to see."

Handler = Callable[[Request], Coroutine[Any, Any, Response]]  # Any: as Starlette declares it

log = structlog.get_logger()


class PageRoute(APIRoute):
    """A route for people: whatever goes wrong is told in their words, and never as JSON."""

    def get_route_handler(self) -> Handler:
        """Return the handler of the route, with errors told."""
        handle = super().get_route_handler()

        async def handle_for_people(request: Request) -> Response:
            try:
                return await handle(request)
            except LoginNeeded as needed:
                return to_login(request, needed)
            except Exception as error:  # noqa: BLE001 - this is the loop that runs handlers
                return tell(request, error)

        return handle_for_people


def tell(request: Request, error: Exception) -> Response:
    """Turn what went wrong into a page, or a note in the panel that asked."""
    wrong = _in_words(request, error)
    if request.headers.get("HX-Request"):
        return _note(request, wrong)
    return problem(deps_of(request), wrong.message, wrong.status)


def problem(deps: Deps, message: str, status: int) -> HTMLResponse:
    """Return a page that says what is wrong."""
    title = TITLES.get(status, "That did not work")
    return deps.templates.render("problem.html", {"title": title, "message": message}, status)


def page(
    deps: Deps, name: str, session: Session, guild: Access | None = None, **values: object
) -> HTMLResponse:
    """Return a page for who is logged in, in a guild if there is one."""
    values |= {"session": session, "form_token": sessions.form_token(deps, session)}
    if guild is not None:
        values["guild"] = guild
    return deps.templates.render(name, values)


def _in_words(request: Request, error: Exception) -> UserError:
    """Return an error as one that can be shown; a bug gets a number, under which it is logged."""
    if isinstance(error, RequestValidationError):
        return NotFoundError(LOST)
    if isinstance(error, UserError):
        return error
    if is_unavailable(error):
        log.warning("page_failed_as_something_is_away", error=repr(error))
        return UnavailableError("The dashboard's database doesn't answer at the moment.")
    case = secrets.token_hex(4).upper()
    log.error("page_failed", case=case, path=request.url.path, exc_info=error)
    told = f"Tell the operators of this Flotilla the case number {case}."
    return UserError(told, status=HTTPStatus.INTERNAL_SERVER_ERROR)


def _note(request: Request, wrong: UserError) -> HTMLResponse:
    """Return a sentence in place of a panel; htmx shows only what came with status 200."""
    templates = deps_of(request).templates
    if isinstance(wrong, UnavailableError):
        again = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return templates.page("panels/away.html", message=wrong.message, again=again)
    return templates.page("panels/refused.html", message=wrong.message)
