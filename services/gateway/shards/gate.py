"""When a shard may connect or begin a new session: one gate for all processes of a token."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final

import msgspec
import structlog
from msgspec import Struct

from services.gateway import queries
from services.gateway.metrics import Metrics
from services.gateway.rest.client import Answer, Request, Rest
from services.gateway.rest.routes import of_bot
from services.gateway.shards.codes import FATAL, FatalGatewayError
from services.gateway.shards.leases import Leases, of_shard
from shared.postgres import Db, is_unavailable

HOLD: Final = timedelta(seconds=10)
"""How long a turn lasts unless it is prolonged: as long as the others wait when a process dies."""

PROLONG: Final = 3.0
"""Seconds after which a turn that is still needed is prolonged."""

LOOK_AT_BUDGET: Final = 600.0
"""Seconds between two looks at the budget, for its metric: it is renewed once a day."""

LOOK_AGAIN: Final = 0.5
"""Seconds between two looks at a taken gate: a turn ends earlier than it might."""

FREE_STARTS: Final = 3
"""New sessions of a shard within an hour that need not wait; each further one waits longer."""

REMEMBERED: Final = 3600.0
SLOWEST: Final = 300.0
"""Seconds between two new sessions of a shard that keeps losing them, at most."""

LONGEST_WAIT: Final = 300.0
"""Seconds between two looks at a budget that is used up."""

ASK_AGAIN: Final = 2.0
UNAUTHORIZED: Final = 401

log = structlog.get_logger()


class StartLimit(Struct, frozen=True):
    """How many sessions may be begun; `reset_after` in milliseconds."""

    total: int = 1000
    remaining: int = 1000
    reset_after: int = 0
    max_concurrency: int = 1


class GatewayInfo(Struct, frozen=True):
    """What Discord says about its gateway for this token."""

    url: str
    shards: int = 1
    session_start_limit: StartLimit = StartLimit()


async def ask_discord(rest: Rest) -> GatewayInfo:
    """Ask where the gateway is, until Discord answers. Raises FatalGatewayError on a bad token."""
    while True:
        answer = await _get(rest)
        if answer.ok:
            return _read(answer)
        if answer.status == UNAUTHORIZED:
            raise FatalGatewayError(FATAL[4004])
        log.warning("discord_is_away", status=answer.status, retry_in=ASK_AGAIN)
        await asyncio.sleep(max(ASK_AGAIN, answer.retry_after))


async def ask_once(rest: Rest) -> GatewayInfo | None:
    """Ask where the gateway is; return None when Discord does not answer."""
    answer = await _get(rest)
    return _read(answer) if answer.ok else None


async def _get(rest: Rest) -> Answer:
    deadline = asyncio.get_running_loop().time() + 10
    return await rest.call(Request(of_bot("GET", "/gateway/bot"), deadline))


def _read(answer: Answer) -> GatewayInfo:
    return msgspec.json.decode(answer.body, type=GatewayInfo, strict=False)


class Gate:
    """Lets shards connect while their lease is held, and identify one after the other."""

    def __init__(
        self,
        db: Db,
        rest: Rest,
        leases: Leases,
        metrics: Metrics,
        *,
        pause: timedelta,
        reserve: int,
    ) -> None:
        self._pause = pause
        self._reserve = reserve
        self._begun: dict[int, list[float]] = {}
        self._db = db
        self._rest = rest
        self._leases = leases
        self._metrics = metrics

    async def to_connect(self, shard_id: int) -> None:
        """Return while the shard's lease is held; else wait to be stopped."""
        if not await self._leases.confirm(of_shard(shard_id)):
            await asyncio.Event().wait()

    @asynccontextmanager
    async def to_identify(self, shard_id: int, shard_count: int) -> AsyncGenerator[None]:
        """Hold the turn of the shard's bucket; the next one has it a pause after this ends."""
        await self._slow_down(shard_id)
        limit = await self._within_budget(shard_count)
        bucket = shard_id % max(1, limit.max_concurrency)
        await self._enter(bucket)
        self._begun.setdefault(shard_id, []).append(time.monotonic())
        prolonging = asyncio.create_task(self._prolong(bucket))
        try:
            yield
        finally:
            prolonging.cancel()
            await asyncio.wait((prolonging,))
            await self._leave(bucket)

    async def watch_budget(self) -> None:
        """Measure how many new sessions Discord still allows, until cancelled."""
        while True:
            limit = (await ask_discord(self._rest)).session_start_limit
            self._metrics.budget.set(limit.remaining)
            await asyncio.sleep(LOOK_AT_BUDGET)

    async def _slow_down(self, shard_id: int) -> None:
        """Wait longer and longer when a shard loses one session after the other."""
        since = time.monotonic() - REMEMBERED
        begun = [each for each in self._begun.get(shard_id, ()) if each > since]
        self._begun[shard_id] = begun
        if len(begun) < FREE_STARTS:
            return
        doubled = self._pause.total_seconds() * 2.0 ** (len(begun) - FREE_STARTS)
        wait = min(doubled, SLOWEST)
        log.warning("sessions_keep_getting_lost", shard=shard_id, wait_seconds=round(wait, 1))
        self._metrics.identifies_put_off.labels("loop").inc()
        await asyncio.sleep(wait)

    async def _within_budget(self, shard_count: int) -> StartLimit:
        """Wait, for a day if need be, until Discord allows more new sessions than are reserved."""
        reserve = max(self._reserve, shard_count) if self._reserve else 0
        while True:
            limit = (await ask_discord(self._rest)).session_start_limit
            self._metrics.budget.set(limit.remaining)
            if limit.remaining > reserve:
                return limit
            wait = limit.reset_after / 1000 + 1
            log.error(
                "identify_budget_is_used_up",
                total=limit.total,
                remaining=limit.remaining,
                reserve=reserve,
                wait_seconds=round(wait),
                advice="find out why sessions get lost; IDENTIFY_RESERVE=0 spends the rest",
            )
            self._metrics.identifies_put_off.labels("budget").inc()
            await asyncio.sleep(min(wait, LONGEST_WAIT))

    async def _enter(self, bucket: int) -> None:
        while True:
            try:
                wait = await queries.enter_gate(self._db, bucket, HOLD)
            except Exception as error:
                if not is_unavailable(error):
                    raise
                wait = ASK_AGAIN
            if wait == 0:
                return
            await asyncio.sleep(min(wait, LOOK_AGAIN))

    async def _prolong(self, bucket: int) -> None:
        """Keep the turn for as long as it takes."""
        while True:
            await asyncio.sleep(PROLONG)
            await self._free_after(bucket, HOLD)

    async def _leave(self, bucket: int) -> None:
        await self._free_after(bucket, self._pause)

    async def _free_after(self, bucket: int, pause: timedelta) -> None:
        try:
            await queries.leave_gate(self._db, bucket, pause)
        except Exception as error:
            if not is_unavailable(error):
                raise
            log.warning("identify_gate_is_away", error=repr(error))
