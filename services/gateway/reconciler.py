"""Makes good what a lost session has cost: the audit log's entries, what differs, who left."""

import asyncio
import time
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final, NamedTuple, cast

import msgspec
import structlog
from msgspec import Struct

from services.gateway import queries
from services.gateway.differences import compare
from services.gateway.metrics import Metrics
from services.gateway.queries import Gap
from services.gateway.rest.client import Answer, Request, Rest
from services.gateway.rest.routes import of_guild, with_query
from shared.bus import Bus
from shared.contracts.codec import encode
from shared.contracts.discord import ADMINISTRATOR, VIEW_AUDIT_LOG, GuildSnapshot
from shared.contracts.domain import AuditLog, EventsMissed, GuildReconciled
from shared.contracts.topology import DISCORD_EVENTS, FLOTILLA_EVENTS, event_key
from shared.permissions import permissions_of
from shared.postgres import Db, is_unavailable, listen

PAGE: Final = 100
"""Entries that Discord gives at once, at most."""

PAGES: Final = 50
"""How much of one guild's audit log is read: more than 5 000 missed entries are cut there."""

AT_ONCE: Final = 8
"""Guilds that are reconciled at a time."""

PATIENCE: Final = 30.0
"""Seconds that one page may take, with the waits for Discord's limits."""

ATTEMPTS: Final = 8
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=10), timedelta(minutes=10)
"""Between two attempts at a guild whose audit log Discord does not give; the pauses double."""

LOOK: Final = 30.0
"""Seconds between two looks for what was put off."""

AGAIN: Final = 1.0
FORBIDDEN: Final = 403
NOT_FOUND: Final = 404
ENTRY: Final = "GUILD_AUDIT_LOG_ENTRY_CREATE"
LEFT: Final = "GUILD_DELETE"

log = structlog.get_logger()


class _Log(Struct, frozen=True):
    """A page of an audit log. Any: an entry is passed on with whatever Discord says in it."""

    audit_log_entries: tuple[dict[str, Any], ...] = ()


class Replayed(NamedTuple):
    """What came of reading a guild's audit log."""

    log: AuditLog
    entries: int
    cut: bool = False


class _LaterError(Exception):
    """Discord gave no answer; it may later."""


