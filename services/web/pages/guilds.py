"""The list of somebody's servers, and the overview of one."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from services.web import access
from services.web.answers import InfractionPage, Summary
from services.web.guarding import DepsOf, Entered, LoggedIn
from services.web.pages.routes import PageRoute, page
from shared.errors import UnavailableError

RECENT = 5

listing = APIRouter(route_class=PageRoute, include_in_schema=False)
router = APIRouter(prefix="/guilds/{guild_id}", route_class=PageRoute, include_in_schema=False)


@listing.get("/guilds")
async def guilds(deps: DepsOf, session: LoggedIn) -> Response:
    """List the servers that Flotilla is in and that they may look after."""
    problem, found = "", []
    try:
        ids = [guild.id for guild in session.guilds]
        found = await access.visible(deps, session.user_id, ids, datetime.now(UTC))
    except UnavailableError:
        problem = "The connection to Discord doesn't answer at the moment. Try again in a minute."
    return page(deps, "guilds.html", session, guilds=found, problem=problem)


@router.get("")
async def overview(deps: DepsOf, session: LoggedIn, guild: Entered) -> Response:
    """Show how a server is doing."""
    return page(deps, "overview.html", session, guild)


@router.get("/panels/summary")
async def summary(deps: DepsOf, guild: Entered) -> Response:
    """Show the numbers of the last 7 days beside those of the 7 before."""
    found = await deps.owners.get("stats", f"/guilds/{guild.id}/summary", Summary, guild.actor)
    return deps.templates.page("panels/summary.html", now=found.now, before=found.before)


@router.get("/panels/recent")
async def recent(
    deps: DepsOf, guild: Entered, limit: Annotated[int, Query(ge=1, le=20)] = RECENT
) -> Response:
    """Show the latest infractions."""
    path = f"/guilds/{guild.id}/infractions"
    found = await deps.owners.get(
        "infractions", path, InfractionPage, guild.actor, {"limit": limit}
    )
    return deps.templates.page(
        "panels/infractions.html", guild=guild, items=found.items, more=None, filtered=False
    )
