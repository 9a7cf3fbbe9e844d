"""The newest configuration of every guild, in memory and in the service's own schema."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import ClassVar, Final, Protocol
from uuid import uuid4

import structlog
from msgspec import Struct

from shared.bus import Bus
from shared.contracts.codec import decode
from shared.contracts.config import ConfigDocument
from shared.contracts.domain import ConfigChanged, ConfigWanted
from shared.contracts.ids import GuildId
from shared.contracts.topology import FLOTILLA_EVENTS
from shared.listeners import Listeners
from shared.postgres import (
    Db,
    Executor,
    execute,
    fetch_all,
    is_unavailable,
    listen,
)

log = structlog.get_logger()


class _Revision(Struct, frozen=True):
    guild_id: GuildId
    revision: int


class _Row(Struct, frozen=True):
    guild_id: GuildId
    revision: int
    document: str


class _Kept(Struct, frozen=True):
    revision: int
    document: ConfigDocument


class ConfigStore:
    """Configurations by guild, there also while admin is away.

    Use `open`, then `want` once the service listens.
    """

    DEFAULT: ClassVar[ConfigDocument] = ConfigDocument()

    def __init__(self, db: Db) -> None:
        self._db = db
        self._kept: dict[int, _Kept] = {}

    @classmethod
    @asynccontextmanager
    async def open(cls, db: Db) -> AsyncGenerator["ConfigStore"]:
        """Load what the service keeps, and follow what other processes of it keep."""
        store = cls(db)
        await store.load()
        following = asyncio.create_task(store.follow())
        try:
            yield store
        finally:
            following.cancel()
            with suppress(asyncio.CancelledError):
                await following

    def get(self, guild_id: GuildId) -> ConfigDocument:
        """Return a guild's configuration, the default one where there is none."""
        kept = self._kept.get(guild_id)
        return self.DEFAULT if kept is None else kept.document

    def revision(self, guild_id: GuildId) -> int:
        """Return the revision of a guild's configuration, 0 where there is none."""
        kept = self._kept.get(guild_id)
        return 0 if kept is None else kept.revision

    def remember(self, guild_id: GuildId, revision: int, document: ConfigDocument) -> None:
        """Take a configuration into memory, unless a newer one is there."""
        if revision > self.revision(guild_id):
            self._kept[guild_id] = _Kept(revision, document)

    async def keep(self, event: ConfigChanged) -> None:
        """Keep a new revision; an older one than what is kept changes nothing."""
        await save(self._db, event)
        self.remember(event.guild_id, event.revision, event.document)

    async def load(self) -> None:
        """Read from the table what is newer there than in memory."""
        known = await fetch_all(self._db, _Revision, "SELECT guild_id, revision FROM guild_config")
        stale = [row.guild_id for row in known if row.revision > self.revision(row.guild_id)]
        for row in await fetch_all(self._db, _Row, _SELECT, stale) if stale else []:
            document = decode(row.document.encode(), ConfigDocument)
            self.remember(row.guild_id, row.revision, document)

    async def want(self, bus: Bus, service: str) -> None:
        """Ask admin for all configurations when there are none yet.

        Listen for ConfigChanged first, as that is the answer.
        """
        if not self._kept:
            wanted = ConfigWanted(service=service)
            await bus.publish(
                FLOTILLA_EVENTS,
                ConfigWanted.KEY,
                wanted,
                message_id=uuid4().hex,
                type=ConfigWanted.KEY,
            )

    async def follow(self) -> None:
        """Read again, until cancelled, whenever a process of this service has kept something."""
        changed = asyncio.Event()
        listening = asyncio.create_task(listen(self._db, _CHANNEL, changed.set))
        try:
            while True:
                await changed.wait()
                changed.clear()
                await self._load_if_there()
        finally:
            listening.cancel()

    async def _load_if_there(self) -> None:
        """Read again; while Postgres is away nothing changes, and its return wakes us."""
        try:
            await self.load()
        except Exception as error:
            if not is_unavailable(error):
                raise
            log.warning("configurations_not_read", error=repr(error))


async def save(db: Executor, event: ConfigChanged) -> bool:
    """Write a configuration, unless a newer one is there, and tell this service's processes."""
    written = await execute(
        db,
        """
        INSERT INTO guild_config (guild_id, revision, document)
        VALUES ($1, $2, $3)
        ON CONFLICT (guild_id) DO UPDATE
           SET revision = excluded.revision, document = excluded.document, changed_at = now()
         WHERE guild_config.revision < excluded.revision
        """,
        event.guild_id,
        event.revision,
        event.document,
    )
    if written:
        await db.execute(f"SELECT pg_notify(current_schema() || '_{_CHANNEL}', '')")
    return written > 0


class HasConfig(Protocol):
    """The deps of a service that keeps configurations."""

    @property
    def config(self) -> ConfigStore:
        """Where they are kept."""
        ...


def keep_configs(listeners: Listeners) -> None:
    """Have a service keep every new configuration; call it beside the service's own listeners."""

    @listeners.on(ConfigChanged)
    async def keep_config(deps: HasConfig, event: ConfigChanged) -> None:
        await deps.config.keep(event)


_CHANNEL: Final = "guild_config"
_SELECT: Final = """
    SELECT guild_id, revision, document::text AS document
      FROM guild_config WHERE guild_id = ANY($1)
"""
