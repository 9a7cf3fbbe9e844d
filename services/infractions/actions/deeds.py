"""What was done to a member on Discord, as an entry of its audit log tells."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from msgspec import Struct

from services.infractions.model import FAMILIES, LASTING, Family, Infraction, Kind, Subject
from shared.contracts.events import AuditChange, AuditLogEntryCreated
from shared.contracts.ids import GuildId, RoleId, UserId, made_at

KICKED: Final = 20
BANNED: Final = 22
UNBANNED: Final = 23
MEMBER_CHANGED: Final = 24
ROLES_CHANGED: Final = 25
AT_ONCE: Final = {KICKED: Kind.KICK, BANNED: Kind.BAN, UNBANNED: Kind.UNBAN}
CONCERNED: Final = frozenset({*AT_ONCE, MEMBER_CHANGED, ROLES_CHANGED})
"""The types of entries that may be about a measure; a prune (21) is none."""

TIMED_OUT_UNTIL: Final = "communication_disabled_until"


class Deed(Struct, kw_only=True, frozen=True):
    """Something that was done to a member, and not by Flotilla.

    A mute by timeout has its end (`until`), one by role its `role_id`, and so the unmute that ended
    it. `taken`: it is no measure but the end of one, a temporary role that was taken away.
    """

    guild_id: GuildId
    kind: Kind
    user_id: UserId
    moderator_id: UserId | None
    at: datetime
    source: str
    source_key: str
    reason: str = ""
    until: datetime | None = None
    role_id: RoleId | None = None
    taken: bool = False

    @property
    def subject(self) -> Subject | None:
        """What it is about, where that can be so or not."""
        family = FAMILIES.get(self.kind)
        if family is None:
            return None
        role_id = self.role_id if family is Family.ROLE else None
        return Subject(guild_id=self.guild_id, user_id=self.user_id, family=family, role_id=role_id)

    @property
    def puts_on(self) -> bool:
        """Whether something holds from then on, rather than no more."""
        return self.kind in LASTING and not self.taken

    def is_about(self, infraction: Infraction) -> bool:
        """Say whether a measure of its subject is of the same means: by timeout, or that role."""
        return infraction.role_id == self.role_id


def deeds_of(entry: AuditLogEntryCreated, mute_role: int | None) -> list[Deed]:
    """Return what an entry says was done to a member, as far as that concerns infractions.

    Raises msgspec.ValidationError where it is not of Discord's shape.
    """
    if entry.target_id is None or entry.action_type not in CONCERNED:
        return []
    kind = AT_ONCE.get(entry.action_type)
    if kind is not None:
        return [_deed(entry, kind)]
    changes = entry.changes or ()
    if entry.action_type == MEMBER_CHANGED:
        return [deed for change in changes for deed in _timeout(entry, change)]
    return [deed for change in changes for deed in _roles(entry, change, mute_role)]


def _timeout(entry: AuditLogEntryCreated, change: AuditChange) -> Iterator[Deed]:
    """Yield the mute or unmute that a change of the timeout is.

    To clear a timeout that ran out by itself is none.
    """
    if change.key != TIMED_OUT_UNTIL:
        return
    at, until, former = made_at(entry.id), change.moment(), change.former_moment()
    if until is not None and until > at:
        yield _deed(entry, Kind.MUTE, until=until)
    elif former is None or former > at:
        yield _deed(entry, Kind.UNMUTE)


def _roles(
    entry: AuditLogEntryCreated, change: AuditChange, mute_role: int | None
) -> Iterator[Deed]:
    """Yield the mutes by role, their ends, and the roles that were taken away."""
    if change.key not in ("$add", "$remove"):
        return
    for role in change.roles():
        is_mute = role.id == mute_role
        if change.key == "$remove":
            kind = Kind.UNMUTE if is_mute else Kind.TEMPROLE
            yield _deed(entry, kind, role_id=role.id, taken=not is_mute)
        elif is_mute:
            yield _deed(entry, Kind.MUTE, role_id=role.id)


def _deed(
    entry: AuditLogEntryCreated,
    kind: Kind,
    *,
    until: datetime | None = None,
    role_id: RoleId | None = None,
    taken: bool = False,
) -> Deed:
    return Deed(
        guild_id=entry.guild_id,
        kind=kind,
        user_id=UserId(entry.target_id or 0),
        moderator_id=entry.user_id,
        at=made_at(entry.id),
        reason=entry.reason or "",
        source="audit",
        source_key=f"audit:{entry.id}",
        until=until,
        role_id=role_id,
        taken=taken,
    )
