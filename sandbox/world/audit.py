"""The audit log of a guild."""

from collections.abc import Mapping
from datetime import datetime
from enum import IntEnum

from msgspec import Struct

from sandbox.models import AuditEntry, By, Guild, Json
from sandbox.world import render
from sandbox.world.state import State


class Action(IntEnum):
    """What the audit log can tell of."""

    GUILD_UPDATE = 1
    CHANNEL_CREATE = 10
    CHANNEL_UPDATE = 11
    CHANNEL_DELETE = 12
    CHANNEL_OVERWRITE_CREATE = 13
    CHANNEL_OVERWRITE_UPDATE = 14
    CHANNEL_OVERWRITE_DELETE = 15
    MEMBER_KICK = 20
    MEMBER_PRUNE = 21
    MEMBER_BAN_ADD = 22
    MEMBER_BAN_REMOVE = 23
    MEMBER_UPDATE = 24
    MEMBER_ROLE_UPDATE = 25
    MEMBER_MOVE = 26
    MEMBER_DISCONNECT = 27
    BOT_ADD = 28
    ROLE_CREATE = 30
    ROLE_UPDATE = 31
    ROLE_DELETE = 32
    INVITE_CREATE = 40
    INVITE_DELETE = 42
    WEBHOOK_CREATE = 50
    WEBHOOK_UPDATE = 51
    WEBHOOK_DELETE = 52
    MESSAGE_DELETE = 72
    MESSAGE_BULK_DELETE = 73
    MESSAGE_PIN = 74
    MESSAGE_UNPIN = 75
    THREAD_CREATE = 110
    THREAD_UPDATE = 111
    THREAD_DELETE = 112


_AS_TEXT = frozenset({"permissions", "allow", "deny"})


def record(
    world: State,
    guild: Guild,
    by: By | None,
    action: Action,
    target_id: int | None = None,
    *,
    changes: list[Json] | None = None,
    options: Json | None = None,
) -> AuditEntry | None:
    """Write a line and tell the guild; what the sandbox does by itself is not written down."""
    if by is None:
        return None
    entry = AuditEntry(
        id=world.snowflakes.next(),
        action_type=int(action),
        user_id=by.user_id,
        target_id=target_id,
        changes=changes or [],
        options=options,
        reason=by.reason,
    )
    guild.audit_log.append(entry)
    if len(guild.audit_log) > world.settings.audit_log_limit:
        del guild.audit_log[0]
    announced = {**render.audit_entry(entry), "guild_id": str(guild.id)}
    world.dispatch("GUILD_AUDIT_LOG_ENTRY_CREATE", announced, guild_id=guild.id)
    return entry


def change(key: str, old: object, new: object) -> Json:
    """Return one change as the audit log words it."""
    told: Json = {"key": key}
    if old is not None:
        told["old_value"] = _plain(key, old)
    if new is not None:
        told["new_value"] = _plain(key, new)
    return told


def created(thing: Struct, keys: tuple[str, ...]) -> list[Json]:
    """Return the changes that tell of something new."""
    return [change(key, None, getattr(thing, key)) for key in keys]


def deleted(thing: Struct, keys: tuple[str, ...]) -> list[Json]:
    """Return the changes that tell of something gone."""
    return [change(key, getattr(thing, key), None) for key in keys]


def apply(thing: Struct, values: Mapping[str, object]) -> list[Json]:
    """Set the attributes of a record and return those that changed, for the audit log."""
    changes: list[Json] = []
    for key, new in values.items():
        old: object = getattr(thing, key)
        if old == new:
            continue
        setattr(thing, key, new)
        changes.append(change(key, old, new))
    return changes


def _plain(key: str, value: object) -> object:
    if isinstance(value, datetime):
        return render.iso(value)
    if isinstance(value, int) and not isinstance(value, bool) and (_is_id(key) or key in _AS_TEXT):
        return str(value)
    return value


def _is_id(key: str) -> bool:
    return key == "id" or key.endswith("_id")
