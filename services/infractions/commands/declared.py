"""Where the commands of infractions are declared, and what several of them need."""

from datetime import timedelta
from typing import Annotated, Final

from services.infractions.deps import Deps
from services.infractions.model import LARGEST_NUMBER, Kind, Order, Person
from services.infractions.targets import Target
from shared.commands import Commands, Describe, Range, Text
from shared.contracts.actions import ActionRow, Button
from shared.contracts.ids import MessageId, RoleId, UserId
from shared.contracts.invocations import Invocation, MessageTarget
from shared.permissions import level_of

commands: Final[Commands[Deps]] = Commands("infractions")

Who = Annotated[UserId, Describe("Whom: a mention or an id")]
Why = Annotated[Text, Describe("Why; moderators read it, and the member if they are told")]
HowLong = "How long, such as 30m, 7d or 1w2d"
Days = Annotated[int, Range(0, 7), Describe("Days of messages to delete, 0 to 7")]
Edge = Annotated[int, Range(1, LARGEST_NUMBER)]
Points = Annotated[
    int, Range(1, 100), Describe("How much it counts; in a text command points:3 before the reason")
]
Number = Annotated[int, Describe("The infraction's number")]

BLURPLE: Final = 1
GREY: Final = 2
GREEN: Final = 3
RED: Final = 4
"""Styles of buttons: grey ones only look, red ones do what is hard to take back."""


def order_of(  # the optional ones belong to a few kinds each
    by: Invocation,
    target: Target,
    kind: Kind,
    reason: str,
    duration: timedelta | None = None,
    *,
    delete_days: int = 0,
    role_id: RoleId | None = None,
    points: int = 1,
    message_id: MessageId | None = None,
) -> Order:
    """Return what a command orders; where and by whom is taken from its invocation.

    `message_id` is the message that it is about, where it is not the one that orders it.
    """
    typed = by.reply_to.message_id if isinstance(by.reply_to, MessageTarget) else None
    return Order(
        guild_id=by.guild_id,
        kind=kind,
        user=target.person,
        moderator=moderator_of(by),
        reason=cleaned(reason),
        source=source_of(by),
        source_key=by.id,
        duration=duration,
        delete_message_seconds=delete_days * 86_400,
        channel_id=by.channel_id,
        message_id=message_id or typed,
        role_id=role_id,
        points=points,
    )


def source_of(by: Invocation) -> str:
    """Return how something was ordered: by a typed command, or with Discord's own means."""
    return "text" if by.source == "text" else "slash"


def moderator_of(by: Invocation) -> Person:
    """Return who ran a command, as the record names them."""
    return Person(by.user.id, by.user.name)


def level(deps: Deps, by: Invocation) -> int:
    """Return the level of who ran a command."""
    return level_of(by, deps.config.get(by.guild_id), deps.settings.operators)


def cleaned(reason: str) -> str:
    """Return a reason without what Postgres keeps in no text, and blanks around it."""
    return reason.replace("\0", "").strip()


def row(*buttons: Button) -> tuple[ActionRow, ...]:
    """Return the buttons below a message, none at all when there are none."""
    return (ActionRow(components=buttons),) if buttons else ()
