"""The HTTP API of stats: series and sums, each with how fresh it is."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, TypedDict
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, FastAPI, Path, Query, Request
from pydantic import BaseModel, Field

from services.stats import reports
from services.stats.deps import Deps
from services.stats.spans import Span
from shared.contracts.ids import ChannelId, GuildId
from shared.errors import UserError
from shared.http import SnowflakeText, require

router = APIRouter(
    prefix="/guilds/{guild_id}", tags=["statistics"], dependencies=[Depends(require("stats:read"))]
)


class Fresh(BaseModel):
    """How fresh the numbers are."""

    behind: int | None = Field(
        description="How many events wait to be counted, at least; null when that isn't known"
    )
    enabled: bool = Field(description="Whether this server's events are counted at all")


class Series(BaseModel):
    """What every answer says about itself; it covers `from` up to and without `to`."""

    guild_id: SnowflakeText
    start: datetime = Field(serialization_alias="from")
    end: datetime = Field(serialization_alias="to")
    tz: str
    fresh: Fresh


class HourCount(BaseModel):
    """The messages of an hour that begins at `hour`."""

    hour: datetime
    count: int


class HourlyMessages(Series):
    """Messages for each hour, also for those without any; bots' and Discord's own apart."""

    hours: list[HourCount]
    total: int
    bots: int
    system: int


class DayCount(BaseModel):
    """The joins and leaves of a day."""

    day: date
    joins: int
    leaves: int
    net: int


class DailyMembers(Series):
    """Joins and leaves for each day of the time zone, also for those without any."""

    days: list[DayCount]
    joins: int
    leaves: int
    net: int


class Totals(BaseModel):
    """What happened in a stretch of time."""

    messages: int
    bots: int
    active_members: int
    joins: int
    leaves: int
    net: int


class Summary(Series):
    """What happened, beside what had happened in as long a time before."""

    now: Totals
    before: Totals


class _About(TypedDict):
    guild_id: int
    start: datetime
    end: datetime
    tz: str
    fresh: Fresh


def deps_of(request: Request) -> Deps:
    """Return what the app was given."""
    deps: Deps = request.app.state.deps
    return deps


DepsOf = Annotated[Deps, Depends(deps_of)]
Guild = Annotated[SnowflakeText, Path(description="The server's id")]
Zone = Annotated[
    str | None, Query(description="A time zone such as Europe/Berlin; the server's by default")
]
Start = Annotated[
    str | None, Query(alias="from", description="ISO 8601, a date (its midnight) or a moment")
]
End = Annotated[str | None, Query(alias="to", description="As `from`, and not included")]


@router.get("/messages/hourly")
async def messages_hourly(
    deps: DepsOf,
    guild_id: Guild,
    start: Start = None,
    end: End = None,
    channel: Annotated[SnowflakeText | None, Query(description="Only this channel's")] = None,
    tz: Zone = None,
) -> HourlyMessages:
    """Count the messages of people by hour; the last 24 hours unless said otherwise."""
    zone = _zone(deps, guild_id, tz)
    span = _span(start, end, zone, timedelta(hours=24))
    channel_id = None if channel is None else ChannelId(channel)
    found = await reports.messages_by_hour(deps, GuildId(guild_id), span, zone, channel_id)
    return HourlyMessages(
        **await _about(deps, guild_id, found.span, zone),
        hours=[HourCount(hour=each.hour, count=each.count) for each in found.hours],
        total=found.total,
        bots=found.bots,
        system=found.system,
    )


@router.get("/members/daily")
async def members_daily(
    deps: DepsOf, guild_id: Guild, start: Start = None, end: End = None, tz: Zone = None
) -> DailyMembers:
    """Count joins and leaves by day; the last 30 days unless said otherwise."""
    zone = _zone(deps, guild_id, tz)
    span = _span(start, end, zone, timedelta(days=29))
    found = await reports.members_by_day(deps, GuildId(guild_id), span, zone)
    return DailyMembers(
        **await _about(deps, guild_id, found.span, zone),
        days=[DayCount.model_validate(each, from_attributes=True) for each in found.days],
        joins=found.joins,
        leaves=found.leaves,
        net=found.net,
    )


@router.get("/summary")
async def summary(
    deps: DepsOf, guild_id: Guild, start: Start = None, end: End = None, tz: Zone = None
) -> Summary:
    """Sum up a stretch of time and the one before; the last 7 days unless said otherwise."""
    zone = _zone(deps, guild_id, tz)
    span = _span(start, end, zone, timedelta(days=7) - timedelta(hours=1))
    found = await reports.summary(deps, GuildId(guild_id), span, zone)
    return Summary(
        **await _about(deps, guild_id, found.span, zone),
        now=Totals.model_validate(found.now, from_attributes=True),
        before=Totals.model_validate(found.before, from_attributes=True),
    )


def include(app: FastAPI, deps: Deps) -> None:
    """Add the routes to an app."""
    app.state.deps = deps
    app.include_router(router)


async def _about(deps: Deps, guild_id: int, span: Span, zone: ZoneInfo) -> _About:
    enabled = deps.config.get(GuildId(guild_id)).plugins.stats.enabled
    fresh = Fresh(behind=await deps.progress.behind(), enabled=enabled)
    return {
        "guild_id": guild_id,
        "start": span.start,
        "end": span.end,
        "tz": zone.key,
        "fresh": fresh,
    }


def _zone(deps: Deps, guild_id: int, name: str | None) -> ZoneInfo:
    """Return a time zone by name, the server's without one."""
    name = name or deps.config.get(GuildId(guild_id)).plugins.stats.timezone
    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        raise UserError(f"`{name}` is not a time zone such as UTC or Europe/Berlin.") from None


def _span(start: str | None, end: str | None, zone: ZoneInfo, length: timedelta) -> Span:
    """Return the stretch of time that was asked for, the last `length` of it without a `from`."""
    until = _moment("to", end, zone) if end else datetime.now(UTC)
    return Span(_moment("from", start, zone) if start else until - length, until)


def _moment(name: str, text: str, zone: ZoneInfo) -> datetime:
    """Read a date, or a moment; one without an offset is of the time zone."""
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        raise UserError(f"`{name}` is not a date or time such as 2026-11-23T18:00:00Z.") from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=zone)
    if not datetime(2015, 1, 1, tzinfo=UTC) <= moment < datetime(2100, 1, 1, tzinfo=UTC):
        raise UserError(f"`{name}` is before Discord began, or too far away.")
    return moment.astimezone(UTC)
