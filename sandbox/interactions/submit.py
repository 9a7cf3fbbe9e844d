"""REST: what a person does with an application: commands, components, modals, typing."""

from collections.abc import Callable, Mapping
from typing import cast

from aiohttp import web
from msgspec import Struct

from sandbox import forms
from sandbox.errors import Code, DiscordError, field_error
from sandbox.forms import Field, Invalid, Json
from sandbox.interactions import components, modals
from sandbox.interactions.command_index import usable_in
from sandbox.interactions.commands import Command
from sandbox.interactions.desk import Interaction
from sandbox.interactions.keys import COMMANDS_KEY, DESK_KEY
from sandbox.interactions.kinds import CommandType, InteractionType
from sandbox.interactions.options import Filling, declared_options, read_options
from sandbox.interactions.payload import owners, payload
from sandbox.interactions.requests import Submission, in_data, read_submission
from sandbox.interactions.resolve import Resolved
from sandbox.models import Attachment, Message
from sandbox.rest.call import Call, nothing
from sandbox.world import World, files, render
from sandbox.world.payloads import AttachmentNote
from sandbox.world.visibility import may_see_message

routes = web.RouteTableDef()


class Ready(Struct, kw_only=True):
    """A checked submission: the data for the application, and what is remembered of it."""

    data: Json
    source: Message | None = None
    command: Command | None = None
    trigger: Interaction | None = None


@routes.post("/interactions")
async def interact(request: web.Request) -> web.Response:
    """Do something with an application; its answer comes over the gateway."""
    submission = await read_submission(Call(request))
    ready = _CHECKS[submission.kind](request, submission)
    desk = request.app[DESK_KEY]
    interaction = submission.interaction(desk.new_token())
    world = submission.call.world
    if ready.command is not None:
        interaction.command_name = ready.command.name
        interaction.command_type = ready.command.type
    interaction.source_id = ready.source.id if ready.source else None
    interaction.metadata = _metadata(world, interaction, ready)
    desk.open(interaction, payload(world, interaction, ready.data, ready.source))
    return nothing()


def _metadata(world: World, interaction: Interaction, ready: Ready) -> Json:
    shown: Json = {
        "id": str(interaction.id),
        "type": int(interaction.type),
        "user": render.user(world.users[interaction.user_id]),
        "authorizing_integration_owners": owners(interaction),
    }
    if ready.command is not None:
        shown |= {"name": ready.command.name, "command_type": ready.command.type}
    if interaction.type == InteractionType.MESSAGE_COMPONENT:
        shown["interacted_message_id"] = str(interaction.source_id)
    if ready.trigger is not None:
        shown["triggering_interaction_metadata"] = ready.trigger.metadata
    return shown


# Commands and autocomplete

_FILE = forms.model(
    {"id": forms.snowflake, "filename": forms.text(1, 1024)}, required=("id", "filename")
)
_COMMAND: dict[str, Field] = {
    "id": forms.snowflake,
    "version": forms.nullable(forms.snowflake),
    "name": forms.nullable(forms.text(1, 32)),
    "type": forms.nullable(forms.integer(1, 3)),
    "target_id": forms.nullable(forms.snowflake),
    "options": forms.anything,
    "attachments": forms.nullable(forms.array(_FILE, maximum=10)),
}


def _command(request: web.Request, submission: Submission) -> Ready:
    try:
        values = forms.read_object(submission.data, _COMMAND, required=("id",))
        command = _usable(request, submission, values)
        return Ready(data=_command_data(submission, command, values), command=command)
    except Invalid as wrong:
        raise in_data(wrong) from None


def _usable(request: web.Request, submission: Submission, values: Json) -> Command:
    commands = request.app[COMMANDS_KEY]
    command = commands.get(cast("int", values["id"]))
    here = (None, submission.channel.guild_id)
    if (
        command is None
        or command.guild_id not in here
        or command.application_id != submission.application_id
    ):
        raise DiscordError.of(Code.UNKNOWN_COMMAND)
    if values.get("version") not in (None, command.version):
        code = "INTERACTION_APPLICATION_COMMAND_INVALID_VERSION"
        message = "This command is outdated, please try again in a few minutes"
        raise field_error("data.version", code, message)
    bits = submission.call.bits_in(submission.channel)
    if command not in usable_in(submission.call.world, commands, submission.channel, bits):
        raise DiscordError.of(Code.MISSING_PERMISSIONS)
    return command


