"""The statistics of a server: graphs that load by themselves, each with its numbers in words."""

from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from services.web.answers import DailyMembers, Fresh, HourlyMessages
from services.web.charts import (
    BY_KEY,
    HOUR,
    ORDINARY,
    RANGES,
    Chart,
    Range,
    members_chart,
    messages_chart,
    worth_showing,
)
from services.web.deps import Deps
from services.web.guarding import DepsOf, Entered, LoggedIn
from services.web.pages.routes import PageRoute, page

router = APIRouter(prefix="/guilds/{guild_id}", route_class=PageRoute, include_in_schema=False)


def range_of(key: Annotated[str, Query(alias="range")] = ORDINARY.key) -> Range:
    """Return how far back to look; a week for a word that nobody knows."""
    return BY_KEY.get(key, ORDINARY)


RangeOf = Annotated[Range, Depends(range_of)]


@router.get("/statistics")
async def statistics(deps: DepsOf, session: LoggedIn, guild: Entered, span: RangeOf) -> Response:
    """Show the graphs."""
    return page(deps, "statistics.html", session, guild, range=span, ranges=RANGES)


@router.get("/panels/messages")
async def messages(deps: DepsOf, guild: Entered, span: RangeOf, brief: bool = False) -> Response:
    """Draw messages by hour."""
    # this hour is not over, but counts: the graph ends with it
    end = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + HOUR
    start = end - 2 * span.length
    found = await deps.owners.get(
        "stats",
        f"/guilds/{guild.id}/messages/hourly",
        HourlyMessages,
        guild.actor,
        {"from": start.isoformat(), "to": end.isoformat()},
    )
    shown = worth_showing(found.hours, span) if brief else span
    chart = messages_chart(found.hours, shown, ZoneInfo(found.tz), brief=brief)
    return _panel(deps, chart, found.fresh)


@router.get("/panels/members")
async def members(deps: DepsOf, guild: Entered, span: RangeOf) -> Response:
    """Draw joins and leaves by day; a week is the least that makes a graph of days."""
    shown = span if span.length > ORDINARY.length else ORDINARY
    now = datetime.now(UTC)
    start = now - shown.length + 24 * HOUR
    found = await deps.owners.get(
        "stats",
        f"/guilds/{guild.id}/members/daily",
        DailyMembers,
        guild.actor,
        {"from": start.isoformat(), "to": now.isoformat()},
    )
    return _panel(deps, members_chart(found, shown), found.fresh)


def _panel(deps: Deps, chart: Chart, fresh: Fresh) -> Response:
    note = ""
    if not fresh.enabled:
        note = "statistics are turned off in this server"
    elif fresh.behind:
        note = f"{fresh.behind} event{' is' if fresh.behind == 1 else 's are'} still being counted"
    return deps.templates.page("panels/chart.html", chart=chart, behind=note)
