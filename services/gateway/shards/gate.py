"""When a shard may connect or begin a new session: one gate for all processes of a token."""

import asyncio
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

HOLD: Final = timedelta(seconds=45)
"""How long a turn lasts at most, should its process die in it."""

LOOK_AGAIN: Final = 0.5
"""Seconds between two looks at a taken gate: a turn ends earlier than it might."""

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
            return msgspec.json.decode(answer.body, type=GatewayInfo, strict=False)
        if answer.status == UNAUTHORIZED:
            raise FatalGatewayError(FATAL[4004])
        log.warning("discord_is_away", status=answer.status, retry_in=ASK_AGAIN)
        await asyncio.sleep(max(ASK_AGAIN, answer.retry_after))


async def _get(rest: Rest) -> Answer:
    deadline = asyncio.get_running_loop().time() + 10
    return await rest.call(Request(of_bot("GET", "/gateway/bot"), deadline))


class Gate:
    """Lets shards connect while their lease is held, and identify one after the other."""

    def __init__(
        self, db: Db, rest: Rest, leases: Leases, metrics: Metrics, pause: timedelta
    ) -> None:
        self._pause = pause
        self._db = db
        self._rest = rest
        self._leases = leases
        self._metrics = metrics

    async def to_connect(self, shard_id: int) -> None:
        """Return while the shard's lease is held; else wait to be stopped."""
        if not await self._leases.confirm(of_shard(shard_id)):
            await asyncio.Event().wait()

    @asynccontextmanager
    async def to_identify(self, shard_id: int) -> AsyncGenerator[None]:
        """Hold the turn of the shard's bucket; the next one has it a pause after this ends."""
        limit = await self._within_budget()
        bucket = shard_id % max(1, limit.max_concurrency)
        await self._enter(bucket)
        try:
            yield
        finally:
            await self._leave(bucket)

    async def _within_budget(self) -> StartLimit:
        """Wait, for a day if need be, until Discord allows another session."""
        while True:
            limit = (await ask_discord(self._rest)).session_start_limit
            self._metrics.budget.set(limit.remaining)
            if limit.remaining > 0:
                return limit
            wait = limit.reset_after / 1000 + 1
            log.error("identify_budget_is_used_up", total=limit.total, wait_seconds=wait)
            await asyncio.sleep(wait)

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

    async def _leave(self, bucket: int) -> None:
        try:
            await queries.leave_gate(self._db, bucket, self._pause)
        except Exception as error:
            if not is_unavailable(error):
                raise
            log.warning("identify_gate_is_away", error=repr(error))
