"""Asking Discord, through the gateway, for what an infraction is about."""

from datetime import timedelta
from typing import Final

from services.infractions.deps import Deps
from services.infractions.model import Infraction, Kind, Outcome
from shared.contracts.actions import Action, ActionResult, Ban, GetBan, Unban
from shared.contracts.ids import GuildId, UserId
from shared.contracts.topology import BULK, INTERACTIVE, MODERATION
from shared.errors import ForbiddenError

ACTION_TIMEOUT: Final = timedelta(seconds=10)
LONGEST_AUDIT_REASON: Final = 512
"""Characters that Discord keeps in its audit log."""

NO_SUCH_BAN: Final = 10026
NO_SUCH_USER: Final = 10013


async def carry_out(deps: Deps, infraction: Infraction) -> Outcome:
    """Have Discord do what a pending infraction is about; once, however often this is called.

    Raises UnavailableError while Discord can't be reached.
    """
    reason = infraction.reason or "no reason given"
    return await _ask(
        deps,
        _action(infraction),
        key=f"infraction:{infraction.key}:apply",
        # The moderator first, as the audit log knows the bot only.
        reason=f"{infraction.moderator.name} ({infraction.moderator.id}): {reason}",
    )


async def lift(deps: Deps, infraction: Infraction) -> Outcome:
    """Have Discord lift a ban whose time is up; each refusal makes the next try a new action."""
    return await _ask(
        deps,
        Unban(guild_id=infraction.guild_id, user_id=infraction.user_id),
        key=f"infraction:{infraction.key}:lift:{infraction.lift_refusals}",
        reason=f"Infraction #{infraction.number} by {infraction.moderator.name} expired",
    )


async def assert_ban(
    deps: Deps, guild_id: GuildId, user_id: UserId, *, banned: bool, key: str
) -> Outcome:
    """Have Discord ban or unban somebody, whether or not they are."""
    action = Ban if banned else Unban
    return await _ask(
        deps,
        action(guild_id=guild_id, user_id=user_id),
        key=key,
        reason="As the newest infraction of the member says",
    )


async def is_banned(deps: Deps, infraction: Infraction) -> bool:
    """Ask whether an infraction's member is banned, which only Discord's word on the ban disproves.

    Raises ForbiddenError, UnavailableError.
    """
    question = GetBan(guild_id=infraction.guild_id, user_id=infraction.user_id)
    result = await deps.gateway.do(question, key=None, queue=INTERACTIVE)
    return result.code != NO_SUCH_BAN


async def is_gone(deps: Deps, infraction: Infraction) -> bool:
    """Ask whether a ban is not there any more; only Discord's word on the ban itself is proof.

    Raises UnavailableError.
    """
    question = GetBan(guild_id=infraction.guild_id, user_id=infraction.user_id)
    try:
        result = await deps.gateway.do(question, key=None, queue=BULK)
    except ForbiddenError:
        return False
    return result.code == NO_SUCH_BAN


async def _ask(deps: Deps, action: Action, *, key: str, reason: str) -> Outcome:
    try:
        result = await deps.gateway.do(
            action,
            key=key,
            reason=reason[:LONGEST_AUDIT_REASON],
            timeout=ACTION_TIMEOUT,
            queue=MODERATION,
        )
    except ForbiddenError as refusal:
        return Outcome("refused", refusal.message)
    return _outcome(result)


def _outcome(result: ActionResult) -> Outcome:
    """Tell an absent ban from what else may be gone, such as the bot from the server."""
    if result.status == "done":
        return Outcome("done")
    if result.code in (NO_SUCH_BAN, NO_SUCH_USER):
        return Outcome("not_banned", result.message)
    return Outcome("refused", result.message or "Discord refused.")


def _action(infraction: Infraction) -> Action:
    if infraction.kind is Kind.BAN:
        return Ban(
            guild_id=infraction.guild_id,
            user_id=infraction.user_id,
            delete_message_seconds=infraction.delete_message_seconds,
        )
    assert infraction.kind is Kind.UNBAN
    return Unban(guild_id=infraction.guild_id, user_id=infraction.user_id)
