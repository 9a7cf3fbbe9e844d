"""Saves where each shard resumes, with the guilds as they were then, a few times a second."""

import asyncio
from collections.abc import Iterable
from typing import Final

import structlog

from services.gateway import queries
from services.gateway.queries import Session
from services.gateway.shards.feed import Feed
from services.gateway.shards.leases import Leases, of_shard
from services.gateway.snapshots import Snapshots
from shared.postgres import Db, is_unavailable, transaction

EVERY: Final = 0.25
"""Seconds between two saves: as much as is read again after a kill."""

log = structlog.get_logger()


class Keeper:
    """Writes sessions and snapshots to Postgres; while that is away, it keeps trying."""

    def __init__(self, db: Db, feed: Feed, snapshots: Snapshots, leases: Leases) -> None:
        self._db = db
        self._feed = feed
        self._snapshots = snapshots
        self._leases = leases
        self._shards: set[int] = set()

    def keep(self, shard_id: int) -> None:
        """Begin to save a shard."""
        self._shards.add(shard_id)

    async def stop_keeping(self, shard_id: int) -> None:
        """Save a shard for the last time."""
        self._shards.discard(shard_id)
        await self.save((shard_id,))

    async def run(self) -> None:
        """Save until cancelled."""
        while True:
            await asyncio.sleep(EVERY)
            await self.save(tuple(self._shards))

    async def save(self, shard_ids: Iterable[int]) -> None:
        """Save what has changed in these shards."""
        for shard_id in shard_ids:
            try:
                await self._save(shard_id)
            except Exception as error:
                if not is_unavailable(error):
                    raise
                log.warning("session_not_saved", shard=shard_id, error=repr(error))

    async def _save(self, shard_id: int) -> None:
        """Save guilds and session together: the guilds are never behind what is not read again."""
        fence = self._leases.fence(of_shard(shard_id))
        session = self._feed.to_save(shard_id)
        if session is None or fence is None:
            return
        stored, gone = self._snapshots.take_changed(shard_id)
        try:
            async with transaction(self._db) as connection:
                # losing the last quarter of a second to a crash of Postgres costs a few duplicates
                await connection.execute("SET LOCAL synchronous_commit TO off")
                if not await self._write(connection, session, fence):
                    return
                if stored:
                    await queries.save_guilds(connection, shard_id, stored)
                if gone:
                    await queries.delete_guilds(connection, gone)
        except BaseException:
            changed = [row.snapshot.id for row in stored]
            self._snapshots.put_back(shard_id, changed + gone)
            raise
        self._feed.saved(session)

    @staticmethod
    async def _write(connection: queries.Executor, session: Session, fence: int) -> bool:
        written = await queries.save_session(connection, session, of_shard(session.shard_id), fence)
        if not written:
            log.warning("session_belongs_to_another", shard=session.shard_id)
        return written
