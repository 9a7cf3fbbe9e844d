"""The menu of a message: warn its author, who is asked about with a form."""

from services.infractions import actions
from services.infractions.commands.acknowledging import acknowledge
from services.infractions.commands.declared import Why, commands, order_of
from services.infractions.deps import Deps
from services.infractions.model import Kind
from services.infractions.targets import find_target
from shared.commands import Modal, Reply, Silence
from shared.contracts.actions import TextInput
from shared.contracts.ids import MessageId, UserId
from shared.contracts.invocations import Invocation
from shared.errors import NotFoundError
from shared.permissions import MODERATOR

LONGEST_INPUT = 4000
REASON = TextInput(custom_id="reason", label="Reason", style=2, max_length=LONGEST_INPUT)


@commands.command(
    "warn-author", level=MODERATOR, text=False, slash=False, menu="message", menu_name="Warn author"
)
async def warn_author(deps: Deps, by: Invocation, message: MessageId) -> Modal:
    """Warn whoever wrote a message."""
    if by.message is None or by.message.author is None:
        raise NotFoundError("That message is not there any more.")
    custom_id = commands.custom_id("author-warned", by.message.author.id, message)
    return Modal(custom_id, "Warn author", (REASON,))


@commands.component("author-warned", of="warn")
async def author_warned(
    deps: Deps, by: Invocation, user: UserId, message: MessageId, reason: Why
) -> Reply | Silence:
    """Warn them, with the way to the message."""
    target = await find_target(deps, by, user)
    what = order_of(by, target, Kind.WARNING, reason, message_id=message)
    return await acknowledge(deps, by, await actions.order(deps, what))
