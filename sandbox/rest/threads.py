"""REST: threads, who is in them, and lists of them."""

from datetime import datetime
from typing import cast

from aiohttp import web

from sandbox import forms
from sandbox.errors import Code, DiscordError
from sandbox.forms import Field, Json
from sandbox.models import Channel, ChannelType, Thread, ThreadMember
from sandbox.permissions import Permission
from sandbox.rest.call import Call, nothing, reply, require
from sandbox.rest.paging import number
from sandbox.world import payloads, render, thread_members, threads
from sandbox.world.visibility import may_see_channel

routes = web.RouteTableDef()

_FIELDS: dict[str, Field] = {
    "name": forms.text(1, 100),
    "auto_archive_duration": forms.nullable(forms.choice(60, 1440, 4320, 10080)),
    "rate_limit_per_user": forms.nullable(forms.integer(0, 21600)),
}
_ALONE: dict[str, Field] = {
    **_FIELDS,
    "type": forms.nullable(forms.choice(10, 11, 12)),
    "invitable": forms.nullable(forms.boolean),
}
_FORUMS = frozenset({ChannelType.FORUM, ChannelType.MEDIA})
_PARENTS = frozenset({ChannelType.TEXT, ChannelType.ANNOUNCEMENT})


def _values(read: Json) -> Json:
    left_out = ("name", "type")
    return {k: v for k, v in read.items() if k not in left_out and v is not None}


@routes.post("/channels/{channel_id}/messages/{message_id}/threads")
async def start_on_message(request: web.Request) -> web.Response:
    """Start a thread on a message."""
    call = Call(request)
    parent = call.guild_channel(Permission.CREATE_PUBLIC_THREADS)
    message = call.message(parent)
    read = await call.body(_FIELDS, required=("name",))
    if parent.type not in _PARENTS:
        raise DiscordError.of(Code.WRONG_CHANNEL_TYPE)
    if message.id in call.world.channels:
        raise DiscordError.of(Code.THREAD_EXISTS)
    announcement = parent.type == ChannelType.ANNOUNCEMENT
    thread = threads.start(
        call.world,
        parent,
        str(read["name"]),
        by=call.by,
        type=ChannelType.ANNOUNCEMENT_THREAD if announcement else ChannelType.PUBLIC_THREAD,
        values=_values(read),
        message=message,
    )
    return reply(render.channel(call.world, thread, for_user=call.user.id), 201)


@routes.post("/channels/{channel_id}/threads")
async def start_alone(request: web.Request) -> web.Response:
    """Start a thread without a message, or a post in a forum with its first one."""
    call = Call(request)
    parent = call.guild_channel()
    if parent.type in _FORUMS:
        return await _start_post(call, parent)
    read = await call.body(_ALONE, required=("name",))
    if parent.type not in _PARENTS:
        raise DiscordError.of(Code.WRONG_CHANNEL_TYPE)
    kind = cast("int", read.get("type") or ChannelType.PRIVATE_THREAD)
    private = kind == ChannelType.PRIVATE_THREAD
    needed = Permission.CREATE_PRIVATE_THREADS if private else Permission.CREATE_PUBLIC_THREADS
    require(call.bits_in(parent), needed)
    name, values = str(read["name"]), _values(read)
    thread = threads.start(call.world, parent, name, by=call.by, type=kind, values=values)
    return reply(render.channel(call.world, thread, for_user=call.user.id), 201)


async def _start_post(call: Call, parent: Channel) -> web.Response:
    require(call.bits_in(parent), Permission.SEND_MESSAGES)
    body, uploads = await call.message_body()
    tags = forms.nullable(forms.array(forms.snowflake, maximum=5))
    read = forms.read(
        body, {**_FIELDS, "applied_tags": tags, "message": forms.model({})}, ("name", "message")
    )
    del read["message"]
    payloads.read(cast("Json", body["message"]), uploads)
    thread, first = threads.start_in_forum(
        call.world,
        parent,
        str(read["name"]),
        cast("Json", body["message"]),
        by=call.by,
        values=_values(read),
        uploads=tuple(uploads),
    )
    shown = render.channel(call.world, thread, for_user=call.user.id)
    return reply({**shown, "message": render.message(call.world, first)}, 201)


def _thread(call: Call) -> tuple[Channel, Thread]:
    channel = call.channel()
    if channel.thread is None:
        raise DiscordError.of(Code.WRONG_CHANNEL_TYPE)
    return channel, channel.thread


def _open_thread(call: Call) -> tuple[Channel, Thread]:
    channel, thread = _thread(call)
    if thread.archived:
        raise DiscordError.of(Code.THREAD_ARCHIVED)
    return channel, thread


@routes.put("/channels/{channel_id}/thread-members/@me")
async def join_thread(request: web.Request) -> web.Response:
    """Join a thread."""
    call = Call(request)
    channel, thread = _open_thread(call)
    thread_members.join(call.world, channel, thread, call.user.id)
    return nothing()


