"""Leases on shards and on the executor: one process at a time, with a fence for the former."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Final

import asyncpg
import structlog

from services.gateway import queries
from services.gateway.queries import Process
from shared.postgres import Connection, Db, is_unavailable

LEASE: Final = timedelta(seconds=10)
RENEWAL: Final = 2.5
"""Seconds between two renewals."""

CLAIM: Final = 1.0
"""Seconds between two attempts to take what another process holds."""

RECONNECT: Final = 0.3

log = structlog.get_logger()


def of_shard(shard_id: int) -> str:
    """Name the lease on a shard."""
    return f"shard:{shard_id}"


def shard_of(name: str) -> int:
    """Return whose lease it is."""
    return int(name.partition(":")[2])


EXECUTOR: Final = "executor"
"""The lease on carrying out actions: Discord's limits are per bot token."""


class Leases:
    """What this process holds. The holder is one database connection, which ends with the process.

    While Postgres is away nothing can be taken from us, and so what is held stays held; it is
    checked again before every new connection to Discord.
    """

    def __init__(self, db: Db, owner: str) -> None:
        self._db = db
        self.owner = owner
        self._held: dict[str, tuple[int, Callable[[], None]]] = {}
        self._refused: set[str] = set()
        self._connection: Connection | None = None
        self._busy = asyncio.Lock()
        self._connected = asyncio.Event()

    async def run(self) -> None:
        """Keep the connection and the leases until cancelled."""
        while True:
            try:
                async with self._db.acquire() as connection:
                    await self._keep(connection)
            except Exception as error:
                if not is_unavailable(error) and not isinstance(error, OSError | TimeoutError):
                    raise
                log.warning("leases_cannot_be_renewed", error=repr(error))
            await asyncio.sleep(RECONNECT)

    async def claim(self, name: str, on_lost: Callable[[], None]) -> int:
        """Wait for a lease and return its fence; `on_lost` is called when it is taken away."""
        try:
            while True:
                await self._connected.wait()
                fence = await self.try_claim(name, on_lost)
                if fence is not None:
                    return fence
                if name not in self._refused:
                    log.info("lease_is_held_by_another", lease=name)
                    self._refused.add(name)
                await asyncio.sleep(CLAIM)
        finally:
            self._refused.discard(name)

    async def try_claim(self, name: str, on_lost: Callable[[], None]) -> int | None:
        """Take a lease and return its fence, or None while another process holds it."""
        fence = await self._try_claim(name)
        if fence is not None:
            self._held[name] = (fence, on_lost)
            log.info("lease_taken", lease=name, fence=fence)
        return fence

    def is_with_another(self, name: str) -> bool:
        """Whether this process waits for a lease that another one holds."""
        return name in self._refused

    async def show_up(self, shard_count: int, *, draining: bool) -> list[Process]:
        """Say that this process shares the shards, and return all that do; none if unknown."""
        async with self._holding() as connection:
            if connection is None:
                return []
            await queries.show_up(connection, self.owner, shard_count, LEASE, draining=draining)
            return await queries.processes(connection)

    async def sign_off(self) -> None:
        """Say that this process shares the shards no more."""
        with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
            async with asyncio.timeout(CLAIM):
                await queries.sign_off(self._db, self.owner)

    def fence(self, name: str) -> int | None:
        """Return the fence of a lease that is held."""
        held = self._held.get(name)
        return held[0] if held else None

    async def confirm(self, name: str) -> bool:
        """Check with Postgres that a lease is still held; when Postgres is away, it is."""
        with suppress(TimeoutError):
            async with asyncio.timeout(RENEWAL):
                await self._renew()
        return name in self._held

    async def release(self, name: str) -> None:
        """Give a lease back."""
        held = self._held.pop(name, None)
        if held is None:
            return
        with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
            await queries.release_lease(self._db, name, held[0])

    async def _keep(self, connection: Connection) -> None:
        self._connection = connection
        self._connected.set()
        try:
            while True:
                await self._renew()
                await asyncio.sleep(RENEWAL)
        finally:
            self._connection = None
            self._connected.clear()

    async def _renew(self) -> None:
        """Prolong what is held; what is not ours any more is dropped."""
        fences = {name: fence for name, (fence, _) in self._held.items()}
        async with self._holding() as connection:
            if connection is None:
                return
            kept = await queries.renew_leases(connection, fences, self.owner, LEASE)
        for name in fences.keys() - kept:
            self._lose(name, fences[name])

    def _lose(self, name: str, fence: int) -> None:
        held = self._held.get(name)
        if held is not None and held[0] == fence:
            del self._held[name]
            log.error("lease_lost", lease=name, fence=fence)
            held[1]()

    async def _try_claim(self, name: str) -> int | None:
        try:
            async with self._holding() as connection:
                if connection is None:
                    return None
                return await queries.claim_lease(connection, name, self.owner, LEASE)
        except Exception as error:
            if not is_unavailable(error):
                raise
            return None

    @asynccontextmanager
    async def _holding(self) -> AsyncGenerator[Connection | None]:
        """Give the connection that holds the leases, to one at a time; None while it is away."""
        async with self._busy:
            yield self._connection
