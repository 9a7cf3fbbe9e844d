"""Having Discord do, and lift again, what infractions are about: which action each kind is."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final
from uuid import uuid4

from services.infractions.actions import muting
from services.infractions.actions.asking import ask, why
from services.infractions.deps import Deps
from services.infractions.model import Infraction, Kind, Outcome
from shared.contracts.actions import AddRole, Ban, Kick, RemoveRole, Unban
from shared.contracts.ids import UserId


async def carry_out(deps: Deps, infraction: Infraction, *, again: bool = False) -> Outcome:
    """Have Discord do what a pending infraction is about; once, however often this is called.

    `again` says that it may have been done before. Raises UnavailableError while Discord can't be
    reached.
    """
    key, reason = f"infraction:{infraction.key}:apply", why(infraction)
    outcome = await _CARRIED[infraction.kind](deps, infraction, key, reason)
    if again and outcome.status == "absent" and infraction.kind in _REMOVING:
        return Outcome("done", f"done on Discord before: {outcome.message}")
    return outcome


async def lift(deps: Deps, infraction: Infraction, reason: str) -> Outcome:
    """Have Discord lift an active measure; each refusal makes the next try a new action."""
    # The version too, as its duration may have been changed after a try that was cut off.
    attempt = f"{infraction.version}:{infraction.lift_refusals}"
    key = f"infraction:{infraction.key}:lift:{attempt}"
    if infraction.kind is Kind.BAN:
        return await ask(deps, _unban(infraction), key=key, reason=reason)
    if infraction.role_id is None:
        return await muting.end_timeout(deps, infraction, key, reason)
    action = RemoveRole(
        guild_id=infraction.guild_id, user_id=infraction.user_id, role_id=infraction.role_id
    )
    return await ask(deps, action, key=key, reason=reason)


async def end_softban(deps: Deps, infraction: Infraction, user_id: UserId) -> Outcome:
    """Have Discord unban whom a softban left banned; each try is a new action."""
    action = Unban(guild_id=infraction.guild_id, user_id=user_id)
    key = f"infraction:{infraction.key}:unban:{uuid4().hex}"
    return await ask(deps, action, key=key, reason=why(infraction))


def _ban(infraction: Infraction) -> Ban:
    return Ban(
        guild_id=infraction.guild_id,
        user_id=infraction.user_id,
        delete_message_seconds=infraction.delete_message_seconds,
    )


def _unban(infraction: Infraction) -> Unban:
    return Unban(guild_id=infraction.guild_id, user_id=infraction.user_id)


async def _do_ban(deps: Deps, infraction: Infraction, key: str, reason: str) -> Outcome:
    return await ask(deps, _ban(infraction), key=key, reason=reason)


async def _do_unban(deps: Deps, infraction: Infraction, key: str, reason: str) -> Outcome:
    return await ask(deps, _unban(infraction), key=key, reason=reason)


async def _softban(deps: Deps, infraction: Infraction, key: str, reason: str) -> Outcome:
    """Ban and unban, each once: what a crash left half done is finished."""
    banned = await ask(deps, _ban(infraction), key=key, reason=reason)
    if banned.status != "done":
        return banned
    unbanned = await ask(deps, _unban(infraction), key=f"{key}:unban", reason=reason)
    if unbanned.status == "refused":
        failure = f"They are banned, as the unban was refused: {unbanned.message}"
        return Outcome("refused", failure, still_banned=True)
    return banned


async def _kick(deps: Deps, infraction: Infraction, key: str, reason: str) -> Outcome:
    action = Kick(guild_id=infraction.guild_id, user_id=infraction.user_id)
    return await ask(deps, action, key=key, reason=reason)


async def _give_role(deps: Deps, infraction: Infraction, key: str, reason: str) -> Outcome:
    assert infraction.role_id is not None
    action = AddRole(
        guild_id=infraction.guild_id, user_id=infraction.user_id, role_id=infraction.role_id
    )
    return await ask(deps, action, key=key, reason=reason)


_CARRIED: Final[Mapping[Kind, Callable[[Deps, Infraction, str, str], Awaitable[Outcome]]]] = {
    Kind.BAN: _do_ban,
    Kind.SOFTBAN: _softban,
    Kind.UNBAN: _do_unban,
    Kind.KICK: _kick,
    Kind.MUTE: muting.mute,
    Kind.UNMUTE: muting.unmute,
    Kind.TEMPROLE: _give_role,
}
"""How each kind is carried out, with a key and the reason for Discord's audit log."""

_REMOVING: Final = frozenset({Kind.KICK, Kind.UNBAN, Kind.UNMUTE})
"""The kinds that are done when what they remove is not there any more."""