def _command_data(submission: Submission, command: Command, values: Json) -> Json:
    resolved = submission.resolved()
    data: Json = {"id": str(command.id), "name": command.name, "type": command.type}
    if command.guild_id is not None:
        data["guild_id"] = str(command.guild_id)
    if command.type == CommandType.CHAT_INPUT:
        options = _options(submission, command, values, resolved)
        if options:
            data["options"] = options
    else:
        data["target_id"] = str(_target(submission, command, values, resolved))
    if found := resolved.json():
        data["resolved"] = found
    return data


def _options(
    submission: Submission, command: Command, values: Json, resolved: Resolved
) -> list[Json]:
    filling = Filling(
        world=submission.call.world,
        guild=submission.guild,
        user_id=submission.call.user.id,
        files=_files(submission, values),
        resolved=resolved,
        typing=submission.kind == InteractionType.AUTOCOMPLETE,
    )
    try:
        return read_options(filling, declared_options(command.options), values.get("options"))
    except Invalid as wrong:
        raise Invalid({"options": wrong.errors}) from None


def _files(submission: Submission, values: Json) -> Mapping[int, Attachment]:
    named = cast("list[Json]", values.get("attachments") or [])
    notes = [AttachmentNote(cast("int", one["id"]), str(one["filename"])) for one in named]
    stored = files.store(
        submission.call.world, submission.channel.id, submission.uploads, notes, ephemeral=True
    )
    keys = [upload.key for upload in submission.uploads]
    return dict(zip(keys, stored, strict=True))


def _target(submission: Submission, command: Command, values: Json, resolved: Resolved) -> int:
    world = submission.call.world
    target_id = cast("int", values.get("target_id") or 0)
    if command.type == CommandType.USER:
        resolved.add_user(world.user(target_id))
        return target_id
    message = world.message(submission.channel.id, target_id)
    if not may_see_message(message, submission.call.user.id):
        raise DiscordError.of(Code.UNKNOWN_MESSAGE)
    resolved.add_message(message)
    return target_id


# Components and modals


def _component(_: web.Request, submission: Submission) -> Ready:
    world = submission.call.world
    message = world.message(submission.channel.id, submission.message_id or 0)
    if not may_see_message(message, submission.call.user.id):
        raise DiscordError.of(Code.UNKNOWN_MESSAGE)
    if submission.application_id not in (message.application_id, message.author_id):
        raise DiscordError.of(Code.UNKNOWN_APPLICATION)
    try:
        data = components.read(submission, message)
    except Invalid as wrong:
        raise in_data(wrong) from None
    return Ready(data=data, source=message)


_MODAL: dict[str, Field] = {
    "id": forms.snowflake,
    "custom_id": forms.text(1, 100),
    "components": forms.anything,
}


def _modal(request: web.Request, submission: Submission) -> Ready:
    try:
        values = forms.read_object(submission.data, _MODAL, required=("id", "custom_id"))
        opened = request.app[DESK_KEY].get(cast("int", values["id"]))
        shown = opened.modal if opened is not None else None
        mine = opened is not None and opened.user_id == submission.call.user.id
        if opened is None or shown is None or not mine:
            raise DiscordError.of(Code.UNKNOWN_INTERACTION)
        filled = modals.read_submission(shown, values.get("components"))
    except Invalid as wrong:
        raise in_data(wrong) from None
    opened.modal = None
    data: Json = {"custom_id": shown["custom_id"], "components": filled}
    return Ready(data=data, source=_source(submission, opened), trigger=opened)


def _source(submission: Submission, opened: Interaction) -> Message | None:
    if opened.source_id is None:
        return None
    return submission.call.world.message(opened.channel_id, opened.source_id)


_CHECKS: Mapping[InteractionType, Callable[[web.Request, Submission], Ready]] = {
    InteractionType.APPLICATION_COMMAND: _command,
    InteractionType.AUTOCOMPLETE: _command,
    InteractionType.MESSAGE_COMPONENT: _component,
    InteractionType.MODAL_SUBMIT: _modal,
}
