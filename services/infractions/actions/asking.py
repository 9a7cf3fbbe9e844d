"""Asking Discord, through the gateway, to do something about a member: one action, one outcome."""

from datetime import timedelta
from typing import Final

from services.infractions.deps import Deps
from services.infractions.model import Infraction, Outcome, Subject
from shared.contracts.actions import Action, ActionResult, GetBan
from shared.contracts.topology import BULK, INTERACTIVE, MODERATION
from shared.errors import ForbiddenError

ACTION_TIMEOUT: Final = timedelta(seconds=10)
LONGEST_AUDIT_REASON: Final = 512
"""Characters that Discord keeps in its audit log."""

NO_SUCH_MEMBER: Final = 10007
NO_SUCH_ROLE: Final = 10011
NO_SUCH_USER: Final = 10013
NO_SUCH_BAN: Final = 10026
ABSENT: Final = frozenset({NO_SUCH_MEMBER, NO_SUCH_ROLE, NO_SUCH_USER, NO_SUCH_BAN})
"""What may be gone of itself; other things, such as the server, are not for a bot to end."""


async def ask(deps: Deps, action: Action, *, key: str, reason: str) -> Outcome:
    """Have Discord do something, once for a key.

    Raises UnavailableError while it can't be reached.
    """
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


def why(infraction: Infraction) -> str:
    """Return the reason for Discord's audit log, the moderator first, as it knows the bot only."""
    reason = infraction.reason or "no reason given"
    return f"{infraction.moderator.name} ({infraction.moderator.id}): {reason}"


def why_now(subject: Subject, newest: Infraction | None) -> str:
    """Return the reason for making Discord agree with the record."""
    if newest is None:
        return f"The record says that no {subject.family.value} holds any more"
    return f"Infraction #{newest.number} by {newest.moderator.name} holds"


def _outcome(result: ActionResult) -> Outcome:
    """Tell what may be absent from what else may be gone, such as the bot from the server."""
    if result.status == "done":
        return Outcome("done")
    status = "absent" if result.code in ABSENT else "refused"
    return Outcome(status, result.message or "Discord refused.", result.code)
