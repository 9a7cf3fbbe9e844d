"""The control API's own description, made from its routes: a page for people, JSON for scripts."""

from collections.abc import Iterator
from html import escape
from inspect import cleandoc, formatannotation
from typing import get_type_hints

import msgspec
from aiohttp import web
from msgspec import NODEFAULT, UNSET, Struct
from msgspec.structs import FieldInfo

from sandbox.control.reading import answer, taken_by

routes = web.RouteTableDef()

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8">
<title>Control of the sandbox</title><link rel="icon" href="/static/icon.svg">
<link rel="stylesheet" href="/static/base.css"><style>
body {{ max-width: 60rem; margin: 2rem auto; padding: 0 1rem }}
dt {{ font-family: var(--mono); color: var(--link); margin-top: 1rem }}
dd {{ margin: 0; white-space: pre-line }}
</style><h1>Control of the sandbox</h1>
<p>No token is needed. Bodies are JSON; ids are text. Users may be named by id or username.</p>
<dl>{calls}</dl></html>"""


class Call(Struct, omit_defaults=True):
    """One call; `body` holds the type of every field, with what it is when it is left out."""

    call: str
    does: str
    body: dict[str, str] = {}
    body_is: str = ""


@routes.get("/sandbox/help")
async def show_help(request: web.Request) -> web.Response:
    """Return this list: HTML for browsers, JSON for everybody else."""
    calls = list(_calls(request.app))
    if "text/html" not in request.headers.get("Accept", ""):
        return answer({"calls": calls})
    listed = "".join(map(_as_html, calls))
    return web.Response(text=PAGE.format(calls=listed), content_type="text/html")


def _as_html(call: Call) -> str:
    fields = "".join(
        f"<li><code>{escape(name)}: {escape(kind)}</code></li>" for name, kind in call.body.items()
    )
    body = f"<p>{escape(call.body_is)}</p><ul>{fields}</ul>" if fields else ""
    return f"<dt>{escape(call.call)}</dt><dd>{escape(call.does)}{body}</dd>"


def _calls(app: web.Application) -> Iterator[Call]:
    for route in app.router.routes():
        path = route.resource.canonical if route.resource else ""
        if path.startswith("/sandbox") and route.method != "HEAD":
            does = cleandoc(route.handler.__doc__ or "")
            yield _with_body(Call(f"{route.method} {path}", does), taken_by(route.handler))


def _with_body(call: Call, body: type[Struct] | None) -> Call:
    if body is not None:
        call.body_is = cleandoc(body.__doc__ or "")
        hints = get_type_hints(body)
        call.body = {
            field.encode_name: _kind(field, hints[field.name])
            for field in msgspec.structs.fields(body)
        }
    return call


def _kind(field: FieldInfo, hint: object) -> str:
    """Say what a field holds as it is written in Python, as in `list[str] = []`."""
    kind = formatannotation(hint, "sandbox").removesuffix(" | msgspec.UnsetType")
    if field.default_factory is not NODEFAULT:
        return f"{kind} = {field.default_factory()!r}"
    return kind if field.default in {NODEFAULT, UNSET} else f"{kind} = {field.default!r}"
