"""Mutes on Discord: by timeout, which lasts 28 days at most and is renewed, or by a role."""

from datetime import UTC, datetime, timedelta
from typing import Final

from services.infractions import queries
from services.infractions.actions.asking import NO_SUCH_MEMBER, NO_SUCH_ROLE, ask
from services.infractions.deps import Deps
from services.infractions.model import Infraction, Kind, Outcome
from shared.contracts.actions import AddRole, RemoveRole, Timeout
from shared.contracts.discord import ADMINISTRATOR, Member
from shared.contracts.ids import GuildId, RoleId, UserId
from shared.errors import ForbiddenError, UserError
from shared.permissions import person_in

LONGEST_TIMEOUT: Final = timedelta(days=28) - timedelta(minutes=5)
"""A little less than Discord's longest, as its clock may differ from ours."""

RENEWED_BEFORE: Final = timedelta(days=1)
"""How long before its end a timeout that has to go on is renewed."""

SAME: Final = timedelta(seconds=2)
"""Moments no further apart are the same one, to clocks that differ a little."""

NOT_HERE: Final = Outcome("absent", "They are not in this server.", NO_SUCH_MEMBER)
NOT_MUTED: Final = Outcome("absent", "They are not muted.")
ADMINISTRATORS: Final = (
    "Discord times out no administrators: take that permission from them first, or have this "
    "server mute by a role."
)
OWNERS: Final = "They own this server, and Discord does not time out owners."


def timeout_until(infraction: Infraction, now: datetime) -> datetime:
    """Return until when a mute times the member out, as of now."""
    longest = now + LONGEST_TIMEOUT
    return longest if infraction.expires_at is None else min(infraction.expires_at, longest)


def first_timeout(infraction: Infraction) -> datetime:
    """Return until when a mute by timeout is asked for first; the same whenever that is."""
    return timeout_until(infraction, infraction.created_at)


def is_timed_out(member: Member) -> bool:
    """Say whether somebody is timed out, and not just about to be free."""
    until = member.communication_disabled_until
    return until is not None and until > datetime.now(UTC) + SAME


async def mute(deps: Deps, infraction: Infraction, key: str, reason: str) -> Outcome:
    """Mute a member for the first time, by role or by timeout."""
    if infraction.role_id is not None:
        return await _give_role(deps, infraction, infraction.role_id, key, reason)
    return await time_out(deps, infraction, first_timeout(infraction), key, reason)


async def _give_role(
    deps: Deps, infraction: Infraction, role_id: RoleId, key: str, reason: str
) -> Outcome:
    action = AddRole(guild_id=infraction.guild_id, user_id=infraction.user_id, role_id=role_id)
    outcome = await ask(deps, action, key=key, reason=reason)
    if outcome.code == NO_SUCH_ROLE:
        return Outcome("absent", "This server's mute role does not exist any more.", NO_SUCH_ROLE)
    return outcome


async def time_out(
    deps: Deps, infraction: Infraction, until: datetime, key: str, reason: str
) -> Outcome:
    """Time a member out, and say in plain words why Discord does not want to."""
    action = Timeout(guild_id=infraction.guild_id, user_id=infraction.user_id, until=until)
    outcome = await ask(deps, action, key=key, reason=reason)
    if outcome.status != "refused":
        return outcome
    known = await _why_refused(deps, infraction.guild_id, infraction.user_id)
    return Outcome("refused", known or outcome.message)


async def _why_refused(deps: Deps, guild_id: GuildId, user_id: UserId) -> str | None:
    try:
        guild = await deps.gateway.guild(guild_id)
        member = await deps.gateway.member(guild_id, user_id)
    except UserError:
        return None
    person = person_in(guild, user_id, member.roles if member else ())
    if person.owner:
        return OWNERS
    return ADMINISTRATORS if person.permissions & ADMINISTRATOR else None


async def unmute(deps: Deps, infraction: Infraction, key: str, reason: str) -> Outcome:
    """End whatever mutes a member: the timeout, and each role that they were ever muted by.

    Of somebody who left, the mute only has to end in the record.
    """
    guild_id, user_id = infraction.guild_id, infraction.user_id
    outcome = await clear(deps, guild_id, user_id, key, reason)
    if outcome.code != NO_SUCH_MEMBER:
        return outcome
    mutes = await queries.to_put_back(deps.db, guild_id, user_id)
    if any(each.kind is Kind.MUTE for each in mutes):
        return Outcome("done", "they are not here; they come back without it")
    return outcome


async def clear(
    deps: Deps,
    guild_id: GuildId,
    user_id: UserId,
    key: str,
    reason: str,
    *,
    but_for: Infraction | None = None,
) -> Outcome:
    """Take from a member whatever mutes them, but for what one mute does."""
    try:
        member = await deps.gateway.member(guild_id, user_id)
    except ForbiddenError as refusal:
        return Outcome("refused", refusal.message)
    if member is None:
        return NOT_HERE
    by_role = but_for.role_id if but_for is not None else None
    roles = set(member.roles) & await _mute_roles(deps, guild_id, user_id)
    actions: dict[str, RemoveRole | Timeout] = {
        str(role): RemoveRole(guild_id=guild_id, user_id=user_id, role_id=role)
        for role in roles
        if role != by_role
    }
    if is_timed_out(member) and (but_for is None or by_role is not None):
        actions["timeout"] = Timeout(guild_id=guild_id, user_id=user_id, until=None)
    outcome = NOT_MUTED
    for what, action in actions.items():
        outcome = await ask(deps, action, key=f"{key}:{what}", reason=reason)
        if outcome.status == "refused":
            return outcome
    return outcome


async def _mute_roles(deps: Deps, guild_id: GuildId, user_id: UserId) -> set[RoleId]:
    configured = deps.config.get(guild_id).plugins.infractions.mute_role
    known = await queries.mute_roles(deps.db, guild_id, user_id)
    return {*known} if configured is None else {*known, RoleId(configured)}


async def end_timeout(deps: Deps, infraction: Infraction, key: str, reason: str) -> Outcome:
    """End a timeout that did not run out by itself."""
    try:
        member = await deps.gateway.member(infraction.guild_id, infraction.user_id)
    except ForbiddenError as refusal:
        return Outcome("refused", refusal.message)
    if member is None:
        return NOT_HERE
    if not is_timed_out(member):
        return NOT_MUTED
    action = Timeout(guild_id=infraction.guild_id, user_id=infraction.user_id, until=None)
    return await ask(deps, action, key=key, reason=reason)


async def put_on(deps: Deps, infraction: Infraction, key: str, reason: str) -> Outcome:
    """Have a member be muted as an active mute says now, and by nothing else.

    Raises UnavailableError while Discord can't be reached.
    """
    guild_id, user_id = infraction.guild_id, infraction.user_id
    cleared = await clear(deps, guild_id, user_id, f"{key}:clear", reason, but_for=infraction)
    if cleared.status == "refused" or cleared.code == NO_SUCH_MEMBER:
        return cleared
    if infraction.role_id is not None:
        return await _give_role(deps, infraction, infraction.role_id, key, reason)
    until = timeout_until(infraction, datetime.now(UTC))
    return await time_out(deps, infraction, until, key, reason)
