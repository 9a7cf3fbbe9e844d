"""What differs between a guild as it was known and as it came back, in words of data."""

from collections.abc import Iterable
from typing import TypeVar

from msgspec import structs

from services.gateway.recognition.permissions import THREADS
from shared.contracts.discord import Channel, GuildSnapshot, Role
from shared.contracts.domain import ChannelChange, GuildReconciled, RoleChange
from shared.permissions import permissions_of

T = TypeVar("T", Role, Channel)


def compare(
    told: GuildReconciled, before: GuildSnapshot | None, after: GuildSnapshot | None
) -> GuildReconciled:
    """Add to what is told of a guild how it differs; nothing where it was not known before."""
    if before is None or after is None:
        return told
    roles_added, roles_removed, roles = _compare(before.roles, after.roles)
    channels_added, channels_removed, channels = _compare(_lasting(before), _lasting(after))
    told = structs.replace(
        told,
        compared=True,
        roles_added=roles_added,
        roles_removed=roles_removed,
        roles_changed=tuple(RoleChange(before=was, after=now) for was, now in roles),
        channels_added=channels_added,
        channels_removed=channels_removed,
        channels_changed=tuple(ChannelChange(before=was, after=now) for was, now in channels),
    )
    return _with_bot(_with_owner(told, before, after), before, after)


def _with_owner(
    told: GuildReconciled, before: GuildSnapshot, after: GuildSnapshot
) -> GuildReconciled:
    if before.owner_id == after.owner_id:
        return told
    return structs.replace(told, owner_before=before.owner_id, owner_after=after.owner_id)


def _with_bot(
    told: GuildReconciled, before: GuildSnapshot, after: GuildSnapshot
) -> GuildReconciled:
    """Add what differs of the bot's own roles and permissions."""
    told = structs.replace(
        told,
        bot_roles_added=tuple(role for role in after.bot_roles if role not in before.bot_roles),
        bot_roles_removed=tuple(role for role in before.bot_roles if role not in after.bot_roles),
    )
    was = permissions_of(before, before.bot_roles)
    now = permissions_of(after, after.bot_roles)
    if was == now:
        return told
    return structs.replace(told, bot_permissions_before=was, bot_permissions_after=now)


def _compare(
    before: Iterable[T], after: Iterable[T]
) -> tuple[tuple[T, ...], tuple[T, ...], list[tuple[T, T]]]:
    """Return what was added, what was removed, and what changed: as it was and as it is."""
    was, now = {item.id: item for item in before}, {item.id: item for item in after}
    added = tuple(item for id_, item in now.items() if id_ not in was)
    removed = tuple(item for id_, item in was.items() if id_ not in now)
    both = [(was[id_], item) for id_, item in now.items() if id_ in was]
    return added, removed, [(old, new) for old, new in both if old != new]


def _lasting(guild: GuildSnapshot) -> list[Channel]:
    """Return the channels without threads, whose absence means only that they are archived."""
    return [channel for channel in guild.channels if channel.type not in THREADS]
