"""What a handler gives back: a message, or a form to fill in."""

from dataclasses import dataclass, field
from typing import Final

from shared.commands.fitting import fitted
from shared.contracts.actions import (
    Action,
    ActionRow,
    AddReaction,
    AllowedMentions,
    Defer,
    Embed,
    File,
    Message,
    OpenModal,
    Respond,
    TextInput,
)
from shared.contracts.invocations import Invocation, MessageTarget

LONGEST_CONTENT: Final = 2000
"""Characters that Discord takes in a message."""

_TOO_LONG: Final = "That is too long for a message, so it is in the file."


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to an invocation; pings nobody unless `allowed_mentions` says so.

    Content that is too long becomes the file `answer.txt`. `ephemeral` is as the command says
    when None. `update` (components only) changes the message that the component is on.
    """

    content: str = ""
    embeds: tuple[Embed, ...] = ()
    components: tuple[ActionRow, ...] = ()
    files: tuple[File, ...] = ()
    ephemeral: bool | None = None
    update: bool = False
    allowed_mentions: AllowedMentions = field(default_factory=AllowedMentions)


@dataclass(frozen=True, slots=True)
class Modal:
    """A form; `custom_id` (from `Commands.custom_id`) names the handler of what is filled in."""

    custom_id: str
    title: str
    inputs: tuple[TextInput, ...]


@dataclass(frozen=True, slots=True)
class Silence:
    """No answer to a text command, but perhaps a reaction to its message."""

    reaction: str = ""


Answer = Reply | Modal | Silence | None
"""What handlers return; None (components and modals only) leaves everything as it is."""


def to_action(answer: Answer, by: Invocation, *, ephemeral: bool = False) -> Action | None:
    """Turn an answer into the action that the gateway is asked for; None for none at all."""
    if isinstance(answer, Silence):
        return _react(answer, by)
    if answer is None:
        return Defer(to=by.reply_to, update=True)
    if isinstance(answer, Modal):
        rows = tuple(ActionRow(components=(each,)) for each in answer.inputs)
        return OpenModal(
            to=by.reply_to, custom_id=answer.custom_id, title=answer.title[:45], rows=rows
        )
    return Respond(to=by.reply_to, message=to_message(answer, ephemeral), update=answer.update)


def _react(answer: Silence, by: Invocation) -> Action | None:
    """React to the message with the command; an interaction can't be left without an answer."""
    to = by.reply_to
    if not isinstance(to, MessageTarget):
        return Respond(to=to, message=Message(content="Done.", ephemeral=True))
    if not answer.reaction:
        return None
    return AddReaction(channel_id=to.channel_id, message_id=to.message_id, emoji=answer.reaction)


def to_message(reply: Reply, ephemeral: bool = False) -> Message:
    """Turn a reply into a message that Discord takes."""
    content, files = reply.content, reply.files
    if len(content) > LONGEST_CONTENT:
        text = File(name="answer.txt", data=content.encode(), content_type="text/plain")
        content, files = _TOO_LONG, (text, *files)
    message = Message(
        content=content,
        embeds=reply.embeds,
        components=reply.components,
        files=files,
        allowed_mentions=reply.allowed_mentions,
        ephemeral=ephemeral if reply.ephemeral is None else reply.ephemeral,
    )
    return fitted(message)
