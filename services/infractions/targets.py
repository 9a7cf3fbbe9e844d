"""Whom a command is about, and whether the moderator may act on them."""

import asyncio

from msgspec import Struct

from services.infractions.deps import Deps
from services.infractions.model import Person
from shared.contracts.actions import GetUser
from shared.contracts.codec import decode
from shared.contracts.discord import Member, User
from shared.contracts.ids import UserId
from shared.contracts.invocations import Invocation
from shared.contracts.topology import INTERACTIVE
from shared.errors import NotFoundError
from shared.permissions import may_act_on, person_in, person_of


class Target(Struct, kw_only=True, frozen=True):
    """Somebody that a measure is about; `member` is None when they are not in the guild."""

    user: User
    member: Member | None

    @property
    def person(self) -> Person:
        """The target as the record names them."""
        return Person(self.user.id, self.user.name)


async def find_target(deps: Deps, by: Invocation, user_id: UserId) -> Target:
    """Return whom a command names, once it is clear that the moderator may act on them.

    Raises NotFoundError when Discord knows no such user, ForbiddenError with the rule that
    forbids it, UnavailableError.
    """
    guild, target = await asyncio.gather(
        deps.gateway.guild(by.guild_id, version=by.guild_version), _look_up(deps, by, user_id)
    )
    roles = target.member.roles if target.member else ()
    may_act_on(
        person_of(by),
        person_in(guild, user_id, roles),
        guild,
        deps.config.get(by.guild_id),
        deps.settings.operators,
    )
    return target


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
