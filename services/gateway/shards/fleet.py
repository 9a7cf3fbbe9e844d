"""The shards of this process: run under leases, resumed at the start, handed over at the end."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Final

import structlog
from hikari.errors import GatewayServerClosedConnectionError

from services.gateway import queries
from services.gateway.metrics import Metrics
from services.gateway.queries import Session
from services.gateway.rest.client import Rest
from services.gateway.settings import Settings
from services.gateway.shards.codes import FATAL, FatalGatewayError
from services.gateway.shards.feed import Feed
from services.gateway.shards.gate import Gate, ask_discord
from services.gateway.shards.given import ShardOptions
from services.gateway.shards.keeper import Keeper
from services.gateway.shards.leases import Leases, of_shard
from services.gateway.shards.shard import Shard
from services.gateway.shards.window import Window
from services.gateway.snapshots import Snapshots
from shared.postgres import Db, is_unavailable

FINISH: Final = 3.0
"""Seconds that events on their way have at a stop; what is not confirmed by then is read again."""

LIVE: Final = timedelta(minutes=10)
"""How long a session may live on at Discord after its last sign."""

AGAIN: Final = 1.0
"""Seconds before a shard that failed is run again."""

log = structlog.get_logger()


class Fleet:
    """Runs shards until told to stop."""

    def __init__(
        self,
        db: Db,
        settings: Settings,
        rest: Rest,
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
        self._settings = settings
        self._rest = rest
        self._feed = feed
        self._gate = gate
        self._keeper = keeper
        self._leases = leases
        self._snapshots = snapshots
        self._window = window
        self._metrics = metrics
        self.shards: dict[int, Shard] = {}

    @property
    def connected(self) -> bool:
        """Whether this process has shards, and all of them are ready."""
        return bool(self.shards) and all(shard.is_connected for shard in self.shards.values())

    def confirmed(self, shard_id: int) -> int | None:
        """Return the last confirmed sequence number of a shard."""
        return self._feed.confirmed(shard_id)

    async def run(self) -> None:
        """Run every shard whose lease this process gets, until cancelled.

        Raises FatalGatewayError when Discord refuses for good.
        """
        options = await self._discover()
        shards = range(options.shard_count)
        tasks = [asyncio.create_task(self._run_for_ever(shard, options)) for shard in shards]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _discover(self) -> ShardOptions:
        """Ask Discord where its gateway is, and how many shards there are to be."""
        info = await ask_discord(self._rest)
        wanted = self._settings.shard_count
        return ShardOptions(
            token=self._settings.discord_token.reveal(),
            url=self._settings.discord_gateway_url or info.url,
            shard_count=wanted or await self._live_count() or info.shards,
            compression=self._settings.compression,
        )

    async def _live_count(self) -> int | None:
        """Return how many shards there were just now: a restart keeps their sessions."""
        return await queries.live_shard_count(self._db, LIVE)

    async def _run_for_ever(self, shard_id: int, options: ShardOptions) -> None:
        """Run a shard again each time its lease comes back."""
        while True:
            lost = asyncio.Event()
            await self._leases.claim(of_shard(shard_id), lost.set)
            try:
                await self._run_once(shard_id, options, lost)
            except FatalGatewayError:
                raise
            except Exception as error:
                if is_unavailable(error):
                    log.warning("shard_waits_for_postgres", shard=shard_id, error=repr(error))
                else:
                    log.exception("shard_failed", shard=shard_id)
                await asyncio.sleep(AGAIN)
            finally:
                await self._leases.release(of_shard(shard_id))

    async def _run_once(self, shard_id: int, options: ShardOptions, lost: asyncio.Event) -> None:
        """Run a shard while its lease is held, and leave it so that it can be resumed."""
        shard = await self._prepare(shard_id, options)
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

    async def _prepare(self, shard_id: int, options: ShardOptions) -> Shard:
        """Make a shard that begins where the last process left it."""
        count = options.shard_count
        session = await self._resumable(shard_id, count)
        stored = await queries.guilds_of_shard(self._db, shard_id, count)
        self._snapshots.load(shard_id, session.user_id if session else 0, stored)
        self._feed.resume(shard_id, count, session)
        return Shard(
            shard_id,
            options,
            sink=self._feed,
            permit=self._gate,
            window=self._window,
            metrics=self._metrics,
            session=session,
        )

    async def _resumable(self, shard_id: int, count: int) -> Session | None:
        session = await queries.session(self._db, shard_id)
        if session is not None and session.shard_count != count:
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
        self._snapshots.unload(shard.id, shard.shard_count)
        del self.shards[shard.id]
