"""Whom and which role a command is about, and whether the moderator may act on them."""

import asyncio
from collections.abc import Iterable, Mapping

from msgspec import Struct

from services.infractions.deps import Deps
from services.infractions.model import Person
from shared.contracts.actions import GetUser
from shared.contracts.codec import decode
from shared.contracts.discord import ADMINISTRATOR, GuildSnapshot, Member, Role, User
from shared.contracts.ids import RoleId, UserId
from shared.contracts.invocations import Invocation
from shared.contracts.topology import INTERACTIVE
from shared.errors import ForbiddenError, NotFoundError
from shared.permissions import Person as Actor
from shared.permissions import may_act_on, permissions_of, person_in, person_of


class Target(Struct, kw_only=True, frozen=True):
    """Somebody that a measure is about; `member` is None when they are not in the guild."""

    user: User
    member: Member | None

    @property
    def person(self) -> Person:
        """The target as the record names them."""
        return Person(self.user.id, self.user.name)

    @property
    def roles(self) -> tuple[RoleId, ...]:
        """The roles that the target has; none when they are not in the guild."""
        return self.member.roles if self.member else ()


async def find_target(deps: Deps, by: Invocation, user_id: UserId) -> Target:
    """Return whom a command names, once it is clear that the moderator may act on them.

    Raises NotFoundError when Discord knows no such user, ForbiddenError with the rule that
    forbids it, UnavailableError.
    """
    guild, target = await asyncio.gather(
        deps.gateway.guild(by.guild_id, version=by.guild_version), _look_up(deps, by, user_id)
    )
    _check(deps, person_of(by), user_id, target, guild)
    return target


async def find_target_of(deps: Deps, actor: Actor, guild: GuildSnapshot, user_id: UserId) -> Target:
    """Return whom somebody of a guild names without a command; raises as `find_target` does."""
    member = await deps.gateway.member(guild.id, user_id)
    user = member.user if member else None
    target = Target(user=user or await _user(deps, user_id), member=member)
    _check(deps, actor, user_id, target, guild)
    return target


def _check(deps: Deps, actor: Actor, user_id: UserId, target: Target, guild: GuildSnapshot) -> None:
    may_act_on(
        actor,
        person_in(guild, user_id, target.roles),
        guild,
        deps.config.get(guild.id),
        deps.settings.operators,
    )


async def _look_up(deps: Deps, by: Invocation, user_id: UserId) -> Target:
    """Find somebody in what Discord sent along, else as a member, else as any user."""
    user = by.resolved.users.get(user_id)
    member = by.resolved.members.get(user_id)
    if user is not None and (member is not None or by.source != "text"):
        return Target(user=user, member=member)
    member = await deps.gateway.member(by.guild_id, user_id)
    user = member.user if member and member.user else user
    return Target(user=user or await _user(deps, user_id), member=member)


async def _user(deps: Deps, user_id: UserId) -> User:
    result = await deps.gateway.do(GetUser(user_id=user_id), key=None, queue=INTERACTIVE)
    if result.status == "gone":
        raise NotFoundError(f"Discord knows no user with the id {user_id}.")
    return decode(result.data, User)


async def check_role(deps: Deps, by: Invocation, role_id: RoleId) -> Role:
    """Return a role that a command gives, once it is clear that the moderator may give it.

    Raises NotFoundError when there is no such role, ForbiddenError with the rule that forbids it,
    UnavailableError.
    """
    guild = await deps.gateway.guild(by.guild_id, version=by.guild_version)
    return may_give(person_of(by), role_id, guild, deps.settings.operators)


def may_give(
    actor: Actor, role_id: RoleId, guild: GuildSnapshot, operators: Iterable[int] = ()
) -> Role:
    """Return a role that somebody may give to others.

    Raises NotFoundError when there is no such role, ForbiddenError with the rule that forbids it.
    """
    roles = {role.id: role for role in guild.roles}
    role = roles.get(role_id)
    if role is None:
        raise NotFoundError("There is no such role in this server.")
    if role.id == guild.id:
        raise ForbiddenError("Everybody has that role anyway.")
    if role.managed:
        raise ForbiddenError("That role belongs to an integration: only it gives the role.")
    if role.position >= _top(guild.bot_roles, roles):
        raise ForbiddenError("I can't give that role: it is not below my highest role.")
    if not (actor.owner or actor.id in operators):
        _check_within(actor, role, guild, roles)
    return role


def _check_within(
    actor: Actor, role: Role, guild: GuildSnapshot, roles: Mapping[RoleId, Role]
) -> None:
    """Refuse a role that stands as high as somebody, or has powers that they don't have."""
    if role.position >= _top(actor.roles, roles):
        raise ForbiddenError("You can't give that role: it is not below your highest role.")
    powers = permissions_of(guild, actor.roles)
    if not powers & ADMINISTRATOR and role.permissions & ~powers:
        raise ForbiddenError("You can't give that role: it has permissions that you don't have.")


def _top(held: Iterable[RoleId], roles: Mapping[RoleId, Role]) -> int:
    return max((roles[each].position for each in held if each in roles), default=0)
