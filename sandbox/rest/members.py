"""REST: the members of a guild."""

from datetime import datetime, timedelta
from typing import cast

from aiohttp import web

from sandbox import forms, permissions
from sandbox.errors import Code, DiscordError, field_error
from sandbox.forms import Field, Json
from sandbox.models import ChannelType, Guild, Member
from sandbox.permissions import Permission
from sandbox.rest.call import Call, nothing, reply, require
from sandbox.rest.paging import number
from sandbox.world import members, render, voice
from sandbox.world.audit import Action, record

routes = web.RouteTableDef()

LONGEST_TIMEOUT = timedelta(days=28)
_FIELDS: dict[str, Field] = {
    "nick": forms.nullable(forms.text(0, 32)),
    "roles": forms.nullable(forms.array(forms.snowflake)),
    "mute": forms.nullable(forms.boolean),
    "deaf": forms.nullable(forms.boolean),
    "channel_id": forms.nullable(forms.snowflake),
    "communication_disabled_until": forms.nullable(forms.moment),
    "flags": forms.nullable(forms.integer(0)),
}
_NEEDED = {
    "nick": Permission.MANAGE_NICKNAMES,
    "roles": Permission.MANAGE_ROLES,
    "mute": Permission.MUTE_MEMBERS,
    "deaf": Permission.DEAFEN_MEMBERS,
    "channel_id": Permission.MOVE_MEMBERS,
    "communication_disabled_until": Permission.MODERATE_MEMBERS,
    "flags": Permission.MODERATE_MEMBERS,
}


@routes.get("/guilds/{guild_id}/members")
async def get_members(request: web.Request) -> web.Response:
    """List members in order of id; needs the privileged intent."""
    call = Call(request)
    guild = call.guild()
    application = call.world.applications.get(call.user.id)
    if application is not None and not application.privileged_intents:
        raise DiscordError.of(Code.MISSING_ACCESS)
    values = call.query({"limit": forms.integer(1, 1000), "after": forms.snowflake})
    after = number(values, "after", -1)
    ids = sorted(one for one in guild.members if one > after)[: number(values, "limit", 1)]
    return reply([render.member_with_user(call.world, guild.members[one]) for one in ids])


@routes.get("/guilds/{guild_id}/members/search")
async def search_members(request: web.Request) -> web.Response:
    """List members whose name or nickname starts with a text."""
    call = Call(request)
    guild = call.guild()
    fields = {"query": forms.text(1, 100), "limit": forms.integer(1, 1000)}
    values = call.query(fields, required=("query",))
    start = str(values["query"]).casefold()
    found = [one for one in guild.members.values() if _name_starts(call, one, start)]
    chosen = found[: number(values, "limit", 1)]
    return reply([render.member_with_user(call.world, one) for one in chosen])


def _name_starts(call: Call, member: Member, start: str) -> bool:
    user = call.world.users[member.user_id]
    names = (user.username, user.global_name, member.nick)
    return any(name is not None and name.casefold().startswith(start) for name in names)


def _member(call: Call, guild: Guild) -> Member:
    return call.world.member(guild.id, call.path_user().id)


@routes.patch("/guilds/{guild_id}/members/@me")
@routes.patch("/guilds/{guild_id}/members/@me/nick")
async def modify_me(request: web.Request) -> web.Response:
    """Change one's own nickname."""
    call = Call(request)
    guild = call.guild()
    values = await call.body({"nick": forms.nullable(forms.text(0, 32))})
    if "nick" in values:
        require(call.bits(guild), Permission.CHANGE_NICKNAME)
        nick = values["nick"] or None
        members.modify(call.world, call.me(guild), {"nick": nick}, by=call.by)
    return reply(render.member_with_user(call.world, call.me(guild)))


@routes.get("/guilds/{guild_id}/members/{user_id}")
async def get_member(request: web.Request) -> web.Response:
    """Return a member."""
    call = Call(request)
    return reply(render.member_with_user(call.world, _member(call, call.guild())))


