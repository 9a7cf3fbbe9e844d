"""Taking over a record from a file: once, in order of time, with everything that it says.

What comes is written as it was: times, moderators, states. It is no new event, and nobody hears of
it by webhook, message or mod-log; its history ends with who imported it.
"""

import asyncio
import zlib
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from msgspec import Struct, field
from msgspec.structs import replace

from services.infractions import origins, queries
from services.infractions.actions import settling
from services.infractions.actions.muting import LONGEST_TIMEOUT, RENEWED_BEFORE
from services.infractions.actions.rechecking import recheck_later
from services.infractions.deps import Deps
from services.infractions.model import (
    LARGEST_NUMBER,
    LASTING,
    Infraction,
    Kind,
    Person,
    State,
    Step,
)
from services.infractions.origins import Brought, Origin
from services.infractions.timers import RenewMute
from shared import jobs
from shared.contracts.ids import GuildId
from shared.errors import UserError
from shared.postgres import Connection, transaction

BATCH: Final = 2000
"""Infractions in one transaction; other measures of the guild wait for it."""

LARGEST_FILE: Final = 64 * 2**20
"""Bytes of a file, unpacked: as it is put into order of time, all of it is in memory."""

RENEW_AFTER: Final = timedelta(minutes=10)
"""How long asking Discord about what holds, which begins after an import, may take."""

MOST_MISTAKES: Final = 100
"""Mistakes that are named; the others are only counted."""

_GZIP: Final = b"\x1f\x8b"


class ImportMistake(Struct, frozen=True):
    """A row that was left out, and why."""

    line: int
    reason: str


class Imported(Struct, kw_only=True):
    """What an import did, or would do: what was `known` was there from an import before."""

    read: int = 0
    imported: int = 0
    known: int = 0
    wrong: int = 0
    mistakes: list[ImportMistake] = field(default_factory=list[ImportMistake])
    kinds: dict[Kind, int] = field(default_factory=dict[Kind, int])
    in_force: int = 0
    timers: int = 0
    dry_run: bool = False


async def import_record(  # the last four are choices
    deps: Deps,
    guild_id: GuildId,
    data: bytes,
    origin: Origin,
    by: Person,
    *,
    activate: bool = False,
    dry_run: bool = False,
    most_mistakes: int = MOST_MISTAKES,
) -> Imported:
    """Record what a file holds, and return what came of it; a second time changes nothing.

    Measures that are in force end in time, and go on for as long as they say, only with `activate`;
    without, that is left to whoever ordered them. Raises UserError for a file that is none.
    """
    reading = await asyncio.to_thread(_read, data, origin, guild_id)
    brought = _in_order(_once(reading), origin)
    done = Imported(
        read=len(brought) + len(reading.mistakes), wrong=len(reading.mistakes), dry_run=dry_run
    )
    mistakes = sorted(reading.mistakes, key=lambda one: one.line)[:most_mistakes]
    done.mistakes = [ImportMistake(one.line, one.reason) for one in mistakes]
    for start in range(0, len(brought), BATCH):
        await _take(deps, guild_id, brought[start : start + BATCH], by, done, activate=activate)
    if done.in_force and not dry_run:
        await recheck_later(deps, guild_id)
    return done


def unpacked(data: bytes) -> bytes:
    """Return a file as it is without gzip. Raises UserError when it is too large or damaged."""
    if data.startswith(_GZIP):
        unpacker = zlib.decompressobj(wbits=31)
        try:
            data = unpacker.decompress(data, LARGEST_FILE + 1)
        except zlib.error:
            raise UserError("This gzip file is damaged.") from None
        if not unpacker.eof and len(data) <= LARGEST_FILE:
            raise UserError("This gzip file is cut off.")
    if len(data) > LARGEST_FILE:
        most = LARGEST_FILE >> 20
        raise UserError(
            f"This file has more than {most} MiB. Cut it into several and import them in order.",
            status=413,
            code="too_large",
        )
    return data


# --- the file -----------------------------------------------------------------------------------


def _read(data: bytes, origin: Origin, guild_id: GuildId) -> origins.Reading:
    return origins.read(unpacked(data), origin, guild_id)


def _once(reading: origins.Reading) -> list[Brought]:
    """Leave out what stands in the file a second time."""
    first: dict[str, Brought] = {}
    for one in reading.brought:
        known = first.setdefault(one.source_key, one)
        if known is not one:
            reading.mistakes.append(origins.Mistake(one.line, f"is the same as {known.line}"))
    return list(first.values())


def _in_order(brought: list[Brought], origin: Origin) -> list[Brought]:
    """Put by time what gets new numbers, by their old ones what may keep them."""
    if origin is Origin.FLOTILLA:
        return sorted(brought, key=lambda one: one.infraction.number)
    return _one_in_force(sorted(brought, key=lambda one: (one.infraction.created_at, one.line)))


