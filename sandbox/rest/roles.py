"""REST: the roles of a guild."""

from typing import cast

from aiohttp import web

from sandbox import forms, permissions
from sandbox.errors import Code, DiscordError
from sandbox.forms import Field, Json
from sandbox.models import Guild, Role
from sandbox.permissions import ALL, Permission
from sandbox.rest.call import Call, nothing, reply
from sandbox.world import render, roles

routes = web.RouteTableDef()

MAX_ROLES = 250
_FIELDS: dict[str, Field] = {
    "name": forms.nullable(forms.text(0, 100)),
    "permissions": forms.nullable(forms.bits),
    "color": forms.nullable(forms.integer(0, 0xFFFFFF)),
    "colors": forms.nullable(
        forms.model(
            {"primary_color": forms.nullable(forms.integer(0, 0xFFFFFF))},
        )
    ),
    "hoist": forms.nullable(forms.boolean),
    "mentionable": forms.nullable(forms.boolean),
    "unicode_emoji": forms.nullable(forms.text(0, 100)),
}


def _values(read: Json) -> Json:
    values = {key: value for key, value in read.items() if value is not None}
    colors = cast("Json", values.pop("colors", None) or {})
    if colors.get("primary_color") is not None:
        values["color"] = colors["primary_color"]
    if "permissions" in values:
        values["permissions"] = cast("int", values["permissions"]) & ALL
    return values


def _role(call: Call, guild: Guild) -> Role:
    role = guild.roles.get(call.path_id("role_id"))
    if role is None:
        raise DiscordError.of(Code.UNKNOWN_ROLE)
    return role


def _check_below(call: Call, guild: Guild, role: Role) -> None:
    """Answer 50013 unless the caller stands above a role; @everyone is below all."""
    if role.id != guild.id and not permissions.outranks_role(guild, call.me(guild), role.id):
        raise DiscordError.of(Code.MISSING_PERMISSIONS)


def _check_gives(call: Call, guild: Guild, values: Json, former: int) -> None:
    """Answer 50013 when permissions are given or taken that the caller does not have."""
    wanted = cast("int", values.get("permissions", former))
    if (wanted ^ former) & ~call.bits(guild):
        raise DiscordError.of(Code.MISSING_PERMISSIONS)


@routes.get("/guilds/{guild_id}/roles")
async def get_roles(request: web.Request) -> web.Response:
    """List a guild's roles."""
    guild = Call(request).guild()
    return reply([render.role(one) for one in guild.roles.values()])


@routes.get("/guilds/{guild_id}/roles/member-counts")
async def get_member_counts(request: web.Request) -> web.Response:
    """Count the members of each role but @everyone."""
    guild = Call(request).guild()
    counts = {role: 0 for role in guild.roles if role != guild.id}
    for member in guild.members.values():
        for role in member.roles:
            counts[role] += 1
    return reply({str(role): count for role, count in counts.items()})


@routes.get("/guilds/{guild_id}/roles/{role_id}")
async def get_role(request: web.Request) -> web.Response:
    """Return a role."""
    call = Call(request)
    return reply(render.role(_role(call, call.guild())))


@routes.post("/guilds/{guild_id}/roles")
async def create_role(request: web.Request) -> web.Response:
    """Make a role with no more permissions than the caller has."""
    call = Call(request)
    guild = call.guild_for(Permission.MANAGE_ROLES)
    values = _values(await call.body(_FIELDS))
    values.setdefault("permissions", guild.roles[guild.id].permissions)
    _check_gives(call, guild, values, guild.roles[guild.id].permissions)
    if len(guild.roles) >= MAX_ROLES:
        raise DiscordError.of(Code.TOO_MANY_ROLES)
    name = str(values.pop("name", "new role"))
    role = roles.create(call.world, guild, name, by=call.by, values=values)
    return reply(render.role(role))


_POSITION = forms.model(
    {"id": forms.snowflake, "position": forms.nullable(forms.integer(0))}, required=("id",)
)


@routes.patch("/guilds/{guild_id}/roles")
async def move_roles(request: web.Request) -> web.Response:
    """Put roles at other positions, all below the caller's own highest."""
    call = Call(request)
    guild = call.guild_for(Permission.MANAGE_ROLES)
    read = forms.read({"positions": await call.json()}, {"positions": forms.array(_POSITION)})
    asked = cast("list[Json]", read["positions"])
    positions = {
        cast("int", one["id"]): cast("int", one["position"])
        for one in asked
        if one.get("position") is not None
    }
    _check_positions(call, guild, positions)
    roles.move(call.world, guild, positions, call.by)
    return reply([render.role(one) for one in guild.roles.values()])


def _check_positions(call: Call, guild: Guild, positions: dict[int, int]) -> None:
    top = permissions.top_position(guild, call.me(guild))[0]
    for role_id, position in positions.items():
        if role_id not in guild.roles:
            raise DiscordError.of(Code.UNKNOWN_ROLE)
        _check_below(call, guild, guild.roles[role_id])
        if call.user.id != guild.owner_id and position >= top:
            raise DiscordError.of(Code.MISSING_PERMISSIONS)


@routes.patch("/guilds/{guild_id}/roles/{role_id}")
async def modify_role(request: web.Request) -> web.Response:
    """Change a role below the caller's own highest."""
    call = Call(request)
    guild = call.guild_for(Permission.MANAGE_ROLES)
    role = _role(call, guild)
    _check_below(call, guild, role)
    values = _values(await call.body(_FIELDS))
    _check_gives(call, guild, values, role.permissions)
    roles.modify(call.world, guild, role, values, call.by)
    return reply(render.role(role))


@routes.delete("/guilds/{guild_id}/roles/{role_id}")
async def delete_role(request: web.Request) -> web.Response:
    """Delete a role below the caller's own highest; neither @everyone nor a bot's own."""
    call = Call(request)
    guild = call.guild_for(Permission.MANAGE_ROLES)
    role = _role(call, guild)
    _check_below(call, guild, role)
    if role.managed or role.id == guild.id:
        raise DiscordError.of(Code.INVALID_ROLE)
    roles.delete(call.world, guild, role, call.by)
    return nothing()
