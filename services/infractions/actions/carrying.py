"""Having Discord do, and lift again, what infractions are about: which action each kind is."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from services.infractions.actions import muting
from services.infractions.actions.asking import NO_SUCH_MEMBER, ask, why
from services.infractions.deps import Deps
from services.infractions.model import Infraction, Kind, Outcome
from shared.contracts.actions import AddRole, Ban, Kick, RemoveRole, Unban


async def carry_out(deps: Deps, infraction: Infraction, *, again: bool = False) -> Outcome:
    """Have Discord do what a pending infraction is about; once, however often this is called.

    `again` says that it may have been done before. Raises UnavailableError while Discord can't be
    reached.
    """
    key, reason = f"infraction:{infraction.key}:apply", why(infraction)
    if infraction.kind is Kind.KICK:
        return await _kick(deps, infraction, key, reason, again=again)
    if infraction.kind is Kind.UNMUTE:
        return await muting.unmute(deps, infraction, key, reason, again=again)
    return await _CARRIED[infraction.kind](deps, infraction, key, reason)


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
        return Outcome("refused", f"They are banned, as the unban was refused: {unbanned.message}")
    return banned


async def _kick(
    deps: Deps, infraction: Infraction, key: str, reason: str, *, again: bool
) -> Outcome:
    action = Kick(guild_id=infraction.guild_id, user_id=infraction.user_id)
    outcome = await ask(deps, action, key=key, reason=reason)
    if outcome.code != NO_SUCH_MEMBER:
        return outcome
    if again:
        return Outcome("done", "they are not in the server any more")
    return Outcome("refused", "They are not in this server, so that nobody can be kicked.")


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
    Kind.MUTE: muting.mute,
    Kind.TEMPROLE: _give_role,
}
"""By key and reason for Discord's audit log; what may have been done before stands apart."""
