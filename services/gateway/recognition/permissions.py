"""What somebody may do in a channel, computed as Discord does, for commands that come as text."""

from collections.abc import Iterable
from typing import Final

from shared.contracts.discord import ADMINISTRATOR, Channel, GuildSnapshot, Overwrite
from shared.contracts.ids import ChannelId, RoleId, UserId

ALL: Final = (1 << 53) - 1
THREADS: Final = frozenset({10, 11, 12})
"""Types of channels whose permissions are their parent's."""


def in_channel(
    guild: GuildSnapshot, channel_id: ChannelId, user_id: UserId, roles: Iterable[RoleId]
) -> int:
    """Return the permissions of a member (Discord's reference, "Permission Hierarchy")."""
    if guild.owner_id == user_id:
        return ALL
    held = frozenset(int(role) for role in roles) | {guild.id}
    base = 0
    for role in guild.roles:
        if role.id in held:
            base |= role.permissions
    if base & ADMINISTRATOR:
        return ALL
    channel = _channel(guild, channel_id)
    return base if channel is None else _with_overwrites(base, channel, guild.id, user_id, held)


def _channel(guild: GuildSnapshot, channel_id: ChannelId | None) -> Channel | None:
    found = next((channel for channel in guild.channels if channel.id == channel_id), None)
    if found is not None and found.type in THREADS:
        return next((channel for channel in guild.channels if channel.id == found.parent_id), None)
    return found


def _with_overwrites(
    base: int, channel: Channel, everyone: int, user_id: UserId, held: frozenset[int]
) -> int:
    """Apply @everyone's overwrite, then those of the roles together, then the member's own."""
    by_id = {overwrite.id: overwrite for overwrite in channel.permission_overwrites}
    base = _apply(base, [by_id[everyone]] if everyone in by_id else [])
    base = _apply(base, [by_id[role] for role in held - {everyone} if role in by_id])
    return _apply(base, [by_id[user_id]] if user_id in by_id else [])


def _apply(base: int, overwrites: list[Overwrite]) -> int:
    deny = allow = 0
    for overwrite in overwrites:
        deny |= overwrite.deny
        allow |= overwrite.allow
    return base & ~deny | allow
