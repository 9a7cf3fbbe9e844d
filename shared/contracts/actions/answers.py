"""Actions that answer a person: the first answer, its edits, follow-ups, forms, completion."""

from shared.contracts.actions.act import Act
from shared.contracts.actions.messages import ActionRow, Message
from shared.contracts.invocations import Choice, ReplyTarget


class Respond(Act, frozen=True, kw_only=True, tag="respond"):
    """Answer an invocation; the first answer of an interaction, or the edit of a deferred one.

    `update` (components only) changes the message that the component is on.
    """

    to: ReplyTarget
    message: Message
    update: bool = False


class FollowUp(Act, frozen=True, kw_only=True, tag="follow_up"):
    """Send a further message to an invocation that was answered."""

    to: ReplyTarget
    message: Message


class EditResponse(Act, frozen=True, kw_only=True, tag="edit_response"):
    """Change the answer that was given to an invocation."""

    to: ReplyTarget
    message: Message


class DeleteResponse(Act, frozen=True, kw_only=True, tag="delete_response"):
    """Delete the answer that was given to an invocation; gone (10008) when it is not there."""

    to: ReplyTarget


class Defer(Act, frozen=True, kw_only=True, tag="defer"):
    """Tell the user of an interaction that an answer will come; `update` for components."""

    to: ReplyTarget
    ephemeral: bool = False
    update: bool = False


class Autocomplete(Act, frozen=True, kw_only=True, tag="autocomplete"):
    """Offer values for the option that somebody is typing; 25 at most."""

    to: ReplyTarget
    choices: tuple[Choice, ...]


class OpenModal(Act, frozen=True, kw_only=True, tag="open_modal"):
    """Answer an interaction with a form."""

    to: ReplyTarget
    custom_id: str
    title: str
    rows: tuple[ActionRow, ...]
