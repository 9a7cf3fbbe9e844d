"""Recording what people and other bots do to members on Discord: once, with who it was.

What an entry of the audit log tells may be older than what the record knows, as entries come late
after an outage. Then their times decide, and where clocks differ too little to tell, Discord.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog
from msgspec import Struct
from msgspec.structs import replace

from services.infractions import queries
from services.infractions.actions import settling
from services.infractions.actions.comparing import is_same_timeout, is_so
from services.infractions.actions.deeds import Deed, deeds_of
from services.infractions.actions.writing import note
from services.infractions.deps import Deps
from services.infractions.model import (
    SOMEONE,
    Infraction,
    Kind,
    Order,
    Person,
    State,
)
from services.infractions.queries import Touched
from shared.contracts.events import AuditLogEntryCreated
from shared.errors import NotFoundError, UnavailableError
from shared.postgres import Connection, Executor, transaction

CLOCKS: Final = timedelta(minutes=1)
"""How far Discord's clock and the database's may be apart."""

LATEST_NAME: Final = timedelta(minutes=15)
"""How long after something was recorded without a moderator its entry may be about it."""

TRIES: Final = 5
"""How often a decision is taken anew when the record changed meanwhile."""

log = structlog.get_logger()


class Picture(Struct, kw_only=True, frozen=True):
    """What the record says of a deed's subject, and whether the deed stands in it already."""

    recorded: bool
    newest: Infraction | None = None
    touched: Touched = Touched(by_entry=None, otherwise=None)


Judge = Callable[[Deps, Deed, Picture], Awaitable[bool | None]]
"""Says whether a deed is how things are now (True), or is over (False), or is to be left alone."""


async def see(deps: Deps, entry: AuditLogEntryCreated) -> None:
    """Record what an entry of Discord's audit log says, unless Flotilla did it itself.

    Raises UnavailableError while it can't be told: the gateway or Discord is away, or a measure
    about the same is under way.
    """
    mute_role = deps.config.get(entry.guild_id).plugins.infractions.mute_role
    deeds = deeds_of(entry, mute_role)
    if not deeds or await _is_own(deps, entry):
        return
    for deed in deeds:
        await record(deps, await _of_former_mute_role(deps, deed), judge_by_time)


async def _is_own(deps: Deps, entry: AuditLogEntryCreated) -> bool:
    """Say whether the bot did it: nothing else of Flotilla bans, kicks or mutes than this record.

    So it has a record already, or one that is pending and will be finished.
    """
    try:
        guild = await deps.gateway.guild(entry.guild_id)
    except NotFoundError:
        log.info("not_recorded", entry=entry.id, reason="the bot is not in that server any more")
        return True
    return entry.user_id == guild.bot_id


async def _of_former_mute_role(deps: Deps, deed: Deed) -> Deed:
    """Return the taking of a role that muted, by a former configuration, as an unmute."""
    if not deed.taken:
        return deed
    unmute = replace(deed, kind=Kind.UNMUTE, taken=False)
    assert unmute.subject is not None
    newest = await queries.newest(deps.db, unmute.subject)
    return unmute if newest is not None and deed.is_about(newest) else deed


# --- the decision -------------------------------------------------------------------------------


async def judge_by_time(deps: Deps, deed: Deed, picture: Picture) -> bool:
    """Decide whether a deed is newer than what the record knows of its subject.

    Raises UnavailableError when that can't be told yet.
    """
    known = picture.touched
    if deed.subject is None:
        return True
    if deed.until is not None and deed.until <= datetime.now(UTC):
        return False
    if known.by_entry is not None and deed.at < known.by_entry:
        return False
    if known.otherwise is None or deed.at > known.otherwise + CLOCKS:
        return True
    return await _judge_closely(deps, deed, picture.newest, known.otherwise)


async def _judge_closely(
    deps: Deps, deed: Deed, newest: Infraction | None, touched: datetime
) -> bool:
    """Decide where the clocks don't: by what stands in the record, else by what Discord says."""
    if newest is not None and newest.state is State.PENDING:
        raise UnavailableError("A measure about the same is under way.")
    if newest is not None and deed.puts_on and is_same(deed, newest):
        return deed.at > newest.created_at
    if newest is None and not deed.puts_on:
        return True
    says = await is_so(deps, deed)
    return deed.at > touched if says is None else says


def is_same(deed: Deed, newest: Infraction) -> bool:
    """Say whether a measure holds as the deed says: a ban is a ban, a timeout has an end."""
    if not deed.is_about(newest):
        return False
    return deed.until is None or is_same_timeout(newest, deed.until)


# --- recording ----------------------------------------------------------------------------------


