"""The configuration of a server: its text, what is wrong with it and where, and its history."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Path, Query
from msgspec import Struct
from starlette.responses import Response

from services.web.answers import Configuration, RevisionDetail, RevisionPage
from services.web.deps import Deps
from services.web.guarding import DepsOf, Entered, FromOurPage, LoggedIn
from services.web.memory import Access
from services.web.owners import RefusedError
from services.web.pages.routes import PageRoute, page
from services.web.queries import Session
from shared.http import Actor

MAY_WRITE = frozenset({"editor", "admin", "operator"})
REVISIONS = 10

router = APIRouter(prefix="/guilds/{guild_id}", route_class=PageRoute, include_in_schema=False)


Number = Annotated[int, Path(ge=1, le=2**31 - 1)]
Held = Annotated[int, Query(ge=0, description="The revision that holds.")]


class Mistake(Struct, frozen=True):
    """What is wrong with a text, and where; line 0 is nowhere in particular."""

    message: str
    line: int = 0
    column: int = 0


@router.get("/configuration")
async def configuration(
    deps: DepsOf, session: LoggedIn, guild: Entered, saved: int = 0
) -> Response:
    """Show the page; the text and the history load by themselves."""
    return page(deps, "configuration.html", session, guild, saved=saved)


@router.get("/panels/configuration")
async def text(deps: DepsOf, session: LoggedIn, guild: Entered) -> Response:
    """Show the text that holds."""
    held = await deps.owners.get("admin", f"/guilds/{guild.id}/config", Configuration, guild.actor)
    return _editor(deps, session, guild, held.yaml, held.revision)


@router.post("/panels/configuration", dependencies=[FromOurPage])
async def save(
    deps: DepsOf,
    session: LoggedIn,
    guild: Entered,
    revision: Annotated[int, Form(ge=0)],
    yaml: Annotated[str, Form()] = "",
    note: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Save a text in place of the revision that its author had read."""
    clean = yaml.replace("\r\n", "\n")
    try:
        saved = await deps.owners.send(
            "admin",
            "PUT",
            f"/guilds/{guild.id}/config",
            Configuration,
            _author(session, guild),
            {"yaml": clean, "note": note},
            if_match=f'"{revision}"',
        )
    except RefusedError as refused:
        mistake = Mistake(refused.message, refused.problem.line, refused.problem.column)
        return _editor(deps, session, guild, clean, revision, mistake, note)
    return _to_saved(guild, saved)


@router.get("/panels/revisions")
async def revisions(deps: DepsOf, guild: Entered) -> Response:
    """Show who changed the configuration, when, and why."""
    found = await deps.owners.get(
        "admin",
        f"/guilds/{guild.id}/config/revisions",
        RevisionPage,
        guild.actor,
        {"limit": REVISIONS},
    )
    return deps.templates.page(
        "panels/revisions.html",
        guild=guild,
        items=found.items,
        held=found.items[0].revision if found.items else 0,
    )


@router.get("/panels/revisions/{number}")
async def revision(
    deps: DepsOf, session: LoggedIn, guild: Entered, number: Number, held: Held
) -> Response:
    """Show what a revision changed, and its text."""
    path = f"/guilds/{guild.id}/config/revisions/{number}"
    found = await deps.owners.get("admin", path, RevisionDetail, guild.actor)
    return page(
        deps,
        "panels/revision.html",
        session,
        guild,
        item=found,
        lines=changes(found.diff),
        held=held,
        may_go_back=guild.role in MAY_WRITE and number != held,
    )


@router.post("/panels/revisions/{number}/rollback", dependencies=[FromOurPage])
async def roll_back(
    deps: DepsOf,
    session: LoggedIn,
    guild: Entered,
    number: Number,
    held: Annotated[int, Form(ge=0)],
) -> Response:
    """Make an earlier revision hold again, as a new one."""
    saved = await deps.owners.send(
        "admin",
        "POST",
        f"/guilds/{guild.id}/config/revisions/{number}/rollback",
        Configuration,
        _author(session, guild),
        {},
        if_match=f'"{held}"',
    )
    return _to_saved(guild, saved)


def changes(diff: str) -> list[tuple[str, str]]:
    """Return the lines of a unified diff, each with what became of it."""
    kinds = {"+": "added", "-": "removed", "@": "place"}
    body = diff.splitlines()[2:]
    return [(kinds.get(line[:1], "same"), line) for line in body]


def _to_saved(guild: Access, saved: Configuration) -> Response:
    """Have the browser load the page anew, with what was saved."""
    response = Response(status_code=HTTPStatus.NO_CONTENT)
    response.headers["HX-Redirect"] = f"/guilds/{guild.id}/configuration?saved={saved.revision}"
    return response


def _author(session: Session, guild: Access) -> Actor:
    return Actor(user_id=guild.user_id, guild_id=guild.id, role=guild.role, name=session.name)


def _editor(
    deps: Deps,
    session: Session,
    guild: Access,
    yaml: str,
    revision: int,
    mistake: Mistake | None = None,
    note: str = "",
) -> Response:
    return page(
        deps,
        "panels/configuration.html",
        session,
        guild,
        yaml=yaml,
        revision=revision,
        mistake=mistake,
        note=note,
        may_write=guild.role in MAY_WRITE,
    )