@routes.delete("/channels/{channel_id}/thread-members/@me")
async def leave_thread(request: web.Request) -> web.Response:
    """Leave a thread."""
    call = Call(request)
    channel, thread = _open_thread(call)
    thread_members.leave(call.world, channel, thread, call.user.id)
    return nothing()


@routes.put("/channels/{channel_id}/thread-members/{user_id}")
async def add_thread_member(request: web.Request) -> web.Response:
    """Add somebody to a thread."""
    call = Call(request)
    channel, thread = _open_thread(call)
    require(call.bits_in(channel), Permission.SEND_MESSAGES_IN_THREADS)
    member = call.world.member(channel.guild_id or 0, call.path_user().id)
    thread_members.join(call.world, channel, thread, member.user_id)
    return nothing()


@routes.delete("/channels/{channel_id}/thread-members/{user_id}")
async def remove_thread_member(request: web.Request) -> web.Response:
    """Take somebody out of a thread."""
    call = Call(request)
    channel, thread = _open_thread(call)
    owns = channel.type == ChannelType.PRIVATE_THREAD and thread.owner_id == call.user.id
    if not owns:
        require(call.bits_in(channel), Permission.MANAGE_THREADS)
    thread_members.leave(call.world, channel, thread, call.path_user().id)
    return nothing()


@routes.get("/channels/{channel_id}/thread-members/{user_id}")
async def get_thread_member(request: web.Request) -> web.Response:
    """Return somebody's membership of a thread."""
    call = Call(request)
    channel, thread = _thread(call)
    joined = thread.members.get(call.path_user().id)
    if joined is None:
        raise DiscordError.of(Code.UNKNOWN_MEMBER)
    return reply(_shown(call, channel, joined))


def _shown(call: Call, channel: Channel, joined: ThreadMember) -> Json:
    shown = render.thread_member(channel.id, joined)
    guild = call.world.guild(channel.guild_id or 0)
    if call.flag("with_member") and (member := guild.members.get(joined.user_id)):
        shown["member"] = render.member_with_user(call.world, member)
    return shown


@routes.get("/channels/{channel_id}/thread-members")
async def get_thread_members(request: web.Request) -> web.Response:
    """List who is in a thread."""
    call = Call(request)
    channel, thread = _thread(call)
    values = call.query({"after": forms.snowflake, "limit": forms.integer(1, 100)})
    after = number(values, "after", -1)
    ids = sorted(one for one in thread.members if one > after)[: number(values, "limit", 100)]
    return reply([_shown(call, channel, thread.members[one]) for one in ids])


@routes.get("/guilds/{guild_id}/threads/active")
async def get_active_threads(request: web.Request) -> web.Response:
    """List a guild's threads that are not archived."""
    call = Call(request)
    guild = call.guild()
    found = [
        one
        for one in threads.of_guild(call.world, guild)
        if may_see_channel(call.world, one.id, call.user.id)
    ]
    return reply(_listed(call, found))


@routes.get("/channels/{channel_id}/threads/archived/public")
async def get_public_archived(request: web.Request) -> web.Response:
    """List the archived public threads of a channel."""
    call = Call(request)
    parent = call.guild_channel(Permission.READ_MESSAGE_HISTORY)
    types = frozenset({int(ChannelType.PUBLIC_THREAD), int(ChannelType.ANNOUNCEMENT_THREAD)})
    return reply(_archived(call, threads.archived_below(call.world, parent, types)))


@routes.get("/channels/{channel_id}/threads/archived/private")
async def get_private_archived(request: web.Request) -> web.Response:
    """List the archived private threads of a channel."""
    call = Call(request)
    parent = call.guild_channel(Permission.READ_MESSAGE_HISTORY, Permission.MANAGE_THREADS)
    types = frozenset({int(ChannelType.PRIVATE_THREAD)})
    return reply(_archived(call, threads.archived_below(call.world, parent, types)))


@routes.get("/channels/{channel_id}/users/@me/threads/archived/private")
async def get_my_archived(request: web.Request) -> web.Response:
    """List the archived private threads of a channel that the caller is in."""
    call = Call(request)
    parent = call.guild_channel(Permission.READ_MESSAGE_HISTORY)
    types = frozenset({int(ChannelType.PRIVATE_THREAD)})
    found = threads.archived_below(call.world, parent, types)
    mine = [one for one in found if one.thread and call.user.id in one.thread.members]
    return reply(_archived(call, mine))


def _archived(call: Call, found: list[Channel]) -> Json:
    values = call.query({"before": forms.moment, "limit": forms.integer(2, 100)})
    before = cast("datetime | None", values.get("before"))
    size = number(values, "limit", 50)
    if before is not None:
        found = [one for one in found if one.thread and one.thread.archive_timestamp < before]
    return {**_listed(call, found[:size]), "has_more": len(found) > size}


def _listed(call: Call, found: list[Channel]) -> Json:
    mine = call.user.id
    joined = [
        (one.id, one.thread.members[mine])
        for one in found
        if one.thread is not None and mine in one.thread.members
    ]
    return {
        "threads": [render.channel(call.world, one, for_user=mine) for one in found],
        "members": [render.thread_member(thread_id, one) for thread_id, one in joined],
        "has_more": False,
    }
