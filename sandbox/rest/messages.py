"""REST: messages of a channel: listed, written, edited, deleted, pinned."""

from datetime import datetime, timedelta
from itertools import islice
from typing import cast

from aiohttp import web

from sandbox import forms
from sandbox.errors import Code, DiscordError
from sandbox.forms import Field, Json
from sandbox.models import Channel, ChannelType, Message, MessageFlag
from sandbox.permissions import Permission
from sandbox.rest import sending
from sandbox.rest.call import Call, nothing, reply
from sandbox.rest.paging import number
from sandbox.snowflakes import at_time
from sandbox.world import messages, pins, render
from sandbox.world.composing import WRITTEN

routes = web.RouteTableDef()

BULK_AGE = timedelta(days=14)
_BULK_MINIMUM, _BULK_MAXIMUM = 2, 100
_UNDELETABLE = frozenset({1, 2, 3, 4, 5, 14, 15, 16, 17, 21})
_PAGE: dict[str, Field] = {
    "around": forms.snowflake,
    "before": forms.snowflake,
    "after": forms.snowflake,
    "limit": forms.integer(1, 100),
}


@routes.get("/channels/{channel_id}/messages")
async def get_messages(request: web.Request) -> web.Response:
    """List messages, newest first."""
    call = Call(request)
    channel = call.channel()
    values = call.query(_PAGE)
    if not call.bits_in(channel) & Permission.READ_MESSAGE_HISTORY:
        return reply([])
    found = _page(call, channel, values)
    return reply([render.message(call.world, one, for_user=call.user.id) for one in found])


