"""REST: writing by a token: webhooks of channels, and an application's further answers."""

from collections.abc import Sequence

from aiohttp import web
from msgspec import Struct

from sandbox import forms
from sandbox.errors import Code, DiscordError
from sandbox.forms import Json
from sandbox.interactions import answers
from sandbox.interactions.answers import Given
from sandbox.interactions.desk import Interaction
from sandbox.interactions.keys import DESK_KEY
from sandbox.interactions.webhooks import read_changes, read_name, shown
from sandbox.models import Channel, Message, Webhook
from sandbox.rest.call import decode, nothing, read_message, reply
from sandbox.world import WORLD_KEY, Origin, Upload, World, messages, render, webhooks

routes = web.RouteTableDef()

_PATH = "/webhooks/{webhook_id:\\d+}/{token}"
_MESSAGE = _PATH + "/messages/{message_id:@original|\\d+}"


class Door(Struct, kw_only=True):
    """What a path opens: an interaction of an application, or a webhook."""

    world: World
    interaction: Interaction | None = None
    webhook: Webhook | None = None


def _door(request: web.Request) -> Door:
    world = request.app[WORLD_KEY]
    owner_id, token = int(request.match_info["webhook_id"]), request.match_info["token"]
    if owner_id in world.applications:
        found = request.app[DESK_KEY].by_token(owner_id, token)
        return Door(world=world, interaction=found)
    webhook = world.webhooks.get(owner_id)
    if webhook is None:
        raise DiscordError.of(Code.UNKNOWN_WEBHOOK)
    if webhook.token != token:
        raise DiscordError.of(Code.INVALID_WEBHOOK_TOKEN)
    return Door(world=world, webhook=webhook)


def _webhook(request: web.Request) -> Webhook:
    webhook = _door(request).webhook
    if webhook is None:
        raise DiscordError.of(Code.UNKNOWN_WEBHOOK)
    return webhook


@routes.get(_PATH)
async def get_webhook(request: web.Request) -> web.Response:
    """Return a webhook to who has its token."""
    return reply(shown(request.app[WORLD_KEY], _webhook(request), with_user=False))


@routes.patch(_PATH)
async def modify_webhook(request: web.Request) -> web.Response:
    """Change a webhook's name or avatar."""
    world, webhook = request.app[WORLD_KEY], _webhook(request)
    webhooks.modify(world, webhook, read_changes(decode(await request.read()), by_token=True))
    return reply(shown(world, webhook, with_user=False))


@routes.delete(_PATH)
async def delete_webhook(request: web.Request) -> web.Response:
    """Delete a webhook."""
    webhooks.delete(request.app[WORLD_KEY], _webhook(request))
    return nothing()


@routes.post(_PATH)
async def execute(request: web.Request) -> web.Response:
    """Post a message: a webhook's own, or a further answer to an interaction."""
    door = _door(request)
    body, uploads = await read_message(request)
    if door.interaction is not None:
        given = Given(interaction=door.interaction, data=body, uploads=uploads)
        return reply(render.message(door.world, answers.follow_up(door.world, given)))
    assert door.webhook is not None
    message = _post(request, door.world, door.webhook, body, uploads)
    if request.query.get("wait", "").lower() not in ("true", "1"):
        return nothing()
    return reply(render.message(door.world, message))


def _post(
    request: web.Request, world: World, webhook: Webhook, body: Json, uploads: Sequence[Upload]
) -> Message:
    names = forms.read(
        body,
        {"username": forms.nullable(read_name), "avatar_url": forms.nullable(forms.text(0, 2048))},
    )
    origin = Origin(
        webhook_id=webhook.id,
        webhook_name=str(names.get("username") or webhook.name),
        webhook_avatar=webhook.avatar,
        application_id=webhook.application_id,
    )
    channel = _place(request, world, webhook)
    return messages.create(world, channel, webhook.id, body, uploads=uploads, origin=origin)


def _place(request: web.Request, world: World, webhook: Webhook) -> Channel:
    channel = world.channel(webhook.channel_id or 0)
    fields: dict[str, forms.Field] = {"thread_id": forms.snowflake}
    thread_id = forms.read(dict(request.query), fields).get("thread_id")
    if thread_id is None:
        return channel
    thread = world.channels.get(int(str(thread_id)))
    if thread is None or thread.parent_id != channel.id:
        raise DiscordError.of(Code.UNKNOWN_CHANNEL)
    return thread


def _message(request: web.Request, door: Door) -> Message:
    text = request.match_info["message_id"]
    message_id = None if text == "@original" else int(text)
    if door.interaction is not None:
        return answers.own_message(door.world, door.interaction, message_id)
    assert door.webhook is not None
    place = _place(request, door.world, door.webhook)
    message = door.world.message(place.id, message_id or 0)
    if message.webhook_id != door.webhook.id:
        raise DiscordError.of(Code.UNKNOWN_MESSAGE)
    return message


@routes.get(_MESSAGE)
async def get_message(request: web.Request) -> web.Response:
    """Return a message that was posted with this token."""
    door = _door(request)
    return reply(render.message(door.world, _message(request, door)))


@routes.patch(_MESSAGE)
async def edit_message(request: web.Request) -> web.Response:
    """Edit a message that was posted with this token."""
    door = _door(request)
    message = _message(request, door)
    body, uploads = await read_message(request)
    if door.interaction is None:
        messages.edit(door.world, message, body, uploads=uploads)
    else:
        given = Given(interaction=door.interaction, data=body, uploads=uploads)
        answers.finish(door.world, given, message)
    return reply(render.message(door.world, message))


@routes.delete(_MESSAGE)
async def delete_message(request: web.Request) -> web.Response:
    """Delete a message that was posted with this token; without its answer nothing is deferred."""
    door = _door(request)
    message = _message(request, door)
    messages.delete(door.world, message)
    if door.interaction is not None and message.id == door.interaction.original_id:
        door.interaction.original_id = None
        door.interaction.is_loading = False
    return nothing()
