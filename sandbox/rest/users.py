"""REST: users, their guilds and their direct messages."""

import hashlib
from typing import cast

from aiohttp import web

from sandbox import auth, forms
from sandbox.auth import Caller, Kind
from sandbox.errors import Code, DiscordError, unauthorized
from sandbox.models import User
from sandbox.rest.call import Call, nothing, reply
from sandbox.rest.paging import BEFORE_AFTER, number, page
from sandbox.world import channels, members, render

routes = web.RouteTableDef()

MAX_GUILDS = 200


def _scoped(request: web.Request, scope: str) -> Call:
    caller = auth.any_caller(request)
    if caller.kind is Kind.BEARER and scope not in caller.scopes:
        raise DiscordError.of(Code.MISSING_ACCESS)
    return Call(request, caller)


def _shows_email(caller: Caller) -> bool:
    return caller.kind is Kind.USER or "email" in caller.scopes


@routes.get("/users/@me")
async def get_me(request: web.Request) -> web.Response:
    """Return the caller as they see themselves."""
    call = _scoped(request, "identify")
    return reply(render.current_user(call.user, with_email=_shows_email(call.caller)))


@routes.patch("/users/@me")
async def modify_me(request: web.Request) -> web.Response:
    """Change the caller's name, avatar or banner."""
    call = Call(request)
    image = forms.nullable(forms.text())
    fields = {"username": forms.text(2, 32), "avatar": image, "banner": image}
    values = await call.body(fields)
    for name, value in values.items():
        setattr(call.user, name, _image_hash(value) if name != "username" else value)
    shown = render.current_user(call.user, with_email=_shows_email(call.caller))
    call.world.dispatch("USER_UPDATE", shown, users=frozenset({call.user.id}))
    for guild in call.world.guilds_of(call.user.id):
        members.announce(call.world, guild.members[call.user.id])
    return reply(shown)


def _image_hash(value: object) -> str | None:
    return None if value is None else hashlib.sha256(str(value).encode()).hexdigest()[:32]


@routes.get("/users/@me/guilds")
async def get_my_guilds(request: web.Request) -> web.Response:
    """List the caller's guilds, in order of id."""
    call = _scoped(request, "guilds")
    fields = {**BEFORE_AFTER, "limit": forms.integer(1, MAX_GUILDS), "with_counts": forms.boolean}
    values = call.query(fields)
    mine = call.world.guilds_of(call.user.id)
    chosen = page(mine, values, number(values, "limit", MAX_GUILDS))
    with_counts = bool(values.get("with_counts"))
    return reply(
        [
            render.guild_of_user(call.world, one, call.user.id, with_counts=with_counts)
            for one in chosen
        ]
    )


@routes.get("/users/@me/guilds/{guild_id}/member")
async def get_my_member(request: web.Request) -> web.Response:
    """Return the caller's membership of a guild."""
    call = _scoped(request, "guilds.members.read")
    guild = call.guild()
    return reply(render.member_with_user(call.world, call.me(guild)))


@routes.delete("/users/@me/guilds/{guild_id}")
async def leave_guild(request: web.Request) -> web.Response:
    """Leave a guild; its owner can't."""
    call = Call(request)
    guild = call.guild()
    if guild.owner_id == call.user.id:
        raise DiscordError.of(Code.INVALID_GUILD)
    members.remove(call.world, guild, call.user.id)
    return nothing()


@routes.post("/users/@me/channels")
async def create_dm(request: web.Request) -> web.Response:
    """Open direct messages with somebody, or return those there are."""
    call = Call(request)
    values = await call.body(
        {"recipient_id": forms.snowflake, "recipients": forms.array(forms.snowflake)}
    )
    other = call.world.users.get(_recipient(values))
    if other is None or other.id == call.user.id:
        raise DiscordError.of(Code.INVALID_RECIPIENTS)
    if other.bot and call.is_bot:
        raise DiscordError.of(Code.CANNOT_MESSAGE_USER)
    channel = channels.open_dm(call.world, call.user.id, other.id)
    return reply(render.channel(call.world, channel, for_user=call.user.id))


def _recipient(values: forms.Json) -> int:
    recipients = cast("list[int]", values.get("recipients") or [])
    return cast("int", values.get("recipient_id") or (recipients[0] if recipients else 0))


@routes.get("/users/@me/channels")
async def get_my_dms(request: web.Request) -> web.Response:
    """List a person's direct messages; a bot has no such list."""
    call = Call(request)
    if call.is_bot:
        return reply([])
    mine = [pair for pair in call.world.dms if call.user.id in pair]
    opened = [call.world.channels[call.world.dms[pair]] for pair in mine]
    return reply([render.channel(call.world, one, for_user=call.user.id) for one in opened])


@routes.get("/users/@me/connections")
async def get_my_connections(request: web.Request) -> web.Response:
    """List the caller's connections to other services: none."""
    if "connections" not in auth.any_caller(request).scopes:
        raise unauthorized()
    return reply([])


@routes.get("/users/{user_id}")
async def get_user(request: web.Request) -> web.Response:
    """Return a user."""
    call = Call(request)
    found: User = call.path_user()
    return reply(render.user(found))
