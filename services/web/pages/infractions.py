"""The infractions of a server: a table to search, and each with its history."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Path, Query
from starlette.responses import Response

from services.web.answers import InfractionDetail, InfractionPage
from services.web.guarding import DepsOf, Entered, LoggedIn
from services.web.pages.routes import PageRoute, page
from services.web.rendering import KINDS, STATES
from shared.errors import UserError

ON_A_PAGE = 25

router = APIRouter(prefix="/guilds/{guild_id}", route_class=PageRoute, include_in_schema=False)


@dataclass(frozen=True)
class Filters:
    """What somebody is looking for."""

    user_id: Annotated[str, Query()] = ""
    kind: Annotated[str, Query()] = ""
    state: Annotated[str, Query()] = ""
    cursor: Annotated[str, Query()] = ""

    @property
    def given(self) -> Mapping[str, str]:
        """Those that say something."""
        fields = {
            "user_id": self.user_id.strip(),
            "kind": self.kind,
            "state": self.state,
            "cursor": self.cursor,
        }
        return {name: value for name, value in fields.items() if value}

    @property
    def query(self) -> str:
        """As the end of an address."""
        return f"?{urlencode(self.given)}" if self.given else ""

    @property
    def filtered(self) -> bool:
        """Whether not everything is asked for."""
        return bool(self.given.keys() - {"cursor"})


FiltersOf = Annotated[Filters, Depends(Filters)]
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]


@router.get("/infractions")
async def infractions(
    deps: DepsOf, session: LoggedIn, guild: Entered, filters: FiltersOf
) -> Response:
    """Show the table, with what to look for."""
    return page(
        deps, "infractions.html", session, guild, filters=filters, kinds=KINDS, states=STATES
    )


@router.get("/panels/infractions")
async def table(deps: DepsOf, guild: Entered, filters: FiltersOf) -> Response:
    """Show what was found, a page at a time; the address bar follows."""
    here = f"/guilds/{guild.id}"
    if filters.user_id.strip() and not filters.user_id.strip().isdigit():
        raise UserError("A member's id is a number; Discord copies it from the member's menu.")
    found = await deps.owners.get(
        "infractions",
        f"{here}/infractions",
        InfractionPage,
        guild.actor,
        {**filters.given, "limit": ON_A_PAGE},
    )
    more = None
    if found.next:
        query = urlencode({**filters.given, "cursor": found.next})
        more = {
            "page": f"{here}/infractions?{query}",
            "panel": f"{here}/panels/infractions?{query}",
        }
    response = deps.templates.page(
        "panels/infractions.html",
        guild=guild,
        items=found.items,
        more=more,
        filtered=filters.filtered,
    )
    response.headers["HX-Push-Url"] = f"{here}/infractions{filters.query}"
    return response


@router.get("/infractions/{number}")
async def infraction(deps: DepsOf, session: LoggedIn, guild: Entered, number: Number) -> Response:
    """Show one infraction."""
    return page(deps, "infraction.html", session, guild, number=number)


@router.get("/panels/infractions/{number}")
async def details(deps: DepsOf, guild: Entered, number: Number) -> Response:
    """Show what is known of one infraction, and its history."""
    path = f"/guilds/{guild.id}/infractions/{number}"
    found = await deps.owners.get("infractions", path, InfractionDetail, guild.actor)
    return deps.templates.page("panels/infraction.html", guild=guild, item=found)