def _one_in_force(brought: list[Brought]) -> list[Brought]:
    """Let only the newest of a member's measures of a kind hold, as it is on Discord."""
    newest = {
        (one.infraction.user_id, one.infraction.kind): one.source_key
        for one in brought
        if one.infraction.state is State.ACTIVE and one.infraction.kind is not Kind.TEMPROLE
    }
    return [
        one
        if newest.get((one.infraction.user_id, one.infraction.kind), one.source_key)
        == one.source_key
        else _lifted(one)
        for one in brought
    ]


def _lifted(one: Brought) -> Brought:
    if one.infraction.state is not State.ACTIVE:
        return one
    return replace(one, infraction=replace(one.infraction, state=State.LIFTED))


# --- the record ---------------------------------------------------------------------------------


async def _take(
    deps: Deps,
    guild_id: GuildId,
    batch: Sequence[Brought],
    by: Person,
    done: Imported,
    *,
    activate: bool,
) -> None:
    """Record some of it in one transaction, or only look at what would be."""
    async with transaction(deps.db) as tx:
        last = 0 if done.dry_run else await queries.lock_numbers(tx, guild_id)
        known = await queries.known_sources(tx, guild_id, [one.source_key for one in batch])
        fresh = [one for one in batch if one.source_key not in known]
        fresh = await _standing(tx, guild_id, fresh)
        timed = [one for one in fresh if activate and _is_timed(one.infraction)]
        if not done.dry_run and fresh:
            numbered = await _numbered(tx, guild_id, fresh, last)
            await queries.copy_in(tx, [_row(one, by) for one in numbered])
            highest = max(last, *(one.infraction.number for one in numbered))
            await queries.set_last_number(tx, guild_id, highest)
            for one in numbered:
                if activate and one.infraction.state is State.ACTIVE:
                    await _set_timers(tx, one.infraction)
    _count(done, fresh, known=len(known), timers=len(timed))


def _count(done: Imported, fresh: Sequence[Brought], *, known: int, timers: int) -> None:
    done.known += known
    done.imported += len(fresh)
    done.timers += timers
    done.in_force += sum(one.infraction.state is State.ACTIVE for one in fresh)
    done.kinds = dict(Counter(done.kinds) + Counter(one.infraction.kind for one in fresh))


async def _standing(tx: Connection, guild_id: GuildId, fresh: list[Brought]) -> list[Brought]:
    """Let what Flotilla itself has in force stand before what comes from elsewhere."""
    active = [one.infraction for one in fresh if one.infraction.state is State.ACTIVE]
    if not active:
        return fresh
    held = await queries.under(tx, guild_id, [one.user_id for one in active])
    return [
        _lifted(one) if (one.infraction.user_id, one.infraction.kind.value) in held else one
        for one in fresh
    ]


async def _numbered(
    tx: Connection, guild_id: GuildId, fresh: Sequence[Brought], last: int
) -> list[Brought]:
    """Give everything a number: its own if that is free, else the next."""
    wanted = [one.infraction.number for one in fresh if one.infraction.number]
    taken = await queries.taken_numbers(tx, guild_id, wanted) if wanted else set[int]()
    following = max(last, *(number for number in wanted if number not in taken), 0)
    if following + len(fresh) > LARGEST_NUMBER:
        raise UserError("A server can't have as many infractions as these numbers say.")
    numbered: list[Brought] = []
    for one in fresh:
        number = one.infraction.number
        replaced_by = one.infraction.replaced_by
        if not number or number in taken:
            following += 1
            number, replaced_by = following, None  # the other may have a new number too
        taken.add(number)
        placed = replace(one.infraction, number=number, replaced_by=replaced_by)
        numbered.append(replace(one, infraction=placed))
    return numbered


def _row(one: Brought, by: Person) -> tuple[Infraction, str, Sequence[Step]]:
    """Return what is written: the history ends with the import, which is its version too."""
    step = Step(
        step=len(one.history) + 1,
        at=datetime.now(UTC),
        actor_id=by.id or None,
        actor_name=by.name,
        change="imported",
        detail="",
    )
    steps = (*one.history, step)
    return replace(one.infraction, version=len(steps)), one.source_key, steps


def _is_timed(infraction: Infraction) -> bool:
    return (
        infraction.state is State.ACTIVE
        and infraction.kind in LASTING
        and infraction.expires_at is not None
    )


async def _set_timers(tx: Connection, infraction: Infraction) -> None:
    """Have a measure end when its time is up, and a timeout renewed that goes on beyond Discord's.

    Not before Discord was asked whether it still is there: what was lifted is not put on again.
    """
    if infraction.subject is None:
        return
    if _is_timed(infraction):
        await settling.set_timer(tx, infraction, infraction.subject)
    now = datetime.now(UTC)
    ends = infraction.expires_at
    if settling.is_timeout(infraction) and (ends is None or ends > now + LONGEST_TIMEOUT):
        renewed_at = (infraction.applied_until or now) - RENEWED_BEFORE
        job = RenewMute(guild_id=infraction.guild_id, number=infraction.number)
        await jobs.schedule(
            tx, job, at=max(renewed_at, now + RENEW_AFTER), key=infraction.subject.key
        )
