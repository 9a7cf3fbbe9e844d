"""REST: bans from a guild."""

from datetime import timedelta
from typing import cast

from aiohttp import web
from msgspec import Struct

from sandbox import forms
from sandbox.errors import Code, DiscordError
from sandbox.forms import Field, Json
from sandbox.models import Ban, By, Guild
from sandbox.permissions import Permission
from sandbox.rest.call import Call, nothing, reply
from sandbox.rest.members import check_outranks
from sandbox.rest.paging import BEFORE_AFTER, number, page
from sandbox.world import members, render

routes = web.RouteTableDef()

_WEEK = 604_800
_DAY = 86_400
_FIELDS: dict[str, Field] = {
    "delete_message_seconds": forms.nullable(forms.integer(0, _WEEK)),
    "delete_message_days": forms.nullable(forms.integer(0, 7)),
    "reason": forms.nullable(forms.text(0, 512)),
}
_NOBODY_BANNED = DiscordError(400, 500_000, "Failed to ban users")


class _Banned(Struct, frozen=True):
    id: int
    ban: Ban


@routes.get("/guilds/{guild_id}/bans")
async def get_bans(request: web.Request) -> web.Response:
    """List bans in order of the user's id."""
    call = Call(request)
    guild = call.guild_for(Permission.BAN_MEMBERS)
    values = call.query({**BEFORE_AFTER, "limit": forms.integer(1, 1000)})
    by_user = [_Banned(one.user_id, one) for one in guild.bans.values()]
    chosen = page(by_user, values, number(values, "limit", 1000))
    return reply([render.ban(call.world, one.ban) for one in chosen])


@routes.get("/guilds/{guild_id}/bans/{user_id}")
async def get_ban(request: web.Request) -> web.Response:
    """Return a ban, or answer 10026."""
    call = Call(request)
    guild = call.guild_for(Permission.BAN_MEMBERS)
    return reply(render.ban(call.world, _ban(call, guild)))


def _ban(call: Call, guild: Guild) -> Ban:
    ban = guild.bans.get(call.path_id("user_id"))
    if ban is None:
        raise DiscordError.of(Code.UNKNOWN_BAN)
    return ban


@routes.put("/guilds/{guild_id}/bans/{user_id}")
async def create_ban(request: web.Request) -> web.Response:
    """Ban a user, a member or not; a member has to stand below the caller."""
    call = Call(request)
    guild = call.guild_for(Permission.BAN_MEMBERS)
    read = await call.body(_FIELDS)
    user = call.path_user()
    if user.id in guild.members:
        check_outranks(call, guild, guild.members[user.id])
    by = call.by
    if by.reason is None and read.get("reason"):
        by = By(by.user_id, str(read["reason"]))
    members.ban(call.world, guild, user.id, by=by, delete_messages=_lately(read))
    return nothing()


def _lately(read: Json) -> timedelta:
    seconds = cast("int | None", read.get("delete_message_seconds"))
    days = cast("int", read.get("delete_message_days") or 0)
    return timedelta(seconds=days * _DAY if seconds is None else seconds)


@routes.delete("/guilds/{guild_id}/bans/{user_id}")
async def remove_ban(request: web.Request) -> web.Response:
    """Lift a ban, or answer 10026."""
    call = Call(request)
    guild = call.guild_for(Permission.BAN_MEMBERS)
    members.unban(call.world, guild, _ban(call, guild).user_id, by=call.by)
    return nothing()


@routes.post("/guilds/{guild_id}/bulk-ban")
async def bulk_ban(request: web.Request) -> web.Response:
    """Ban up to 200 users; say who was banned and who could not be."""
    call = Call(request)
    guild = call.guild_for(Permission.BAN_MEMBERS, Permission.MANAGE_GUILD)
    read = await call.body(
        {
            "user_ids": forms.array(forms.snowflake, minimum=1, maximum=200),
            "delete_message_seconds": forms.nullable(forms.integer(0, _WEEK)),
        },
        required=("user_ids",),
    )
    ids = list(dict.fromkeys(cast("list[int]", read["user_ids"])))
    banned = [one for one in ids if _may_ban(call, guild, one)]
    if not banned:
        raise _NOBODY_BANNED
    for user_id in banned:
        members.ban(call.world, guild, user_id, by=call.by, delete_messages=_lately(read))
    failed = [one for one in ids if one not in banned]
    return reply(
        {
            "banned_users": [str(one) for one in banned],
            "failed_users": [str(one) for one in failed],
        }
    )


def _may_ban(call: Call, guild: Guild, user_id: int) -> bool:
    if user_id not in call.world.users or user_id in guild.bans:
        return False
    try:
        if user_id in guild.members:
            check_outranks(call, guild, guild.members[user_id])
    except DiscordError:
        return False
    return True
