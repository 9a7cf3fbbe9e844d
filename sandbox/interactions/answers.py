"""How an application answers an interaction: what each kind of answer does in the world."""

from collections.abc import Callable, Mapping, Sequence
from typing import cast

from msgspec import Struct

from sandbox import forms
from sandbox.errors import Code, DiscordError, field_error, form_error
from sandbox.forms import Invalid, Json, invalid
from sandbox.interactions.desk import Desk, Interaction
from sandbox.interactions.kinds import Answer, CommandType, InteractionType
from sandbox.interactions.modals import read_modal
from sandbox.models import Message, MessageFlag, MessageType
from sandbox.world import Origin, Upload, World, messages, render

_COMMAND_ANSWERS = (Answer.MESSAGE, Answer.DEFERRED_MESSAGE, Answer.MODAL)
_UPDATES = (Answer.DEFERRED_UPDATE, Answer.UPDATE_MESSAGE)
_MAX_CHOICES = 25


class Given(Struct, kw_only=True):
    """An answer as it came in."""

    interaction: Interaction
    data: Json
    uploads: Sequence[Upload]

    @property
    def is_ephemeral(self) -> bool:
        """Whether only the user is to see it."""
        flags = self.data.get("flags")
        return isinstance(flags, int) and bool(flags & MessageFlag.EPHEMERAL)


def allowed(interaction: Interaction) -> tuple[Answer, ...]:
    """Return the kinds of answers that an interaction may have."""
    match interaction.type:
        case InteractionType.AUTOCOMPLETE:
            return (Answer.AUTOCOMPLETE,)
        case InteractionType.MESSAGE_COMPONENT:
            return _COMMAND_ANSWERS + _UPDATES
        case InteractionType.MODAL_SUBMIT:
            from_component = interaction.source_id is not None
            plain = (Answer.MESSAGE, Answer.DEFERRED_MESSAGE)
            return plain + _UPDATES if from_component else plain
        case _:
            return _COMMAND_ANSWERS


def answer(world: World, desk: Desk, kind: int, given: Given) -> Message | None:
    """Do what an answer asks; returns the message that it made or changed."""
    interaction = given.interaction
    possible = allowed(interaction)
    if kind not in possible:
        values = tuple(int(one) for one in possible)
        raise field_error("type", "BASE_TYPE_CHOICES", f"Value must be one of {values}.")
    shown = _ACTIONS[Answer(kind)](world, desk, given)
    desk.answered(interaction, Answer(kind))
    return shown


def _message(world: World, _: Desk, given: Given) -> Message:
    return _original(world, given, loading=False)


def _deferred(world: World, _: Desk, given: Given) -> Message:
    flags = cast("int", given.data.get("flags") or 0)
    only = Given(interaction=given.interaction, data={"flags": flags}, uploads=())
    return _original(world, only, loading=True)


def _original(world: World, given: Given, *, loading: bool) -> Message:
    interaction = given.interaction
    body = dict(given.data)
    if interaction.source_id is not None:
        body["message_reference"] = _reference(interaction.source_id)
    message = messages.create(
        world,
        world.channels[interaction.channel_id],
        interaction.application_id,
        body,
        uploads=given.uploads,
        origin=_origin(interaction, ephemeral=given.is_ephemeral, loading=loading),
        may_be_empty=loading,
    )
    interaction.original_id = message.id
    interaction.is_loading = loading
    interaction.message_ids.append(message.id)
    return message


def follow_up(world: World, given: Given) -> Message:
    """Post a further message, or finish the one that the answer deferred."""
    interaction = given.interaction
    if interaction.is_loading and interaction.original_id is not None:
        return finish(world, given, world.message(interaction.channel_id, interaction.original_id))
    body = dict(given.data)
    if interaction.original_id is not None:
        body["message_reference"] = _reference(interaction.original_id)
    metadata = dict(interaction.metadata)
    if interaction.original_id is not None:
        metadata["original_response_message_id"] = str(interaction.original_id)
    origin = _origin(interaction, ephemeral=given.is_ephemeral, loading=False)
    message = messages.create(
        world,
        world.channels[interaction.channel_id],
        interaction.application_id,
        body,
        uploads=given.uploads,
        origin=Origin(
            webhook_id=origin.webhook_id,
            application_id=origin.application_id,
            interaction_metadata=metadata,
            visible_to=origin.visible_to,
        ),
    )
    interaction.message_ids.append(message.id)
    return message


