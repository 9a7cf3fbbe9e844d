"""Notes what a lost session has cost each guild, for the reconciler to make good what can be."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import msgspec

from services.gateway import queries
from services.gateway.queries import Opening
from services.gateway.shards.dispatch import Dispatch, Named
from services.gateway.shards.feed import Recognise, Work
from services.gateway.snapshots import Begun, Snapshots
from shared.contracts.discord import GuildSnapshot
from shared.contracts.ids import GuildId, snowflake_at
from shared.postgres import Db, is_unavailable

CLOCKS: Final = timedelta(minutes=1)
"""How far our clock may be from Discord's, where only a time says what of the audit log is new."""

AGAIN: Final = 0.5
"""Seconds before Postgres is asked again."""


class Missed:
    """Writes gaps down before the events that show them count as confirmed.

    So a kill at any moment has them written down by whoever reads those events again.
    """

    def __init__(self, db: Db, snapshots: Snapshots) -> None:
        self._db = db
        self._snapshots = snapshots
        self._turn = asyncio.Lock()
        self._concerns: dict[str, Callable[[Dispatch], Work | None]] = {
            "READY": self._begun,
            "GUILD_CREATE": self._came_back,
            "GUILD_DELETE": self._went,
            "GUILD_AUDIT_LOG_ENTRY_CREATE": self._noted,
        }

    def before(self, recognise: Recognise) -> Recognise:
        """Look at an event before something else does."""
        concerns = self._concerns

        def look(event: Dispatch) -> Work | None:
            concern = concerns.get(event.type)
            return recognise(event) if concern is None else concern(event)

        return look

    def _noted(self, event: Dispatch) -> None:
        """Remember the newest entry of a guild's audit log."""
        entry = msgspec.json.decode(event.body, type=Named, strict=False)
        guild_id = GuildId(event.guild_id)
        self._snapshots.audit.read(event.shard_id, event.seq, guild_id, entry.id)

    def _begun(self, event: Dispatch) -> Work | None:
        """Return the work that a new session makes, which tells in which guilds the bot is."""
        begun = self._snapshots.take_begun(event.shard_id)
        return self._open(event, begun) if begun.missed or begun.left else None

    def _came_back(self, event: Dispatch) -> Work | None:
        """Return the work that a guild makes which comes back after a new session began."""
        guild = self._snapshots.get(event.guild_id)
        if guild is None or guild.missed_since is None or guild.unavailable:
            return None
        return self._close(event, guild, guild.missed_since)

    def _went(self, event: Dispatch) -> Work | None:
        """Return the work that a guild makes which the bot has left, not one that is away."""
        if self._snapshots.get(event.guild_id) is not None:
            return None
        forget = partial(queries.forget_gap, self._db, GuildId(event.guild_id))
        return self._written(forget)

    async def _open(self, event: Dispatch, begun: Begun) -> None:
        missed = [self._opening(guild_id, since) for guild_id, since in begun.missed.items()]
        left = [self._opening(guild_id, since) for guild_id, since in begun.left.items()]
        shard_id = event.shard_id
        await self._written(partial(queries.open_gaps, self._db, shard_id, missed))
        await self._written(partial(queries.note_left, self._db, shard_id, left, event.message_id))

    async def _close(self, event: Dispatch, guild: GuildSnapshot, since: datetime) -> None:
        opening = self._opening(guild.id, since)
        shard_id, event_id = event.shard_id, event.message_id
        await self._written(
            partial(queries.close_gap, self._db, shard_id, opening, event_id, guild)
        )
        self._snapshots.caught_up(shard_id, guild.id)

    def _opening(self, guild_id: GuildId, since: datetime) -> Opening:
        newest = max(self._snapshots.audit.of(guild_id), snowflake_at(since - CLOCKS))
        return Opening(guild_id=guild_id, since=since, after_entry_id=newest)

    async def _written(self, write: Callable[[], Awaitable[None]]) -> None:
        """Write, one after another in order, however long Postgres takes to come back."""
        async with self._turn:
            while True:
                try:
                    return await write()
                except Exception as error:
                    if not is_unavailable(error):
                        raise
                await asyncio.sleep(AGAIN)
