"""The shards of this process: its share of all, resumed from others and handed over to them."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Final, NamedTuple

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
from services.gateway.shards.shares import agreed_count, share_of
from services.gateway.shards.window import Window
from services.gateway.snapshots import Snapshots
from shared.postgres import Db, is_unavailable, listen

BEGIN: Final = 3.0
"""Seconds that a session which is being begun has at a stop, so that it is not wasted."""

FINISH: Final = 3.0
"""Seconds that events on their way have at a stop; what is not confirmed by then is read again."""

LIVE: Final = timedelta(minutes=10)
"""How long a session may live on at Discord after its last sign."""

AGAIN: Final = 1.0
"""Seconds before a shard that failed is run again."""

BALANCE: Final = 1.0
"""Seconds between two looks at who shares the shards."""

PATIENCE: Final = 5.0
"""Seconds that a look may take."""

log = structlog.get_logger()


class _Berth(NamedTuple):
    """A shard's place in this process; with `leave` set, it is on its way out."""

    shard_id: int
    leave: asyncio.Event
    task: "asyncio.Task[None]"


class Fleet:
    """Runs a fair share of the shards, taking and giving as other processes come and go."""

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
        draining: asyncio.Event,
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
        self._draining = draining
        self._berths: dict[int, _Berth] = {}
        self._wake = asyncio.Event()
        self.shards: dict[int, Shard] = {}
        self.share: int | None = None
        """How many shards this process is to run; None until it is known."""

    @property
    def ready(self) -> bool:
        """Whether this process has its share of the shards, and all of them are connected."""
        shards = self.shards.values()
        return (
            self.share is not None
            and len(shards) >= self.share
            and all(shard.is_connected for shard in shards)
        )

    @property
    def draining(self) -> bool:
        """Whether this process gives its shards away and takes no new ones."""
        return self._draining.is_set()

    def drain(self) -> None:
        """Give all shards away for good; the process is left to be stopped."""
        self._draining.set()

    def confirmed(self, shard_id: int) -> int | None:
        """Return the last confirmed sequence number of a shard."""
        return self._feed.confirmed(shard_id)

    async def run(self) -> None:
        """Run this process's share of the shards, until cancelled.

        Raises FatalGatewayError when Discord refuses for good.
        """
        options = await self._discover()
        besides = (self._listen(), self._watch_drain(), self._gate.watch_budget())
        watching = [asyncio.create_task(each) for each in besides]
        try:
            while True:
                await self._try_balance(options)
                with suppress(TimeoutError):
                    async with asyncio.timeout(BALANCE):
                        await self._wake.wait()
                self._wake.clear()
        finally:
            await self._leases.sign_off()
            tasks = [berth.task for berth in self._berths.values()]
            for task in (*watching, *tasks):
                task.cancel()
            await asyncio.gather(*watching, *tasks, return_exceptions=True)

    # --- sharing --------------------------------------------------------------------------------

    async def _listen(self) -> None:
        """Look at once when a process has given a shard away."""
        await listen(self._db, queries.LEASES_CHANNEL, self._wake.set)

    async def _watch_drain(self) -> None:
        await self._draining.wait()
        log.info("draining", shards=len(self._berths))
        self._wake.set()

    async def _try_balance(self, options: ShardOptions) -> None:
        """Take or give shards; while Postgres is away, keep those that run."""
        self._end_berths()
        try:
            async with asyncio.timeout(PATIENCE):
                await self._balance(options)
        except Exception as error:
            if not is_unavailable(error) and not isinstance(error, TimeoutError):
                raise
            log.warning("shares_are_unknown", error=repr(error))

    async def _balance(self, options: ShardOptions) -> None:
        """Take free shards up to the share of this process, or give some away down to it."""
        processes = await self._leases.show_up(options.shard_count, draining=self.draining)
        if not processes:
            return
        self._warn_of_other_counts(options.shard_count, agreed_count(processes))
        self.share = share_of(self._leases.owner, processes)
        self._metrics.share.set(self.share)
        staying = [each for each in self._berths.values() if not each.leave.is_set()]
        if len(staying) > self.share:
            self._give_up(staying, len(staying) - self.share)
        elif len(self._berths) < self.share:
            await self._take_free(options)

    def _warn_of_other_counts(self, own: int, agreed: int | None) -> None:
        if agreed not in (None, own):
            log.warning(
                "shard_count_differs",
                own=own,
                agreed=agreed,
                advice="the older processes have to end first; until then this one waits",
            )

    def _give_up(self, staying: "list[_Berth]", count: int) -> None:
        """Give some shards away: first those that wait, never one that begins a session now."""
        ready: list[tuple[bool, _Berth]] = []
        for berth in staying:
            shard = self.shards.get(berth.shard_id)
            if shard is None or not shard.is_identifying:
                ready.append((shard is not None and shard.is_connected, berth))
        ready.sort(key=lambda each: each[0])
        for _, berth in ready[:count]:
            log.info("shard_is_given_away", shard=berth.shard_id)
            berth.leave.set()

    async def _take_free(self, options: ShardOptions) -> None:
        """Take shards that nobody runs, as many as are missing."""
        share = self.share or 0
        others = [each for each in range(options.shard_count) if each not in self._berths]
        free = await queries.free_leases(self._db, [of_shard(each) for each in others])
        for shard_id in others:
            if len(self._berths) >= share:
                return
            if of_shard(shard_id) in free:
                await self._take(shard_id, options)

    async def _take(self, shard_id: int, options: ShardOptions) -> None:
        leave = asyncio.Event()
        if await self._leases.try_claim(of_shard(shard_id), leave.set) is None:
            return
        task = asyncio.create_task(self._run_held(shard_id, options, leave))
        task.add_done_callback(lambda _: self._wake.set())
        self._berths[shard_id] = _Berth(shard_id, leave, task)

    def _end_berths(self) -> None:
        """Forget the shards that have left this process. Raises FatalGatewayError."""
        for berth in tuple(self._berths.values()):
            if berth.task.done():
                del self._berths[berth.shard_id]
                berth.task.result()

    # --- running --------------------------------------------------------------------------------

    async def _discover(self) -> ShardOptions:
        """Ask Discord where its gateway is, and how many shards there are to be."""
        info = await ask_discord(self._rest)
        wanted = self._settings.shard_count
        return ShardOptions(
            token=self._settings.discord_token.reveal(),
            url=self._settings.discord_gateway_url or info.url,
            shard_count=wanted or await self._known_count() or info.shards,
            compression=self._settings.compression,
        )

    async def _known_count(self) -> int | None:
        """Return how many shards there are, or were just now: a restart keeps their sessions."""
        agreed = agreed_count(await queries.processes(self._db))
        return agreed or await queries.live_shard_count(self._db, LIVE)

    async def _run_held(self, shard_id: int, options: ShardOptions, leave: asyncio.Event) -> None:
        """Run a shard whose lease was taken, and give the lease back in the end."""
        try:
            await self._run_once(shard_id, options, leave)
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

    async def _run_once(self, shard_id: int, options: ShardOptions, leave: asyncio.Event) -> None:
        """Run a shard until it has to leave, in such a way that it can be resumed."""
        shard = await self._prepare(shard_id, options)
        running = asyncio.create_task(shard.run())
        leaving = asyncio.create_task(leave.wait())
        self.shards[shard_id] = shard
        self._keeper.keep(shard_id)
        try:
            await asyncio.wait((running, leaving), return_when=asyncio.FIRST_COMPLETED)
            if running.done():
                running.result()
        except GatewayServerClosedConnectionError as closed:
            raise FatalGatewayError(FATAL[int(closed.code or 0)]) from None
        finally:
            leaving.cancel()
            await asyncio.shield(self._leave(shard, running))

    async def _prepare(self, shard_id: int, options: ShardOptions) -> Shard:
        """Make a shard that begins where the last process left it."""
        count = options.shard_count
        session = await self._resumable(shard_id, count)
        stored = await queries.guilds_of_shard(self._db, shard_id, count)
        fence = self._leases.fence(of_shard(shard_id)) or 0
        self._snapshots.load(shard_id, session.user_id if session else 0, stored, fence)
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
        with suppress(TimeoutError):
            async with asyncio.timeout(BEGIN):
                await shard.begun()
        await shard.hand_over()
        with suppress(GatewayServerClosedConnectionError, asyncio.CancelledError):
            await running
        with suppress(TimeoutError):
            async with asyncio.timeout(FINISH):
                await self._feed.settled(shard.id)
        await self._keeper.stop_keeping(shard.id)
        self._snapshots.unload(shard.id, shard.shard_count)
        del self.shards[shard.id]
