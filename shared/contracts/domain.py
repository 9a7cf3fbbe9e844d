"""Domain events: what one service tells all others through `flotilla.events`."""

from datetime import datetime
from typing import ClassVar

from msgspec import Struct

from shared.contracts.config import ConfigDocument
from shared.contracts.ids import GuildId, UserId


class ConfigChanged(Struct, kw_only=True, frozen=True):
    """A guild's configuration has a new revision; carries the whole of it."""

    KEY: ClassVar[str] = "config.changed"

    guild_id: GuildId
    revision: int
    document: ConfigDocument
    author_id: UserId = UserId(0)
    changed_at: datetime | None = None


class ConfigWanted(Struct, kw_only=True, frozen=True):
    """A service that has no configurations yet asks admin to send all of them."""

    KEY: ClassVar[str] = "config.wanted"

    service: str
    guild_id: GuildId = GuildId(0)


class ApiKey(Struct, kw_only=True, frozen=True):
    """A guild's API key as services keep it: never the secret, only its SHA-256 in hex."""

    id: str
    name: str
    sha256: str
    scopes: tuple[str, ...]
    created_at: datetime
    created_by: UserId = UserId(0)
    expires_at: datetime | None = None


class GuildKeysChanged(Struct, kw_only=True, frozen=True):
    """A guild's API keys changed; carries all that are valid."""

    KEY: ClassVar[str] = "keys.changed"

    guild_id: GuildId
    revision: int
    keys: tuple[ApiKey, ...]


class InfractionCreated(Struct, kw_only=True, frozen=True):
    """Something that happened to a member was recorded and is in force (or done)."""

    KEY: ClassVar[str] = "infraction.created"

    guild_id: GuildId
    number: int
    kind: str
    user_id: UserId
    moderator_id: UserId | None
    at: datetime
    expires_at: datetime | None = None
    reason: str = ""


class InfractionEnded(Struct, kw_only=True, frozen=True):
    """A measure ended: `state` is `expired` or `lifted`."""

    KEY: ClassVar[str] = "infraction.ended"

    guild_id: GuildId
    number: int
    kind: str
    user_id: UserId
    state: str
    at: datetime
    moderator_id: UserId | None = None


class GuildChanged(Struct, kw_only=True, frozen=True):
    """The gateway's snapshot of a guild has a new version: earlier copies are not right any more.

    It is told in order with the guild's events, also when the bot has left the guild.
    """

    KEY: ClassVar[str] = "guild.changed"

    guild_id: GuildId
    version: int


class EventsMissed(Struct, kw_only=True, frozen=True):
    """The gateway missed a guild's events for good, as Discord had ended its session.

    Nothing that happened from `since` until `until` will be heard of: who keeps a copy of what is
    so on Discord asks again.
    """

    KEY: ClassVar[str] = "events.missed"

    guild_id: GuildId
    shard_id: int
    since: datetime
    until: datetime


DomainEvent = (
    ConfigChanged
    | ConfigWanted
    | GuildKeysChanged
    | InfractionCreated
    | InfractionEnded
    | GuildChanged
    | EventsMissed
)
