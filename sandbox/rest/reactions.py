"""REST: reactions under a message."""

from aiohttp import web

from sandbox import forms
from sandbox.models import Channel, Message
from sandbox.permissions import Permission
from sandbox.rest.call import Call, nothing, reply, require
from sandbox.rest.paging import number
from sandbox.world import reactions, render

routes = web.RouteTableDef()

_MESSAGE = "/channels/{channel_id}/messages/{message_id}/reactions"


def _open(request: web.Request, *needed: Permission) -> tuple[Call, Channel, Message]:
    call = Call(request)
    channel = call.channel(Permission.READ_MESSAGE_HISTORY, *needed)
    return call, channel, call.message(channel)


@routes.put(_MESSAGE + "/{emoji}/@me")
async def add_reaction(request: web.Request) -> web.Response:
    """React to a message; a new emoji needs ADD_REACTIONS."""
    call, channel, message = _open(request)
    emoji = reactions.parse_emoji(request.match_info["emoji"])
    if reactions.find(message, emoji) is None:
        require(call.bits_in(channel), Permission.ADD_REACTIONS)
    reactions.add(call.world, message, emoji, call.user.id)
    return nothing()


@routes.delete(_MESSAGE + "/{emoji}/@me")
async def remove_own_reaction(request: web.Request) -> web.Response:
    """Take one's own reaction away."""
    call, _, message = _open(request)
    emoji = reactions.parse_emoji(request.match_info["emoji"])
    reactions.remove(call.world, message, emoji, call.user.id)
    return nothing()


@routes.delete(_MESSAGE + "/{emoji}/{user_id}")
async def remove_reaction(request: web.Request) -> web.Response:
    """Take somebody's reaction away."""
    call, _, message = _open(request, Permission.MANAGE_MESSAGES)
    emoji = reactions.parse_emoji(request.match_info["emoji"])
    reactions.remove(call.world, message, emoji, call.path_user().id)
    return nothing()


@routes.get(_MESSAGE + "/{emoji}")
async def get_reactions(request: web.Request) -> web.Response:
    """List who reacted with an emoji."""
    call, _, message = _open(request)
    emoji = reactions.parse_emoji(request.match_info["emoji"])
    values = call.query({"after": forms.snowflake, "limit": forms.integer(1, 100)})
    found = reactions.find(message, emoji)
    after = number(values, "after", -1)
    ids = sorted(one for one in (found.user_ids if found else []) if one > after)
    chosen = ids[: number(values, "limit", 25)]
    return reply([render.user(call.world.users[one]) for one in chosen])


@routes.delete(_MESSAGE + "/{emoji}")
async def clear_emoji(request: web.Request) -> web.Response:
    """Take all reactions with an emoji away."""
    call, _, message = _open(request, Permission.MANAGE_MESSAGES)
    reactions.clear(call.world, message, reactions.parse_emoji(request.match_info["emoji"]))
    return nothing()


@routes.delete(_MESSAGE)
async def clear_reactions(request: web.Request) -> web.Response:
    """Take all reactions away."""
    call, _, message = _open(request, Permission.MANAGE_MESSAGES)
    reactions.clear(call.world, message)
    return nothing()
