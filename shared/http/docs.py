"""The page at `/docs`: an API's OpenAPI description for people, without scripts of anybody else."""

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any, Final

from fastapi import FastAPI
from starlette.responses import HTMLResponse

# Any below: OpenAPI documents are JSON, as FastAPI declares them.
Json = Mapping[str, Any]

POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
SCHEMAS: Final = "#/components/schemas/"
PAGE: Final = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title><link rel="icon" href="data:,"><style>
:root {{ color-scheme: light dark; --line: #8884; --soft: #8881; --dim: #667; }}
@media (prefers-color-scheme: dark) {{ :root {{ --dim: #99a; }} }}
body {{ max-width: 60rem; margin: 2rem auto; padding: 0 1rem; font: 16px/1.5 system-ui }}
code, pre {{ font: .9em ui-monospace, monospace; overflow-wrap: anywhere }}
pre {{ background: var(--soft); padding: .75rem 1rem; border-radius: 8px; white-space: pre-wrap }}
section {{ border: 1px solid var(--line); border-radius: 10px; padding: 1rem; margin: 1rem 0 }}
h2 {{ margin: 2.5rem 0 0 }} h3 {{ margin: 0; font-size: 1rem }} p {{ margin: .25rem 0 }}
h3 b {{ display: inline-block; min-width: 4rem; color: #0b7285 }}
table {{ border-collapse: collapse; width: 100%; margin: .5rem 0 }}
td {{ border-top: 1px solid var(--line); padding: .3rem .75rem .3rem 0; vertical-align: top }}
td:first-child {{ width: 25% }} small {{ color: var(--dim) }}
</style><h1>{title}</h1>
<p>Every call under <code>/guilds</code> takes a key of that server,
made with <code>/apikey create</code>:</p>
<pre>curl -H "Authorization: Bearer flk_..." ...</pre>
<p>What fails is answered by <a href="#Problem">a problem</a> with a sentence for people.
For programs: <a href="{openapi}">{openapi}</a>.</p>
<h2>Calls</h2>{calls}<h2>Shapes</h2>{shapes}<h2>Problems</h2>{problems}</html>
"""


def install(app: FastAPI, kinds: Mapping[str, str]) -> None:
    """Serve the page at `/docs`; `kinds` explains the problems by their codes."""

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:  # pyright: ignore[reportUnusedFunction] - a route
        """Show what this API takes and answers."""
        headers = {"Content-Security-Policy": POLICY}
        content = page(app.openapi(), app.openapi_url or "", kinds)
        return HTMLResponse(content, headers=headers)


def page(document: Json, openapi_url: str, kinds: Mapping[str, str]) -> str:
    """Write an OpenAPI description as HTML."""
    calls = (
        _call(path, method, call)
        for path, methods in document["paths"].items()
        for method, call in methods.items()
    )
    shapes = (_shape(name, schema) for name, schema in document["components"]["schemas"].items())
    return PAGE.format(
        title=escape(document["info"]["title"]),
        openapi=escape(openapi_url),
        calls="".join(calls),
        shapes="".join(shapes),
        problems="".join(_problem(code, told) for code, told in kinds.items()),
    )


def _problem(code: str, told: str) -> str:
    heading = f'<h3 id="problem-{escape(code)}">{escape(code)}</h3>'
    return f"<section>{heading}<p>{_text(told)}</p></section>"


def _call(path: str, method: str, call: Json) -> str:
    rows = (_parameter(one) for one in call.get("parameters", ()))
    takes = _bodies([call.get("requestBody", {})])
    good = [told for status, told in call["responses"].items() if status.startswith("2")]
    gives = _bodies(good)
    return (
        f"<section><h3><b>{method.upper()}</b> <code>{escape(path)}</code></h3>"
        f"<p>{_text(call.get('description', ''))}</p>{_table(rows)}"
        + (f"<p>Takes {takes}.</p>" if takes else "")
        + (f"<p>Answers {gives}.</p>" if gives else "")
        + "</section>"
    )


def _bodies(told: Iterable[Json]) -> str:
    schemas = (
        content.get("schema", {}) for one in told for content in one.get("content", {}).values()
    )
    return " or ".join(_type(schema) for schema in schemas if schema)


def _parameter(parameter: Json) -> str:
    schema: Json = parameter["schema"]
    where = parameter["in"] + ("" if parameter.get("required") else ", optional")
    return _row(parameter["name"], where, {**schema, **parameter})


def _shape(name: str, schema: Json) -> str:
    required = schema.get("required", ())
    rows = (
        _row(field, "" if field in required else "optional", about)
        for field, about in schema.get("properties", {}).items()
    )
    described = _text(schema.get("description", ""))
    heading = f'<h3 id="{escape(name)}">{escape(name)}</h3>'
    return f"<section>{heading}<p>{described}</p>{_table(rows)}</section>"


def _row(name: str, note: str, about: Json) -> str:
    kind = _type(about.get("schema", about))
    default = about.get("default")
    notes = [note] if note else []
    notes += [f"{default!r} if left out"] if default not in (None, "") else []
    described = _text(about.get("description", ""))
    return (
        f"<tr><td><code>{escape(name)}</code><br><small>{escape(', '.join(notes))}</small></td>"
        f"<td>{described}<br><small>{kind}</small></td></tr>"
    )


def _type(schema: Json) -> str:
    if "$ref" in schema:
        name = escape(schema["$ref"].removeprefix(SCHEMAS))
        return f'<a href="#{name}">{name}</a>'
    if "anyOf" in schema:
        return " or ".join(_type(one) for one in schema["anyOf"] if one.get("type") != "null")
    if "enum" in schema:
        return escape(", ".join(str(one) for one in schema["enum"]))
    if schema.get("type") == "array":
        return f"a list of {_type(schema.get('items', {}))}"
    shown = schema.get("format") or schema.get("type") or "anything"
    example = f", such as {schema['example']}" if "example" in schema else ""
    return escape(f"{shown}{example}")


def _table(rows: Iterable[str]) -> str:
    inside = "".join(rows)
    return f"<table>{inside}</table>" if inside else ""


def _text(text: str) -> str:
    """Write a description, in which backquotes mark code, as HTML."""
    pieces = escape(text).split("`")
    return "".join(f"<code>{one}</code>" if n % 2 else one for n, one in enumerate(pieces))