def _page(call: Call, channel: Channel, values: Json) -> list[Message]:
    size = number(values, "limit", 50)
    history = call.world.history(channel.id)
    if "around" in values:
        middle = number(values, "around", 0)
        older = list(islice(history.before(middle + 1), size // 2 + 1))
        newer = list(islice(history.after(middle), size - len(older)))
        return [*reversed(newer), *older]
    if "after" in values:
        return list(islice(history.after(number(values, "after", 0)), size))[::-1]
    before = cast("int | None", values.get("before"))
    found = list(islice(history.before(before), size))
    return found if call.is_bot else _with_ephemeral(call, channel, found, before, size)


def _with_ephemeral(
    call: Call, channel: Channel, found: list[Message], before: int | None, size: int
) -> list[Message]:
    """Add what only the caller may see, which a client remembers and the sandbox keeps for it."""
    oldest = found[-1].id if len(found) == size else 0
    extra = [
        one
        for one in call.world.ephemeral.values()
        if one.channel_id == channel.id
        and one.visible_to == call.user.id
        and one.id > oldest
        and (before is None or one.id < before)
    ]
    return sorted([*found, *extra], key=lambda one: one.id, reverse=True)[:size]


@routes.get("/channels/{channel_id}/messages/pins")
async def get_pins(request: web.Request) -> web.Response:
    """List pinned messages, last pinned first."""
    call = Call(request)
    channel = call.channel()
    values = call.query({"before": forms.moment, "limit": forms.integer(1, 50)})
    found = [one for one in pins.pinned_in(call.world, channel) if _pinned_before(one, values)]
    size = number(values, "limit", 50)
    items = [_pin(call, one) for one in found[:size]]
    return reply({"items": items, "has_more": len(found) > size})


def _pinned_before(message: Message, values: Json) -> bool:
    before = cast("datetime | None", values.get("before"))
    return before is None or (message.pinned_at is not None and message.pinned_at < before)


def _pin(call: Call, message: Message) -> Json:
    assert message.pinned_at is not None
    shown = render.message(call.world, message, for_user=call.user.id)
    return {"pinned_at": render.iso(message.pinned_at), "message": shown}


@routes.get("/channels/{channel_id}/pins")
async def get_pins_as_before(request: web.Request) -> web.Response:
    """List all pinned messages, as it was done before there were pages of them."""
    call = Call(request)
    found = pins.pinned_in(call.world, call.channel())[:50]
    return reply([render.message(call.world, one, for_user=call.user.id) for one in found])


@routes.put("/channels/{channel_id}/messages/pins/{message_id}")
@routes.put("/channels/{channel_id}/pins/{message_id}")
async def pin_message(request: web.Request) -> web.Response:
    """Pin a message."""
    call = Call(request)
    channel = _pinnable(call)
    pins.pin(call.world, channel, call.message(channel), call.by)
    return nothing()


@routes.delete("/channels/{channel_id}/messages/pins/{message_id}")
@routes.delete("/channels/{channel_id}/pins/{message_id}")
async def unpin_message(request: web.Request) -> web.Response:
    """Unpin a message."""
    call = Call(request)
    channel = _pinnable(call)
    pins.unpin(call.world, channel, call.message(channel), call.by)
    return nothing()


def _pinnable(call: Call) -> Channel:
    channel = call.channel()
    allowed = Permission.PIN_MESSAGES | Permission.MANAGE_MESSAGES
    if not call.bits_in(channel) & allowed:
        raise DiscordError.of(Code.MISSING_PERMISSIONS)
    return channel


@routes.get("/channels/{channel_id}/messages/{message_id}")
async def get_message(request: web.Request) -> web.Response:
    """Return a message."""
    call = Call(request)
    message = call.message(call.channel(Permission.READ_MESSAGE_HISTORY))
    return reply(render.message(call.world, message, for_user=call.user.id))


@routes.post("/channels/{channel_id}/messages")
async def create_message(request: web.Request) -> web.Response:
    """Write a message; a person's client sends neither embeds nor components."""
    call = Call(request)
    channel = call.channel()
    body, uploads = await call.message_body()
    if not call.is_bot:
        body.pop("embeds", None)
        body.pop("components", None)
    sending.check(call, channel, body, has_files=bool(uploads))
    message = messages.create(call.world, channel, call.user.id, body, uploads=uploads)
    return reply(render.message(call.world, message, for_user=call.user.id))


@routes.patch("/channels/{channel_id}/messages/{message_id}")
async def edit_message(request: web.Request) -> web.Response:
    """Edit one's own message; others' may only have their embeds hidden."""
    call = Call(request)
    channel = call.channel()
    message = call.message(channel)
    body, uploads = await call.message_body()
    if message.author_id != call.user.id or message.webhook_name is not None:
        _check_only_flags(call, channel, body)
    if message.type not in WRITTEN:
        raise DiscordError.of(Code.SYSTEM_MESSAGE)
    messages.edit(call.world, message, body, uploads=uploads)
    return reply(render.message(call.world, message, for_user=call.user.id))


def _check_only_flags(call: Call, channel: Channel, body: Json) -> None:
    if not set(body) <= {"flags"}:
        raise DiscordError.of(Code.NOT_YOUR_MESSAGE)
    if not call.bits_in(channel) & Permission.MANAGE_MESSAGES:
        raise DiscordError.of(Code.MISSING_PERMISSIONS)


@routes.delete("/channels/{channel_id}/messages/{message_id}")
async def delete_message(request: web.Request) -> web.Response:
    """Delete a message; somebody else's with MANAGE_MESSAGES."""
    call = Call(request)
    channel = call.channel()
    message = call.message(channel)
    own = message.author_id == call.user.id and message.webhook_name is None
    if message.type in _UNDELETABLE:
        raise DiscordError.of(Code.SYSTEM_MESSAGE)
    if not own and message.visible_to is None:
        if channel.guild_id is None:
            raise DiscordError.of(Code.NOT_IN_DM)
        if not call.bits_in(channel) & Permission.MANAGE_MESSAGES:
            raise DiscordError.of(Code.MISSING_PERMISSIONS)
    messages.delete(call.world, message, by=None if own else call.by)
    return nothing()


@routes.post("/channels/{channel_id}/messages/bulk-delete")
async def bulk_delete(request: web.Request) -> web.Response:
    """Delete 2 to 100 messages, none older than two weeks."""
    call = Call(request)
    channel = call.guild_channel(Permission.MANAGE_MESSAGES)
    read = await call.body({"messages": forms.array(forms.snowflake)}, required=("messages",))
    ids = cast("list[int]", read["messages"])
    if not _BULK_MINIMUM <= len(ids) <= _BULK_MAXIMUM:
        raise DiscordError.of(Code.WRONG_NUMBER_TO_DELETE)
    if min(ids) < at_time(call.world.clock.now() - BULK_AGE):
        raise DiscordError.of(Code.TOO_OLD_TO_BULK_DELETE)
    messages.bulk_delete(call.world, channel, ids, by=call.by)
    return nothing()


@routes.post("/channels/{channel_id}/messages/{message_id}/crosspost")
async def crosspost(request: web.Request) -> web.Response:
    """Publish a message of an announcement channel."""
    call = Call(request)
    channel = call.guild_channel(Permission.SEND_MESSAGES)
    message = call.message(channel)
    if channel.type != ChannelType.ANNOUNCEMENT:
        raise DiscordError.of(Code.WRONG_CHANNEL_TYPE)
    if message.flags & MessageFlag.CROSSPOSTED:
        raise DiscordError.of(Code.ALREADY_CROSSPOSTED)
    message.flags |= MessageFlag.CROSSPOSTED
    shown = render.message_event(call.world, message)
    messages.tell(call.world, "MESSAGE_UPDATE", message, shown)
    return reply(render.message(call.world, message, for_user=call.user.id))
