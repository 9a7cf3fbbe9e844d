"""Leases: one holder at a time, passed on at once when it dies, and fenced when it is late."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from services.gateway.shards.leases import Leases
from shared.postgres import Db
from tests.gateway.rig import queries_on, rows
from tests.support.waiting import eventually


class Holder:
    """A process that claims a lease; `fence` once it has it, `lost` when it was taken away."""

    def __init__(self, db: Db, name: str) -> None:
        self.db = db
        self.leases = Leases(db, name)
        self.lost = asyncio.Event()

    async def claim(self) -> int:
        async with asyncio.timeout(30):
            return await self.leases.claim("shard:0", self.lost.set)

    async def is_refused(self) -> bool:
        """Say whether the lease is still not to be had after an attempt."""
        try:
            await asyncio.wait_for(self.claim(), timeout=0.3)
        except TimeoutError:
            return True
        return False


@asynccontextmanager
async def holder(database_url: str, name: str) -> AsyncGenerator[Holder]:
    async with queries_on(database_url) as db:
        made = Holder(db, name)
        running = asyncio.create_task(made.leases.run())
        try:
            yield made
        finally:
            running.cancel()
            await asyncio.wait((running,))


@pytest.fixture
async def first(database_url: str) -> AsyncGenerator[Holder]:
    async with holder(database_url, "first") as made:
        yield made


@pytest.fixture
async def second(database_url: str, first: Holder) -> AsyncGenerator[Holder]:
    del first  # made before, so that both don't migrate at once
    async with holder(database_url, "second") as made:
        yield made


async def test_what_is_held_is_refused_until_it_is_released(first: Holder, second: Holder) -> None:
    fence = await first.claim()
    assert await second.is_refused()

    await first.leases.release("shard:0")
    assert await second.claim() > fence


async def test_what_a_dead_process_held_is_free_at_once(first: Holder, second: Holder) -> None:
    await first.claim()
    first.db.terminate()

    async with asyncio.timeout(8):
        await second.claim()


async def test_who_does_not_renew_in_time_loses_it_and_hears_of_it(
    first: Holder, second: Holder, database_url: str
) -> None:
    await first.claim()
    await rows(database_url, "UPDATE leases SET expires_at = now() - interval '1 second'")
    await second.claim()

    assert not await first.leases.confirm("shard:0")
    assert first.lost.is_set()
    assert first.leases.fence("shard:0") is None
    assert await second.leases.confirm("shard:0")


async def test_a_cut_connection_keeps_what_nobody_took(first: Holder, database_url: str) -> None:
    fence = await first.claim()
    await rows(
        database_url,
        "SELECT pg_terminate_backend(backend_pid) FROM leases WHERE name = 'shard:0'",
    )

    async def renewed() -> bool:
        sql = """
            SELECT 1 FROM leases l JOIN pg_stat_activity a
                ON a.pid = l.backend_pid AND a.backend_start = l.backend_start
             WHERE l.name = 'shard:0'
        """
        return bool(await rows(database_url, sql))

    await eventually(renewed)
    assert await first.leases.confirm("shard:0")
    assert first.leases.fence("shard:0") == fence
