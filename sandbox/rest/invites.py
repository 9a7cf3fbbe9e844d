"""REST: invites by their code, and all of a guild."""

from aiohttp import web

from sandbox.errors import Code, DiscordError
from sandbox.permissions import Permission
from sandbox.rest.call import Call, reply, require
from sandbox.world import invites, render

routes = web.RouteTableDef()


@routes.get("/invites/{code}")
async def get_invite(request: web.Request) -> web.Response:
    """Return an invite, with the guild's numbers of members on request."""
    call = Call(request)
    invite = invites.find(call.world, request.match_info["code"])
    with_counts = call.flag("with_counts")
    return reply(render.invite(call.world, invite, with_counts=with_counts, full=False))


@routes.delete("/invites/{code}")
async def delete_invite(request: web.Request) -> web.Response:
    """Take an invite back; needs MANAGE_CHANNELS there or MANAGE_GUILD."""
    call = Call(request)
    invite = invites.find(call.world, request.match_info["code"])
    bits = call.bits_in(call.world.channel(invite.channel_id))
    if not bits & (Permission.MANAGE_CHANNELS | Permission.MANAGE_GUILD):
        raise DiscordError.of(Code.MISSING_PERMISSIONS)
    shown = render.invite(call.world, invite, full=False)
    invites.delete(call.world, invite, call.by)
    return reply(shown)


@routes.post("/invites/{code}")
async def accept_invite(request: web.Request) -> web.Response:
    """Join a guild, as a person's client does."""
    call = Call(request)
    if call.is_bot:
        raise DiscordError.of(Code.BOTS_CANNOT)
    invite = invites.find(call.world, request.match_info["code"])
    invites.accept(call.world, invite, call.user)
    return reply(render.invite(call.world, invite, full=False))


@routes.get("/guilds/{guild_id}/invites")
async def get_guild_invites(request: web.Request) -> web.Response:
    """List the invites of a guild."""
    call = Call(request)
    guild = call.guild()
    bits = call.bits(guild)
    if not bits & Permission.VIEW_AUDIT_LOG:
        require(bits, Permission.MANAGE_GUILD)
    found = invites.of_guild(call.world, guild.id)
    return reply([render.invite(call.world, one) for one in found])
