"""From a shard to the bus: events in order, commands recognised, all of it confirmed."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from typing import TypeAlias

import structlog
from msgspec import Struct, structs

from services.gateway.metrics import Metrics
from services.gateway.queries import Session
from services.gateway.shards.dispatch import Dispatch, Ready
from services.gateway.shards.progress import Progress, Step
from services.gateway.shards.window import Window
from services.gateway.snapshots import Snapshots
from shared.bus.stream import Stream
from shared.contracts.topology import event_key

Work: TypeAlias = Coroutine[None, None, None]
Recognise: TypeAlias = Callable[[Dispatch], Work | None]

log = structlog.get_logger()


class _State(Struct, eq=False):
    """Where a shard stands: its session as it is to be saved, without the sequence number."""

    shard_count: int
    session: Session | None
    progress: Progress
    saved_seq: int = -1
    settled: asyncio.Event | None = None
    seen_at: datetime | None = None
    read_at: float = 0.0

    @property
    def last_seen(self) -> datetime | None:
        """When something was last heard from Discord, in this process or one before."""
        if not self.read_at:
            return self.seen_at
        return datetime.now(UTC) - timedelta(seconds=time.monotonic() - self.read_at)


class Feed:
    """Takes events from the shards of this process; never raises into them."""

    def __init__(
        self,
        stream: Stream,
        window: Window,
        snapshots: Snapshots,
        recognise: Recognise,
        metrics: Metrics,
    ) -> None:
        self._stream = stream
        self._window = window
        self._snapshots = snapshots
        self._recognise = recognise
        self._confirm_seconds = metrics.confirm
        # looking a label up costs more than counting
        self._counter_of = cache(metrics.events.labels)
        self._states: dict[int, _State] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.fresh = asyncio.Event()
        """Set when a new session is to be saved at once, as a kill now would lose it."""

    def resume(self, shard_id: int, shard_count: int, session: Session | None) -> None:
        """Begin with a shard, where another process left it if it did."""
        seq = session.seq if session else None
        self._states[shard_id] = _State(
            shard_count,
            session,
            Progress(seq),
            seq or -1,
            seen_at=session.saved_at if session else None,
        )

    def begin(self, shard_id: int, ready: Ready) -> None:
        """Note that a new session began."""
        former = self._states[shard_id]
        shard_count = former.shard_count
        session = Session(
            shard_id=shard_id,
            shard_count=shard_count,
            session_id=ready.session_id,
            seq=0,
            resume_url=ready.resume_gateway_url,
            user_id=ready.user.id,
            application_id=ready.application.id if ready.application else 0,
        )
        self._states[shard_id] = _State(shard_count, session, Progress())
        self._snapshots.begin(shard_id, shard_count, ready, former.last_seen)

    def lost(self, shard_id: int) -> None:
        """Note that a session is lost; there is nothing to save until the next one."""
        former = self._states[shard_id]
        self._snapshots.confirmed(shard_id, former.progress.confirmed)
        self._states[shard_id] = _State(
            former.shard_count, None, Progress(), seen_at=former.last_seen
        )

    def take(self, event: Dispatch) -> None:
        """Publish an event, and what follows from it."""
        state = self._states[event.shard_id]
        state.read_at = event.read_at
        self._counter_of(event.type).inc()
        work = self._understand(event)
        step = state.progress.begin(event.seq, 1 if work is None else 2)
        finish = partial(self._finish, event, state, step)
        if work is not None:
            self._start(self._pass_on(event, work, finish))
        self._stream.send(
            event_key(event.type, event.guild_id),
            event.body,
            message_id=event.message_id,
            guild_id=event.guild_id,
            type=event.type,
            confirmed=finish,
        )

    def to_save(self, shard_id: int) -> Session | None:
        """Return where a shard resumes, when that has changed since it was saved."""
        state = self._states[shard_id]
        seq = state.progress.confirmed
        if state.session is None or seq is None or seq == state.saved_seq:
            return None
        return structs.replace(state.session, seq=seq)

    def saved(self, session: Session) -> None:
        """Note that it was saved."""
        state = self._states[session.shard_id]
        if state.session is not None and state.session.session_id == session.session_id:
            state.saved_seq = session.seq

    def confirmed(self, shard_id: int) -> int | None:
        """Return the last confirmed sequence number."""
        state = self._states.get(shard_id)
        return state.progress.confirmed if state else None

    def read(self, shard_id: int) -> int | None:
        """Return the last sequence number that was read."""
        state = self._states.get(shard_id)
        return state.progress.read if state else None

    async def settled(self, shard_id: int) -> None:
        """Wait until everything that was read of a shard is confirmed; its reading has ended."""
        state = self._states[shard_id]
        if not state.progress.settled:
            state.settled = asyncio.Event()
            await state.settled.wait()

    async def end(self, within: float) -> None:
        """Wait until every command is passed on, for so many seconds at most."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=within)
        for task in self._tasks:
            task.cancel()

    def _understand(self, event: Dispatch) -> Work | None:
        """Keep the guild's snapshot up to date, and return the work that a command makes."""
        try:
            self._snapshots.apply(event)
            return self._recognise(event)
        except Exception:
            log.exception("event_not_understood", type=event.type, event_id=event.message_id)
            return None

    def _start(self, work: Work) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @staticmethod
    async def _pass_on(event: Dispatch, work: Work, finish: Callable[[], None]) -> None:
        """Pass a command on; the event counts as confirmed only when that was."""
        try:
            await work
        except Exception:
            log.exception("command_not_passed_on", event_id=event.message_id)
        finish()

    def _finish(self, event: Dispatch, state: _State, step: Step) -> None:
        """Note that the broker has an event, or its command."""
        if not state.progress.finish(step):
            return
        if state.settled is not None and state.progress.settled:
            state.settled.set()
        self._window.give_back()
        if event.type == "READY":
            self.fresh.set()
        self._confirm_seconds.observe(time.monotonic() - event.read_at)