class Reconciler:
    """Works off the gaps that are due, in the process that carries out actions.

    What it publishes has natural ids: after a kill amid it, the same may be published again.
    """

    def __init__(self, db: Db, bus: Bus, rest: Rest, metrics: Metrics, *, page: int = PAGE) -> None:
        self._db = db
        self._bus = bus
        self._rest = rest
        self._metrics = metrics
        self._page = page

    async def run(self) -> None:
        """Reconcile guilds until cancelled."""
        due = asyncio.Event()
        listening = asyncio.create_task(listen(self._db, queries.GAPS_CHANNEL, due.set))
        try:
            while True:
                due.clear()
                await self._work_off()
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK):
                        await due.wait()
        finally:
            listening.cancel()

    async def _work_off(self) -> None:
        """Reconcile until nothing is due; while Postgres is away, wait for it."""
        while True:
            try:
                gaps = await queries.due_gaps(self._db, AT_ONCE)
                await asyncio.gather(*(self._try(gap) for gap in gaps))
            except Exception as error:
                if not is_unavailable(error):
                    raise
                await asyncio.sleep(AGAIN)
            else:
                if not gaps:
                    return

    async def _try(self, gap: Gap) -> None:
        """Reconcile a guild, or put it off."""
        try:
            await self._reconcile(gap)
        except _LaterError:
            await self._put_off(gap)
        except Exception as error:
            if is_unavailable(error):
                raise
            log.exception("guild_not_reconciled", guild_id=gap.guild_id)
            await self._put_off(gap)

    async def _put_off(self, gap: Gap) -> None:
        pause = min(FIRST_PAUSE * 2**gap.attempts, LONGEST_PAUSE)
        await queries.put_off_gap(self._db, gap, pause)

    async def _reconcile(self, gap: Gap) -> None:
        """Tell everything about a gap, in this order: entries, differences, that there was one."""
        if gap.has_left:
            await self._tell_left(gap)
            replayed = Replayed("unavailable", 0)
        else:
            replayed = await self._replay(gap)
        await self._tell_differences(gap, replayed)
        if not gap.has_left:
            await self._tell_missed(gap)
        await queries.note_told(self._db, gap)
        self._metrics.reconciled.labels(replayed.log).inc()
        log.info(
            "guild_reconciled",
            guild_id=gap.guild_id,
            since=gap.since.isoformat(),
            has_left=gap.has_left,
            audit_log=replayed.log,
            audit_entries=replayed.entries,
            cut=replayed.cut,
        )

    # --- the audit log --------------------------------------------------------------------------

    async def _replay(self, gap: Gap) -> Replayed:
        """Publish the entries that were made meanwhile, oldest first, from where it was left off.

        Raises _LaterError.
        """
        newest, count = gap.after_entry_id, gap.entries
        if gap.after is not None and not _may_read(gap.after):
            return Replayed("forbidden", count)
        for _ in range(PAGES):
            answer = await self._ask(gap, newest)
            if not answer.ok:
                return Replayed(_judge(answer, gap), count)
            entries = _entries(answer.body)
            for entry_id, entry in entries:
                await self._publish_entry(gap, entry_id, entry)
                newest, count = entry_id, count + 1
            await queries.advance_gap(self._db, gap, newest, count)
            if len(entries) < self._page:
                return Replayed("read", count)
        log.warning("audit_log_cut", guild_id=gap.guild_id, entries=count)
        return Replayed("read", count, cut=True)

    async def _ask(self, gap: Gap, after: int) -> Answer:
        route = of_guild("GET", gap.guild_id, "/audit-logs")
        deadline = time.monotonic() + PATIENCE
        page = with_query(route, after=after, limit=self._page)
        return await self._rest.call(Request(page, deadline, priority="bulk"))

    async def _publish_entry(self, gap: Gap, entry_id: int, entry: dict[str, Any]) -> None:
        """Publish an entry as Discord's gateway would have sent it."""
        body = msgspec.json.encode({**entry, "guild_id": str(gap.guild_id)})
        await self._publish_event(gap, ENTRY, body, f"audit:{gap.guild_id}:{entry_id}")
        self._metrics.replayed.inc()

    # --- telling --------------------------------------------------------------------------------

    async def _tell_left(self, gap: Gap) -> None:
        """Publish what Discord's gateway would have sent when the bot left."""
        body = encode({"id": str(gap.guild_id)})
        await self._publish_event(gap, LEFT, body, f"left:{gap.guild_id}:{gap.event_id}")

    async def _tell_differences(self, gap: Gap, replayed: Replayed) -> None:
        told = GuildReconciled(
            guild_id=gap.guild_id,
            since=gap.since,
            until=gap.until,
            has_left=gap.has_left,
            audit_log=replayed.log,
            audit_log_cut=replayed.cut,
            audit_entries=replayed.entries,
        )
        differing = compare(told, gap.before, gap.after)
        await self._tell(gap, differing, f"{gap.event_id}:{gap.guild_id}:reconciled")

    async def _tell_missed(self, gap: Gap) -> None:
        missed = EventsMissed(
            guild_id=gap.guild_id, shard_id=gap.shard_id, since=gap.since, until=gap.until
        )
        await self._tell(gap, missed, f"{gap.event_id}:missed")

    async def _tell(self, gap: Gap, event: GuildReconciled | EventsMissed, message_id: str) -> None:
        await self._bus.publish(
            FLOTILLA_EVENTS,
            event.KEY,
            event,
            message_id=message_id,
            guild_id=gap.guild_id,
            type=event.KEY,
        )

    async def _publish_event(self, gap: Gap, type_: str, body: bytes, message_id: str) -> None:
        await self._bus.publish(
            DISCORD_EVENTS,
            event_key(type_, gap.guild_id),
            body,
            message_id=message_id,
            guild_id=gap.guild_id,
            type=type_,
        )


def _may_read(guild: GuildSnapshot) -> bool:
    """Say whether the bot may read the audit log, so as not to ask Discord in vain."""
    allowed = permissions_of(guild, guild.bot_roles) & (ADMINISTRATOR | VIEW_AUDIT_LOG)
    return bool(allowed) or guild.owner_id == guild.bot_id


def _judge(answer: Answer, gap: Gap) -> AuditLog:
    """Return what an answer other than the log means. Raises _LaterError."""
    if answer.status == FORBIDDEN:
        return "forbidden"
    if answer.status == NOT_FOUND or gap.attempts + 1 >= ATTEMPTS:
        return "unavailable"
    raise _LaterError


def _entries(body: bytes) -> list[tuple[int, dict[str, Any]]]:
    """Return the entries of a page with their ids, oldest first."""
    page = msgspec.json.decode(body, type=_Log)
    return sorted(((int(cast("str", one["id"])), one) for one in page.audit_log_entries), key=_id)


def _id(entry: tuple[int, object]) -> int:
    return entry[0]