@routes.patch("/guilds/{guild_id}/members/{user_id}")
async def modify_member(request: web.Request) -> web.Response:
    """Change a member's nickname, roles, voice or timeout, each with its own permission."""
    call = Call(request)
    guild = call.guild()
    read = await call.body(_FIELDS)
    member = _member(call, guild)
    _check_rights(call, guild, member, read)
    _check_voice(guild, member, read)
    if "channel_id" in read:
        _move(call, guild, member, cast("int | None", read.pop("channel_id")))
    members.modify(call.world, member, _attributes(call, guild, read), by=call.by)
    return reply(render.member_with_user(call.world, member))


def _check_rights(call: Call, guild: Guild, member: Member, read: Json) -> None:
    bits = call.bits(guild)
    for name in read:
        own_nick = name == "nick" and member.user_id == call.user.id
        require(bits, Permission.CHANGE_NICKNAME if own_nick else _NEEDED[name])
    myself = member.user_id == call.user.id
    if "nick" in read and not myself:
        check_outranks(call, guild, member)
    if "communication_disabled_until" in read:
        _check_timeout(call, guild, member, read["communication_disabled_until"])
    if "roles" in read:
        _check_roles(call, guild, member, cast("list[int]", read["roles"] or []))


def check_outranks(call: Call, guild: Guild, member: Member) -> None:
    """Answer 50013 unless the caller stands above a member."""
    if not permissions.outranks(guild, call.me(guild), member):
        raise DiscordError.of(Code.MISSING_PERMISSIONS)


def _check_timeout(call: Call, guild: Guild, member: Member, until: object) -> None:
    check_outranks(call, guild, member)
    if permissions.in_guild(guild, member) & Permission.ADMINISTRATOR:
        raise DiscordError.of(Code.MISSING_PERMISSIONS)
    latest = call.world.clock.now() + LONGEST_TIMEOUT
    if until is not None and cast("datetime", until) > latest:
        raise field_error(
            "communication_disabled_until",
            "INVALID_COMMUNICATION_DISABLED_TIMESTAMP",
            "Invalid communication disabled timestamp",
        )


def _check_roles(call: Call, guild: Guild, member: Member, wanted: list[int]) -> None:
    unknown = [one for one in wanted if one not in guild.roles]
    if unknown:
        raise field_error("roles", "GUILD_ROLE_INVALID", f"Invalid role(s): {unknown[0]}")
    for role_id in set(wanted) ^ set(member.roles):
        check_role(call, guild, role_id)


def check_role(call: Call, guild: Guild, role_id: int) -> None:
    """Answer 50013 unless the caller may give and take a role."""
    role = guild.roles[role_id]
    above = permissions.outranks_role(guild, call.me(guild), role_id)
    if role.managed or role_id == guild.id or not above:
        raise DiscordError.of(Code.MISSING_PERMISSIONS)


def _check_voice(guild: Guild, member: Member, read: Json) -> None:
    asked = {"mute", "deaf", "channel_id"} & set(read)
    if asked and member.user_id not in guild.voice_states:
        raise DiscordError.of(Code.NOT_IN_VOICE)


def _move(call: Call, guild: Guild, member: Member, channel_id: int | None) -> None:
    if channel_id is None:
        voice.disconnect(call.world, guild, member.user_id, call.by)
        return
    channel = call.world.channel(channel_id)
    if channel.guild_id != guild.id or channel.type not in (ChannelType.VOICE, ChannelType.STAGE):
        raise DiscordError.of(Code.WRONG_CHANNEL_TYPE)
    voice.move(call.world, guild, member.user_id, channel, call.by)


def _attributes(call: Call, guild: Guild, read: Json) -> Json:
    values = dict(read)
    if "nick" in values:
        values["nick"] = values["nick"] or None
    if "roles" in values:
        wanted = cast("list[int]", values["roles"] or [])
        values["roles"] = [one for one in dict.fromkeys(wanted) if one != guild.id]
    until = cast("datetime | None", values.get("communication_disabled_until"))
    if until is not None and until <= call.world.clock.now():
        values["communication_disabled_until"] = None
    for name in ("mute", "deaf", "flags"):
        if name in values and values[name] is None:
            del values[name]
    return values


