"""Domain events: what one service tells all others through `flotilla.events`."""

from datetime import datetime
from typing import ClassVar, Literal

from msgspec import Struct

from shared.contracts.config import ConfigDocument
from shared.contracts.discord import Channel, Role
from shared.contracts.ids import GuildId, RoleId, UserId


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


class InfractionChanged(Struct, kw_only=True, frozen=True):
    """The record of an infraction was changed, other than by its beginning and its end.

    `change` is the word of its history: `reason`, `duration`, `hidden` (deleted by staff),
    `restored`, `pardoned`, `evidence`, `erased`, `failed` (Discord refused it: then there was no
    InfractionCreated), `not lifted`. The rest is how it is now; `version` grows with every change.
    """

    KEY: ClassVar[str] = "infraction.changed"

    guild_id: GuildId
    number: int
    kind: str
    user_id: UserId
    change: str
    at: datetime
    state: str
    version: int
    actor_id: UserId | None = None
    moderator_id: UserId | None = None
    expires_at: datetime | None = None
    reason: str = ""
    hidden: bool = False
    pardoned: bool = False


class EventsMissed(Struct, kw_only=True, frozen=True):
    """The gateway missed a guild's events for good, as Discord had ended its session.

    Who keeps a copy of what was so on Discord from `since` until `until` asks again: of that time
    only the audit log's entries were published, before this (`guild.reconciled` says whether).
    """

    KEY: ClassVar[str] = "events.missed"

    guild_id: GuildId
    shard_id: int
    since: datetime
    until: datetime


AuditLog = Literal["read", "forbidden", "unavailable"]


class RoleChange(Struct, kw_only=True, frozen=True):
    """A role as it was and as it is."""

    before: Role
    after: Role


class ChannelChange(Struct, kw_only=True, frozen=True):
    """A channel as it was and as it is."""

    before: Channel
    after: Channel


class GuildReconciled(Struct, kw_only=True, frozen=True):
    """What is known of a guild's missed events, after a new session began; `events.missed` follows.

    The guild as it was known before (where it was: `compared`) is set against how it came back;
    threads are not compared, and what is not named is unknown rather than unchanged. The entries of
    its audit log from meanwhile were published like live ones, unless the bot may not read it
    (`forbidden`) or Discord gave no answer (`unavailable`); with `audit_log_cut`, only the
    first of too many. `has_left` says that the bot is not in the guild any more, which Discord's
    list of guilds proves.
    """

    KEY: ClassVar[str] = "guild.reconciled"

    guild_id: GuildId
    since: datetime
    until: datetime
    has_left: bool = False
    compared: bool = False
    roles_added: tuple[Role, ...] = ()
    roles_removed: tuple[Role, ...] = ()
    roles_changed: tuple[RoleChange, ...] = ()
    channels_added: tuple[Channel, ...] = ()
    channels_removed: tuple[Channel, ...] = ()
    channels_changed: tuple[ChannelChange, ...] = ()
    owner_before: UserId | None = None
    owner_after: UserId | None = None
    bot_roles_added: tuple[RoleId, ...] = ()
    bot_roles_removed: tuple[RoleId, ...] = ()
    bot_permissions_before: int | None = None
    bot_permissions_after: int | None = None
    audit_log: AuditLog = "unavailable"
    audit_log_cut: bool = False
    audit_entries: int = 0


DomainEvent = (
    ConfigChanged
    | ConfigWanted
    | GuildKeysChanged
    | InfractionCreated
    | InfractionEnded
    | InfractionChanged
    | GuildChanged
    | EventsMissed
    | GuildReconciled
)
