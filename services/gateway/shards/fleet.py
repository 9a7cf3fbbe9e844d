"""The shards of this process: each run under its lease, started where it stopped, and handed over at the end."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Final

import structlog
from hikari.errors import GatewayServerClosedConnectionError

from services.gateway import queries
from services.gateway.metrics import Metrics
from services.gateway.queries import Session
from services.gateway.shards.codes import FATAL, FatalGatewayError
from services.gateway.shards.feed import Feed
from services.gateway.shards.gate import Gate
from services.gateway.shards.keeper import Keeper
from services.gateway.shards.leases import Leases, of_shard
from services.gateway.shards.shard import Shard, ShardOptions
from services.gateway.shards.window import Window
from services.gateway.snapshots import Snapshots
from shared.postgres import Db

FINISH: Final = 4.0
"""Seconds that events on their way have at a stop; what is not confirmed by then is read again."""

LIVE: Final = timedelta(minutes=10)
"""How long a session may live on at Discord after its last sign."""

log = structlog.get_logger()


class Fleet:
    """Runs shards until told to stop."""

    def __init__(
        self,
        db: Db,
        options: ShardOptions,
        *,
        feed: Feed,
        gate: Gate,
        keeper: Keeper,
        leases: Leases,
        snapshots: Snapshots,
        window: Window,
        metrics: Metrics,
    ) -> None:
        self._db = db
        self.options = options
        self._feed = feed
        self._gate = gate
        self._keeper = keeper
        self._leases = leases
        self._snapshots = snapshots
        self._window = window
        self._metrics = metrics
        self.shards: dict[int, Shard] = {}

    async def run(self) -> None:
        """Run every shard whose lease this process gets, until cancelled.

        Raises FatalGatewayError when Discord refuses for good.
        """
        tasks = [
            asyncio.create_task(self._run_for_ever(shard_id))
            for shard_id in range(self.options.shard_count)
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    async def _run_for_ever(self, shard_id: int) -> None:
        """Run a shard again each time its lease comes back."""
        while True:
            lost = asyncio.Event()
            await self._leases.claim(of_shard(shard_id), lost.set)
            try:
                await self._run_once(shard_id, lost)
            finally:
                await self._leases.release(of_shard(shard_id))

    async def _run_once(self, shard_id: int, lost: asyncio.Event) -> None:
        """Run a shard while its lease is held, and leave it so that it can be resumed."""
        shard = await self._prepare(shard_id)
        running = asyncio.create_task(shard.run())
        losing = asyncio.create_task(lost.wait())
        self.shards[shard_id] = shard
        self._keeper.keep(shard_id)
        try:
            await asyncio.wait((running, losing), return_when=asyncio.FIRST_COMPLETED)
            if running.done():
                running.result()
        except GatewayServerClosedConnectionError as closed:
            raise FatalGatewayError(FATAL[int(closed.code or 0)]) from None
        finally:
            losing.cancel()
            await asyncio.shield(self._leave(shard, running))

    async def _prepare(self, shard_id: int) -> Shard:
        """Make a shard that begins where the last process left it."""
        session = await self._resumable(shard_id)
        count = self.options.shard_count
        stored = await queries.guilds_of_shard(self._db, shard_id, count)
        self._snapshots.load(shard_id, session.user_id if session else 0, stored)
        self._feed.resume(shard_id, session)
        return Shard(
            shard_id,
            self.options,
            sink=self._feed,
            permit=self._gate,
            window=self._window,
            metrics=self._metrics,
            session=session,
        )

    async def _resumable(self, shard_id: int) -> Session | None:
        session = await queries.session(self._db, shard_id)
        if session is not None and session.shard_count != self.options.shard_count:
            log.warning("shard_count_has_changed", shard=shard_id, was=session.shard_count)
            return None
        return session

    async def _leave(self, shard: Shard, running: "asyncio.Task[None]") -> None:
        """Stop reading, let what was read be confirmed, save, and keep the session alive."""
        await shard.hand_over()
        with suppress(GatewayServerClosedConnectionError, asyncio.CancelledError):
            await running
        with suppress(TimeoutError):
            async with asyncio.timeout(FINISH):
                await self._window.empty()
        await self._keeper.stop_keeping(shard.id)
        self._snapshots.unload(shard.id, self.options.shard_count)
        self._metrics.connected.labels(shard.id).set(0)
        del self.shards[shard.id]


async def shard_count(db: Db, wanted: int, recommended: int) -> int:
    """Return how many shards to run: the wanted number, or (0) Discord's.

    While sessions of another number may still live they keep theirs, so that a restart resumes.
    """
    if wanted:
        return wanted
    return await queries.live_shard_count(db, LIVE) or recommended