@routes.put("/guilds/{guild_id}/members/{user_id}")
async def add_member(request: web.Request) -> web.Response:
    """Let somebody join who allowed it by OAuth2 (`guilds.join`)."""
    call = Call(request)
    guild = call.guild_for(Permission.CREATE_INSTANT_INVITE)
    read = await call.body({"access_token": forms.text(1)}, required=("access_token",))
    user = call.path_user()
    grant = call.world.bearer_tokens.get(str(read["access_token"]))
    granted = grant is not None and (grant.user_id, grant.application_id) == (
        user.id,
        call.user.id,
    )
    if grant is None or not granted or "guilds.join" not in grant.scopes:
        raise DiscordError.of(Code.INVALID_OAUTH2_TOKEN)
    if user.id in guild.members:
        return nothing()
    if user.id in guild.bans:
        raise DiscordError.of(Code.USER_IS_BANNED)
    member = members.add(call.world, guild, user)
    return reply(render.member_with_user(call.world, member), 201)


@routes.delete("/guilds/{guild_id}/members/{user_id}")
async def kick_member(request: web.Request) -> web.Response:
    """Kick a member who stands below the caller."""
    call = Call(request)
    guild = call.guild_for(Permission.KICK_MEMBERS)
    member = _member(call, guild)
    check_outranks(call, guild, member)
    members.remove(call.world, guild, member.user_id, by=call.by)
    return nothing()


def _role_id(call: Call, guild: Guild) -> int:
    role_id = call.path_id("role_id")
    if role_id not in guild.roles:
        raise DiscordError.of(Code.UNKNOWN_ROLE)
    check_role(call, guild, role_id)
    return role_id


@routes.put("/guilds/{guild_id}/members/{user_id}/roles/{role_id}")
async def add_role(request: web.Request) -> web.Response:
    """Give a member a role below the caller's own highest."""
    call = Call(request)
    guild = call.guild_for(Permission.MANAGE_ROLES)
    member, role_id = _member(call, guild), _role_id(call, guild)
    if role_id not in member.roles:
        members.modify(call.world, member, {"roles": [*member.roles, role_id]}, by=call.by)
    return nothing()


@routes.delete("/guilds/{guild_id}/members/{user_id}/roles/{role_id}")
async def remove_role(request: web.Request) -> web.Response:
    """Take a role below the caller's own highest from a member."""
    call = Call(request)
    guild = call.guild_for(Permission.MANAGE_ROLES)
    member, role_id = _member(call, guild), _role_id(call, guild)
    kept = [one for one in member.roles if one != role_id]
    members.modify(call.world, member, {"roles": kept}, by=call.by)
    return nothing()


_PRUNE: dict[str, Field] = {"days": forms.integer(1, 30), "compute_prune_count": forms.boolean}


@routes.get("/guilds/{guild_id}/prune")
async def get_prune_count(request: web.Request) -> web.Response:
    """Count the members without roles who joined longer ago and were not seen since."""
    call = Call(request)
    guild = call.guild_for(Permission.KICK_MEMBERS, Permission.MANAGE_GUILD)
    days = number(call.query(_PRUNE), "days", 7)
    return reply({"pruned": len(_prunable(call, guild, days))})


@routes.post("/guilds/{guild_id}/prune")
async def prune(request: web.Request) -> web.Response:
    """Kick the members without roles who joined longer ago and were not seen since."""
    call = Call(request)
    guild = call.guild_for(Permission.KICK_MEMBERS, Permission.MANAGE_GUILD)
    values = await call.body(_PRUNE)
    days = number(values, "days", 7)
    chosen = _prunable(call, guild, days)
    for user_id in chosen:
        members.remove(call.world, guild, user_id)
    options: Json = {"delete_member_days": str(days), "members_removed": str(len(chosen))}
    record(call.world, guild, call.by, Action.MEMBER_PRUNE, options=options)
    counted = values.get("compute_prune_count") is not False
    return reply({"pruned": len(chosen) if counted else None})


def _prunable(call: Call, guild: Guild, days: int) -> list[int]:
    since = call.world.clock.now() - timedelta(days=days)
    return [
        one.user_id
        for one in guild.members.values()
        if not one.roles
        and one.joined_at < since
        and one.user_id != guild.owner_id
        and one.user_id not in call.world.presences
    ]
