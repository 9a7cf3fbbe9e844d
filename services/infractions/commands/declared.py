"""Where the commands of infractions are declared, and what several of them need."""

from datetime import timedelta
from typing import Annotated, Final

from services.infractions.deps import Deps
from services.infractions.model import LARGEST_NUMBER, Kind, Order, Person
from services.infractions.targets import Target
from shared.commands import Commands, Describe, Range, Text
from shared.contracts.ids import UserId
from shared.contracts.invocations import Invocation, MessageTarget

commands: Final[Commands[Deps]] = Commands("infractions")

Who = Annotated[UserId, Describe("Whom: a mention or an id")]
Why = Annotated[Text, Describe("Why; moderators read it, and the member if they are told")]
Edge = Annotated[int, Range(1, LARGEST_NUMBER)]


def order_of(  # the two optional ones belong to bans alone
    by: Invocation,
    target: Target,
    kind: Kind,
    reason: str,
    duration: timedelta | None = None,
    *,
    delete_days: int = 0,
) -> Order:
    """Return what a command orders; where and by whom is taken from its invocation."""
    message = by.reply_to.message_id if isinstance(by.reply_to, MessageTarget) else None
    return Order(
        guild_id=by.guild_id,
        kind=kind,
        user=target.person,
        moderator=Person(by.user.id, by.user.name),
        reason=cleaned(reason),
        source=by.source,
        source_key=by.id,
        duration=duration,
        delete_message_seconds=delete_days * 86_400,
        channel_id=by.channel_id,
        message_id=message,
    )


def cleaned(reason: str) -> str:
    """Return a reason without what Postgres keeps in no text, and blanks around it."""
    return reason.replace("\0", "").strip()