def finish(world: World, given: Given, message: Message) -> Message:
    """Edit a message of the interaction; one that was loading is then complete."""
    was_loading = message.flags & MessageFlag.LOADING
    message.flags &= ~int(MessageFlag.LOADING)
    try:
        messages.edit(world, message, given.data, uploads=given.uploads)
    except DiscordError:
        message.flags |= was_loading
        raise
    given.interaction.is_loading = given.interaction.is_loading and not was_loading
    return message


def _reference(message_id: int) -> Json:
    return {"message_id": str(message_id), "fail_if_not_exists": False}


def _origin(interaction: Interaction, *, ephemeral: bool, loading: bool) -> Origin:
    kinds = {
        None: None,
        CommandType.CHAT_INPUT: MessageType.CHAT_INPUT_COMMAND,
        CommandType.USER: MessageType.CONTEXT_MENU_COMMAND,
        CommandType.MESSAGE: MessageType.CONTEXT_MENU_COMMAND,
    }
    kind = kinds[CommandType(interaction.command_type) if interaction.command_type else None]
    return Origin(
        webhook_id=interaction.application_id,
        application_id=interaction.application_id,
        interaction_metadata=interaction.metadata,
        visible_to=interaction.user_id if ephemeral else None,
        type=kind,
        flags=int(MessageFlag.LOADING) if loading else 0,
    )


def _update(world: World, _: Desk, given: Given) -> Message:
    message = _source(world, given.interaction)
    messages.edit(world, message, given.data, uploads=given.uploads)
    return message


def _deferred_update(world: World, _: Desk, given: Given) -> Message:
    return _source(world, given.interaction)


def _source(world: World, interaction: Interaction) -> Message:
    message = world.message(interaction.channel_id, interaction.source_id or 0)
    interaction.original_id = message.id
    interaction.message_ids.append(message.id)
    return message


def _autocomplete(_: World, desk: Desk, given: Given) -> None:
    choice = forms.model({"name": forms.text(1, 100), "value": _value}, required=("name", "value"))
    choices = forms.array(choice, maximum=_MAX_CHOICES)
    read = _checked(lambda: forms.read_object(given.data, {"choices": choices}, ("choices",)))
    desk.tell(given.interaction, "APPLICATION_COMMAND_AUTOCOMPLETE_RESPONSE", read)


def _value(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise invalid("STRING_TYPE_CONVERT", f'Could not interpret "{value}" as string.')
    return value


def _modal(world: World, desk: Desk, given: Given) -> None:
    interaction = given.interaction
    interaction.modal = _checked(lambda: read_modal(given.data))
    application = world.applications[interaction.application_id]
    shown: Json = {
        "application": {
            "id": str(application.id),
            "name": application.name,
            "bot": render.user(world.users[application.id]),
        },
        "channel_id": str(interaction.channel_id),
        **interaction.modal,
    }
    desk.tell(interaction, "INTERACTION_MODAL_CREATE", shown)


def _checked(read: Callable[[], Json]) -> Json:
    try:
        return read()
    except Invalid as wrong:
        raise form_error({"data": wrong.errors}) from None


_ACTIONS: Mapping[Answer, Callable[[World, Desk, Given], Message | None]] = {
    Answer.MESSAGE: _message,
    Answer.DEFERRED_MESSAGE: _deferred,
    Answer.DEFERRED_UPDATE: _deferred_update,
    Answer.UPDATE_MESSAGE: _update,
    Answer.AUTOCOMPLETE: _autocomplete,
    Answer.MODAL: _modal,
}


def own_message(world: World, interaction: Interaction, message_id: int | None) -> Message:
    """Return a message of an interaction, the original one for None; else answer 10008."""
    wanted = interaction.original_id if message_id is None else message_id
    if wanted is None or wanted not in interaction.message_ids:
        raise DiscordError.of(Code.UNKNOWN_MESSAGE)
    return world.message(interaction.channel_id, wanted)
