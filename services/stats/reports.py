"""What people want to know: messages by hour, members by day, all compared with before."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from services.stats.deps import Deps
from services.stats.queries import days, events
from services.stats.queries.events import HOUR_MINUTES, QUARTER_MINUTES, Slot
from services.stats.spans import DAY, HOUR, Span, Split, split
from shared.contracts.ids import ChannelId, GuildId
from shared.errors import UserError

LONGEST: Final = timedelta(days=400)
"""The longest stretch of time that one question may be about."""


@dataclass(frozen=True, slots=True)
class HourCount:
    """How many messages people wrote in an hour."""

    hour: datetime
    count: int


@dataclass(frozen=True, slots=True)
class Messages:
    """Messages by hour; `bots` and `system` (Discord's own) are counted apart."""

    span: Span
    hours: list[HourCount]
    total: int
    bots: int
    system: int


@dataclass(frozen=True, slots=True)
class DayCount:
    """How many joined and left in a day of the server's time zone."""

    day: date
    joins: int
    leaves: int
    net: int


@dataclass(frozen=True, slots=True)
class Members:
    """Joins and leaves by day."""

    span: Span
    days: list[DayCount]
    joins: int
    leaves: int
    net: int


@dataclass(frozen=True, slots=True)
class Totals:
    """What happened in a stretch of time."""

    messages: int
    bots: int
    active_members: int
    joins: int
    leaves: int
    net: int


@dataclass(frozen=True, slots=True)
class Summary:
    """What happened, and what had happened in the same time before."""

    span: Span
    now: Totals
    before: Totals


def hours_around(span: Span, zone: ZoneInfo) -> Span:
    """Widen a span to full hours of a time zone; raises UserError when it makes no sense."""
    if span.start >= span.end:
        raise UserError("`from` has to be before `to`.")
    if span.end - span.start > LONGEST:
        raise UserError(f"That is more than {LONGEST.days} days; ask for less at a time.")
    shift = _past_the_hour(span.start, zone)
    start = _floor(span.start + shift) - shift
    end = _floor(span.end + shift) - shift
    return Span(start, end if end == span.end else end + HOUR)


def days_around(span: Span, zone: ZoneInfo) -> Span:
    """Widen a span to full days of a time zone; raises UserError when it makes no sense."""
    hours = hours_around(span, zone)
    first = hours.start.astimezone(zone).date()
    last = (span.end - timedelta(microseconds=1)).astimezone(zone).date()
    return Span(day_start(first, zone), day_start(last + DAY, zone))


def day_start(day: date, zone: ZoneInfo) -> datetime:
    """Return when a day begins in a time zone."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


async def messages_by_hour(
    deps: Deps, guild_id: GuildId, span: Span, zone: ZoneInfo, channel_id: ChannelId | None
) -> Messages:
    """Count messages for each hour, also for those that had none."""
    deps.check_migrated()
    hours = hours_around(span, zone)
    slots = await _slots(deps, guild_id, ("message",), hours, zone, channel_id=channel_id)
    by_hour = Counter[datetime]()
    by_writer = Counter[str]()
    for slot in slots:
        by_writer[slot.subkind] += slot.n
        if slot.subkind == "person":
            by_hour[_hour_of(slot.start, hours)] += slot.n
    counts = [HourCount(hour, by_hour[hour]) for hour in _each_hour(hours)]
    return Messages(hours, counts, by_writer["person"], by_writer["bot"], by_writer["system"])


async def members_by_day(deps: Deps, guild_id: GuildId, span: Span, zone: ZoneInfo) -> Members:
    """Count joins and leaves for each day of a time zone, also for those that had none."""
    deps.check_migrated()
    whole = days_around(span, zone)
    joins, leaves = Counter[date](), Counter[date]()
    for slot in await _slots(deps, guild_id, ("join", "leave"), whole, zone):
        counts = joins if slot.kind == "join" else leaves
        counts[slot.start.astimezone(zone).date()] += slot.n
    by_day = [
        DayCount(day, joins[day], leaves[day], joins[day] - leaves[day])
        for day in _each_day(whole, zone)
    ]
    joined, left = joins.total(), leaves.total()
    return Members(whole, by_day, joined, left, joined - left)


async def summary(deps: Deps, guild_id: GuildId, span: Span, zone: ZoneInfo) -> Summary:
    """Return the totals of a stretch of time, beside those of as long a time before."""
    deps.check_migrated()
    hours = hours_around(span, zone)
    now, before = await asyncio.gather(
        _totals(deps, guild_id, hours, zone), _totals(deps, guild_id, hours.before(), zone)
    )
    return Summary(hours, now, before)


async def _totals(deps: Deps, guild_id: GuildId, span: Span, zone: ZoneInfo) -> Totals:
    slots, members = await asyncio.gather(
        _slots(deps, guild_id, ("message", "join", "leave"), span, zone),
        _active_members(deps, guild_id, span),
    )
    joins = sum(slot.n for slot in slots if slot.kind == "join")
    leaves = sum(slot.n for slot in slots if slot.kind == "leave")
    return Totals(
        messages=sum(slot.n for slot in slots if slot.subkind == "person"),
        bots=sum(slot.n for slot in slots if slot.subkind == "bot"),
        active_members=members,
        joins=joins,
        leaves=leaves,
        net=joins - leaves,
    )


async def _active_members(deps: Deps, guild_id: GuildId, span: Span) -> int:
    where = split(span, await _summed(deps, span), whole_days=True)
    return await events.active_members(deps.clickhouse, guild_id, where)


async def _slots(
    deps: Deps,
    guild_id: GuildId,
    kinds: tuple[events.Kind, ...],
    span: Span,
    zone: ZoneInfo,
    *,
    channel_id: ChannelId | None = None,
) -> list[Slot]:
    """Count in slots that fit the hours of the time zone, from sums wherever they hold."""
    if _past_the_hour(span.start, zone):
        where, minutes = Split((), (span,)), QUARTER_MINUTES
    else:
        where, minutes = split(span, await _summed(deps, span)), HOUR_MINUTES
    return await events.slots(
        deps.clickhouse, guild_id, kinds, where, channel_id=channel_id, minutes=minutes
    )


async def _summed(deps: Deps, span: Span) -> frozenset[date]:
    touched = list(span.days)
    found = await days.summed(deps.db, touched[0], touched[-1])
    return frozenset(each.day for each in found)


def _past_the_hour(moment: datetime, zone: ZoneInfo) -> timedelta:
    """Return by how much a time zone's hours are off UTC's: 30 minutes in India."""
    offset = moment.astimezone(zone).utcoffset() or timedelta()
    return offset % HOUR


def _floor(moment: datetime) -> datetime:
    moment = moment.astimezone(UTC)
    return moment.replace(minute=0, second=0, microsecond=0)


def _each_hour(span: Span) -> Iterator[datetime]:
    hour = span.start
    while hour < span.end:
        yield hour
        hour += HOUR


def _each_day(span: Span, zone: ZoneInfo) -> Iterator[date]:
    day = span.start.astimezone(zone).date()
    while day_start(day, zone) < span.end:
        yield day
        day += DAY


def _hour_of(moment: datetime, span: Span) -> datetime:
    """Return the hour of the span that a moment is in."""
    return moment - (moment - span.start) % HOUR
