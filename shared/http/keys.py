"""API keys of a guild, by which scripts authenticate; only their hashes are kept."""

import hashlib
import hmac
import secrets
from datetime import UTC, datetime
from typing import Final

import msgspec

from shared.contracts.domain import ApiKey, GuildKeysChanged
from shared.contracts.ids import UserId
from shared.http.problems import UnauthorizedError
from shared.http.tokens import Actor
from shared.listeners import Listeners
from shared.postgres import Db, execute, fetch_maybe

PREFIX: Final = "flk_"


def new_key(
    name: str,
    scopes: tuple[str, ...],
    *,
    created_by: int,
    expires_at: datetime | None = None,
) -> tuple[str, ApiKey]:
    """Make a key: the text to show once (`flk_<id>_<secret>`), and what is kept of it."""
    key_id, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    key = ApiKey(
        id=key_id,
        name=name,
        sha256=_digest(secret),
        scopes=scopes,
        created_at=datetime.now(UTC),
        created_by=UserId(created_by),
        expires_at=expires_at,
    )
    return f"{PREFIX}{key_id}_{secret}", key


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


class KeyStore:
    """The keys of all guilds, kept from what admin announces.

    They are read anew for each request, so that a key that was taken back is refused at once in
    every process.
    """

    def __init__(self, db: Db) -> None:
        self._db = db

    def listen(self, listeners: Listeners) -> None:
        """Keep the keys up to date by a service's listeners."""

        async def keep(_deps: object, event: GuildKeysChanged) -> None:
            await self.apply(event)

        listeners.on(GuildKeysChanged)(keep)

    async def apply(self, event: GuildKeysChanged) -> None:
        """Keep a guild's keys, unless a newer revision is there already."""
        await execute(
            self._db,
            """
            INSERT INTO guild_keys (guild_id, revision, keys) VALUES ($1, $2, $3)
            ON CONFLICT (guild_id) DO UPDATE
               SET revision = excluded.revision, keys = excluded.keys
             WHERE guild_keys.revision < excluded.revision
            """,
            event.guild_id,
            event.revision,
            msgspec.to_builtins(event.keys),
        )

    async def verify(self, text: str, guild_id: int) -> Actor:
        """Return for whom a key of a guild speaks. Raises UnauthorizedError."""
        key_id, _, secret = text.removeprefix(PREFIX).partition("_")
        digest = _digest(secret)
        for key in await self._of(guild_id):
            matches = hmac.compare_digest(key.sha256.encode(), digest.encode())
            if matches and key.id == key_id and not _expired(key):
                return Actor(
                    user_id=key.created_by,
                    guild_id=guild_id,
                    role="key",
                    scopes=key.scopes,
                    name=key.name,
                    key_id=key.id,
                )
        raise UnauthorizedError("This key is not one of this server, or it is no longer valid.")

    async def _of(self, guild_id: int) -> tuple[ApiKey, ...]:
        sql = "SELECT keys FROM guild_keys WHERE guild_id = $1"
        keys = await fetch_maybe(self._db, tuple[ApiKey, ...], sql, guild_id)
        return keys or ()


def _expired(key: ApiKey) -> bool:
    return key.expires_at is not None and key.expires_at <= datetime.now(UTC)