async def record(deps: Deps, deed: Deed, judge: Judge) -> None:
    """Record a deed once, as how things are or as what is over.

    Raises UnavailableError when that can't be decided yet.
    """
    user, by = await _people(deps, deed)
    for _ in range(TRIES):
        picture = await _picture(deps.db, deed)
        now = None if picture.recorded else await judge(deps, deed, picture)
        if now is None:
            return
        async with transaction(deps.db) as tx:
            await queries.hold_guild(tx, deed.guild_id)
            if await _picture(tx, deed) == picture:
                await _write(deps, tx, _Seen(deed=deed, user=user, by=by, picture=picture, now=now))
                return
    raise UnavailableError("The record of the same changed meanwhile.")


async def _people(deps: Deps, deed: Deed) -> tuple[Person, Person]:
    if not deed.moderator_id:
        return await deps.people.named(deed.user_id), SOMEONE
    user, by = await asyncio.gather(
        deps.people.named(deed.user_id), deps.people.named(deed.moderator_id)
    )
    return user, by


async def _picture(db: Executor, deed: Deed) -> Picture:
    recorded = await queries.is_recorded(db, deed.guild_id, deed.source_key)
    subject = deed.subject
    if recorded or subject is None:
        return Picture(recorded=recorded)
    newest = await queries.newest(db, subject)
    return Picture(recorded=False, newest=newest, touched=await queries.touched(db, subject))


class _Seen(Struct, kw_only=True, frozen=True):
    """A deed with whom it concerns, what the record says, and what was decided."""

    deed: Deed
    user: Person
    by: Person
    picture: Picture
    now: bool

    @property
    def order(self) -> Order:
        """The deed as a measure that somebody ordered."""
        deed = self.deed
        return Order(
            guild_id=deed.guild_id,
            kind=deed.kind,
            user=self.user,
            moderator=self.by,
            reason=deed.reason,
            source=deed.source,
            source_key=deed.source_key,
            role_id=deed.role_id,
        )

    @property
    def how(self) -> str:
        """How it came into the record, for the history."""
        return "found in the audit log" if self.deed.source == "audit" else "seen on Discord"


async def _write(deps: Deps, tx: Connection, seen: _Seen) -> None:
    deed, newest = seen.deed, seen.picture.newest
    manual = deps.config.get(deed.guild_id).plugins.infractions.record_manual
    if await _name(tx, seen):
        return
    if deed.taken or not manual:
        if seen.now and newest is not None and deed.is_about(newest):
            await settling.lift_recorded(tx, newest, seen.by, _ended_by(deed))
        return
    if seen.now and not _stands_beside(deed, newest):
        await settling.record_seen(tx, seen.order, seen.how, at=deed.at, expires_at=deed.until)
    else:
        await _write_past(tx, seen)
    log.info("deed_recorded", key=deed.source_key, kind=deed.kind.value, now=seen.now)


async def _name(tx: Connection, seen: _Seen) -> bool:
    """Add who it was to what was recorded without knowing that; say whether there was such."""
    deed = seen.deed
    if deed.source != "audit" or deed.subject is None:
        return False
    known = await queries.nameless(
        tx,
        deed.guild_id,
        deed.user_id,
        deed.kind,
        deed.role_id,
        deed.at,
        sooner=CLOCKS,
        later=LATEST_NAME,
    )
    if known is None:
        return False
    await queries.set_moderator(tx, known, seen.by, deed.reason, deed.source_key)
    await note(tx, known, seen.by, "named", seen.how)
    return True


async def _write_past(tx: Connection, seen: _Seen) -> None:
    """Record what does not hold any more, or only beside a measure that holds longer."""
    deed, newest = seen.deed, seen.picture.newest
    over = "over when it was heard of"
    ran_out = deed.until is not None and deed.until <= datetime.now(UTC)
    if newest is not None and not ran_out:
        over = f"#{newest.number} holds {'longer' if seen.now else 'since'}"
    await settling.record_past(
        tx, seen.order, seen.how, at=deed.at, expires_at=deed.until, over=over, after=newest
    )


def _stands_beside(deed: Deed, newest: Infraction | None) -> bool:
    """Say whether a mute by other means stands, which this one does not outlast, or did not end."""
    if newest is None or deed.is_about(newest):
        return False
    if not deed.puts_on or newest.expires_at is None:
        return True
    return deed.until is not None and deed.until <= newest.expires_at


def _ended_by(deed: Deed) -> str:
    words = {
        Kind.BAN: "banned anew",
        Kind.UNBAN: "unbanned",
        Kind.MUTE: "muted anew",
        Kind.UNMUTE: "unmuted",
        Kind.TEMPROLE: "the role was taken away",
    }
    return f"{words[deed.kind]} by hand"
