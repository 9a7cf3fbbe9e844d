"""Saves where each shard resumes, with the guilds as they were then, a few times a second."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from typing import Final

import structlog

from services.gateway import queries
from services.gateway.metrics import Metrics
from services.gateway.shards.feed import Feed
from services.gateway.shards.leases import Leases, of_shard
from services.gateway.snapshots import Snapshots
from shared.postgres import Db, is_unavailable

EVERY: Final = 0.25
"""Seconds between two saves: as much as is read again after a kill."""

AGAIN: Final = 1.0
PATIENCE: Final = 5.0
"""Seconds for one save, after which it is tried again."""

log = structlog.get_logger()


class Keeper:
    """Writes sessions and snapshots to Postgres; while that is away, it keeps trying."""

    def __init__(
        self, db: Db, feed: Feed, snapshots: Snapshots, leases: Leases, metrics: Metrics
    ) -> None:
        self._db = db
        self._feed = feed
        self._snapshots = snapshots
        self._leases = leases
        self._shards: set[int] = set()
        self._metrics = metrics

    def keep(self, shard_id: int) -> None:
        """Begin to save a shard."""
        self._shards.add(shard_id)

    async def stop_keeping(self, shard_id: int) -> None:
        """Save a shard for the last time."""
        self._shards.discard(shard_id)
        await self.save((shard_id,))

    async def run(self) -> None:
        """Save until cancelled: four times a second, and new sessions at once."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(EVERY):
                    await self._feed.fresh.wait()
            self._feed.fresh.clear()
            if not await self.save(tuple(self._shards)):
                await asyncio.sleep(AGAIN)

    async def save(self, shard_ids: Iterable[int]) -> bool:
        """Save what has changed in these shards; say False when Postgres is away."""
        for shard_id in shard_ids:
            try:
                async with asyncio.timeout(PATIENCE):
                    await self._save(shard_id)
            except Exception as error:
                if not is_unavailable(error) and not isinstance(error, TimeoutError):
                    raise
                log.warning("session_not_saved", shard=shard_id, error=repr(error))
                return False
        return True

    async def _save(self, shard_id: int) -> None:
        """Save guilds and session together: the guilds are never behind what is not read again."""
        fence = self._leases.fence(of_shard(shard_id))
        session = self._feed.to_save(shard_id)
        self._measure(shard_id)
        if session is None or fence is None:
            return
        self._snapshots.confirmed(shard_id, session.seq)
        stored, gone = self._snapshots.take_changed(shard_id)
        written = False
        try:
            written = await queries.save_shard(
                self._db,
                session,
                lease=of_shard(shard_id),
                fence=fence,
                stored=stored,
                gone=gone,
            )
        finally:
            if not written:
                changed = [row.snapshot.id for row in stored]
                self._snapshots.put_back(shard_id, changed + gone)
        if written:
            self._feed.saved(session)
        else:
            log.warning("session_belongs_to_another", shard=shard_id)

    def _measure(self, shard_id: int) -> None:
        read, confirmed = self._feed.read(shard_id), self._feed.confirmed(shard_id)
        self._metrics.seq_read.labels(shard_id).set(read or 0)
        self._metrics.seq_confirmed.labels(shard_id).set(confirmed or 0)
