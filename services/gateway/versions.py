"""Versions of guilds' snapshots: numbers that only grow, whichever process keeps the guild."""

from collections.abc import Iterable
from typing import Final

from shared.contracts.discord import Channel, GuildSnapshot, Role

HELD: Final = 32
"""A version is the fence of the shard's lease above so many bits, and a count below: every holder
of a shard begins above everything that an earlier one can have told, also what it never stored."""


class Versions:
    """The next version of each shard's guilds."""

    def __init__(self) -> None:
        self._last: dict[int, int] = {}

    def begin(self, shard_id: int, fence: int, stored: Iterable[int]) -> None:
        """Begin with a shard that is held under this fence, after the versions that were stored."""
        self._last[shard_id] = max((fence << HELD, *stored))

    def next(self, shard_id: int) -> int:
        """Return a version that is greater than all before."""
        version = self._last.get(shard_id, 0) + 1
        self._last[shard_id] = version
        return version


def differs(before: GuildSnapshot | None, after: GuildSnapshot) -> bool:
    """Say whether something changed that copies of a snapshot must follow.

    The number of members is not: a copy's is as old as the copy, as members come and go too often.
    """
    if before is None or _plainly(before) != _plainly(after):
        return True
    if before.roles is not after.roles and _by_id(before.roles) != _by_id(after.roles):
        return True
    same = before.channels is after.channels
    return not same and _by_id(before.channels) != _by_id(after.channels)


def _plainly(guild: GuildSnapshot) -> tuple[object, ...]:
    return (
        guild.name,
        guild.icon,
        guild.owner_id,
        guild.bot_id,
        frozenset(guild.bot_roles),
        guild.unavailable,
    )


def _by_id(items: tuple[Role, ...] | tuple[Channel, ...]) -> dict[int, Role | Channel]:
    return {item.id: item for item in items}
