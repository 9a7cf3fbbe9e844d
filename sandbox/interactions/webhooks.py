"""REST: webhooks of channels: listed, made, shown, changed, deleted by who manages them."""

from typing import cast

from aiohttp import web

from sandbox import forms
from sandbox.errors import Code, DiscordError
from sandbox.forms import Json, invalid
from sandbox.models import THREAD_TYPES, Channel, Webhook
from sandbox.permissions import Permission
from sandbox.rest.call import Call, nothing, reply, require
from sandbox.world import World, render, webhooks

routes = web.RouteTableDef()

_FORBIDDEN = ("discord", "clyde")


def read_name(value: object) -> str:
    """Accept a webhook's name."""
    name = str(forms.text(1, 80)(value)).strip()
    if any(word in name.lower() for word in _FORBIDDEN):
        raise invalid("USERNAME_INVALID_CONTAINS", "Username contains a forbidden word")
    return name


def shown(world: World, webhook: Webhook, *, with_user: bool = True) -> Json:
    """Return a webhook; its maker is left out for who only has the token."""
    json = dict(render.webhook(world, webhook))
    if with_user:
        return json
    json.pop("user", None)
    return json


@routes.get("/channels/{channel_id}/webhooks")
async def channel_webhooks(request: web.Request) -> web.Response:
    """List the webhooks of a channel."""
    call = Call(request)
    channel = call.guild_channel(Permission.MANAGE_WEBHOOKS)
    found = webhooks.in_channel(call.world, channel.id)
    return reply([shown(call.world, one) for one in found])


@routes.post("/channels/{channel_id}/webhooks")
async def create_webhook(request: web.Request) -> web.Response:
    """Make a webhook in a channel."""
    call = Call(request)
    channel = call.guild_channel(Permission.MANAGE_WEBHOOKS)
    if channel.type in THREAD_TYPES:
        raise DiscordError.of(Code.WRONG_CHANNEL_TYPE)
    fields = {"name": read_name, "avatar": forms.nullable(forms.text())}
    values = await call.body(fields, required=("name",))
    webhook = webhooks.create(call.world, channel, str(values["name"]), call.by)
    return reply(shown(call.world, webhook))


@routes.get("/guilds/{guild_id}/webhooks")
async def guild_webhooks(request: web.Request) -> web.Response:
    """List the webhooks of a guild."""
    call = Call(request)
    guild = call.guild_for(Permission.MANAGE_WEBHOOKS)
    found = [one for one in call.world.webhooks.values() if one.guild_id == guild.id]
    return reply([shown(call.world, one) for one in found])


def _managed(call: Call) -> Webhook:
    webhook = call.world.webhooks.get(call.path_id("webhook_id"))
    if webhook is None:
        raise DiscordError.of(Code.UNKNOWN_WEBHOOK)
    channel = call.world.channel(webhook.channel_id or 0)
    require(call.bits_in(channel), Permission.MANAGE_WEBHOOKS)
    return webhook


def read_changes(call_json: object, *, by_token: bool) -> Json:
    """Return the changes of a webhook; with its token alone it cannot be moved."""
    fields: dict[str, forms.Field] = {
        "name": read_name,
        "avatar": forms.nullable(forms.text()),
    }
    if not by_token:
        fields["channel_id"] = forms.snowflake
    return forms.read(call_json, fields)


@routes.get("/webhooks/{webhook_id:\\d+}")
async def get_webhook(request: web.Request) -> web.Response:
    """Return a webhook."""
    call = Call(request)
    return reply(shown(call.world, _managed(call)))


@routes.patch("/webhooks/{webhook_id:\\d+}")
async def modify_webhook(request: web.Request) -> web.Response:
    """Change a webhook's name, avatar or channel."""
    call = Call(request)
    webhook = _managed(call)
    values = read_changes(await call.json(), by_token=False)
    if "channel_id" in values:
        _check_move(call, webhook, call.world.channel(cast("int", values["channel_id"])))
    webhooks.modify(call.world, webhook, values, call.by)
    return reply(shown(call.world, webhook))


def _check_move(call: Call, webhook: Webhook, channel: Channel) -> None:
    if channel.guild_id != webhook.guild_id:
        raise DiscordError.of(Code.UNKNOWN_CHANNEL)
    require(call.bits_in(channel), Permission.MANAGE_WEBHOOKS)


@routes.delete("/webhooks/{webhook_id:\\d+}")
async def delete_webhook(request: web.Request) -> web.Response:
    """Delete a webhook."""
    call = Call(request)
    webhooks.delete(call.world, _managed(call), call.by)
    return nothing()
