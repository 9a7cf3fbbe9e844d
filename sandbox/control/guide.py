"""The control API's own description, made from its routes: a page for people, JSON for scripts."""

from collections.abc import Iterator
from html import escape
from inspect import cleandoc

from aiohttp import web

from sandbox.control.reading import answer

routes = web.RouteTableDef()

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8">
<title>Control of the sandbox</title><link rel="stylesheet" href="/static/base.css"><style>
body {{ max-width: 60rem; margin: 2rem auto; padding: 0 1rem }}
dt {{ font-family: var(--mono); color: var(--link); margin-top: 1rem }}
dd {{ margin: 0; white-space: pre-line }}
</style><h1>Control of the sandbox</h1>
<p>No token is needed. Bodies are JSON; ids are text. Users may be named by id or username.</p>
<dl>{calls}</dl></html>"""


@routes.get("/sandbox/help")
async def show_help(request: web.Request) -> web.Response:
    """Return this list: HTML for browsers, JSON for everybody else."""
    calls = list(_calls(request.app))
    if "text/html" not in request.headers.get("Accept", ""):
        return answer({"calls": [{"call": call, "does": does} for call, does in calls]})
    listed = "".join(f"<dt>{escape(call)}</dt><dd>{escape(does)}</dd>" for call, does in calls)
    return web.Response(text=PAGE.format(calls=listed), content_type="text/html")


def _calls(app: web.Application) -> Iterator[tuple[str, str]]:
    for route in app.router.routes():
        path = route.resource.canonical if route.resource else ""
        if path.startswith("/sandbox") and route.method != "HEAD":
            yield f"{route.method} {path}", cleandoc(route.handler.__doc__ or "")
