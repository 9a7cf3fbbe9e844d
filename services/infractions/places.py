"""Who may read a channel, so that nobody is shown by the bot what Discord hides from them."""

import re
from collections.abc import Iterable
from typing import Final

from services.infractions.evidence_model import Link, Place
from shared.contracts.discord import ADMINISTRATOR, GuildSnapshot, Overwrite
from shared.contracts.ids import ChannelId, GuildId, MessageId, RoleId, UserId
from shared.errors import UserError
from shared.permissions import permissions_of

VIEW_CHANNEL: Final = 1 << 10
READ_HISTORY: Final = 1 << 16
MANAGE_THREADS: Final = 1 << 34
READS: Final = VIEW_CHANNEL | READ_HISTORY

THREADS: Final = frozenset({10, 11, 12})
PRIVATE_THREAD: Final = 12
OF_ROLE, OF_MEMBER = 0, 1

_LINK: Final = re.compile(
    r"https://(?:\w+\.)?discord(?:app)?\.com/channels/(\d{1,19})/(\d{1,19})/(\d{1,19})/?", re.ASCII
)


def read_link(text: str) -> Link:
    """Return what a link to a message names. Raises UserError."""
    match = _LINK.fullmatch(text.strip())
    if match is None:
        raise UserError("That is no link to a message: use the message's menu, Copy Message Link.")
    guild_id, channel_id, message_id = (int(each) for each in match.groups())
    return Link(GuildId(guild_id), ChannelId(channel_id), MessageId(message_id))


def may_read(guild: GuildSnapshot, place: Place, user_id: UserId, roles: Iterable[RoleId]) -> bool:
    """Say whether a member may read what was written in a channel or thread."""
    held = frozenset(roles)
    bits = permissions_of(guild, held)
    if user_id == guild.owner_id or bits & ADMINISTRATOR:
        return True
    overwrites = place.permission_overwrites
    if place.type in THREADS:
        parent = next((each for each in guild.channels if each.id == place.parent_id), None)
        if parent is None:
            return False
        overwrites = parent.permission_overwrites
    bits = _overwritten(bits, overwrites, guild, user_id, held)
    wanted = READS | MANAGE_THREADS if place.type == PRIVATE_THREAD else READS
    return bits & wanted == wanted


def _overwritten(
    bits: int,
    overwrites: Iterable[Overwrite],
    guild: GuildSnapshot,
    user_id: UserId,
    roles: frozenset[RoleId],
) -> int:
    """Apply a channel's exceptions as Discord does: for everyone, for roles, for the member."""
    known = list(overwrites)
    of_everyone = [each for each in known if each.type == OF_ROLE and each.id == guild.id]
    of_roles = [each for each in known if each.type == OF_ROLE and each.id in roles - {guild.id}]
    of_member = [each for each in known if each.type == OF_MEMBER and each.id == user_id]
    for group in (of_everyone, of_roles, of_member):
        for each in group:
            bits &= ~each.deny
        for each in group:
            bits |= each.allow
    return bits
