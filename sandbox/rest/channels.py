"""REST: a channel, its permission overwrites, its invites, typing in it."""

from typing import cast

from aiohttp import web

from sandbox import forms, permissions
from sandbox.errors import Code, DiscordError
from sandbox.forms import Field, Json
from sandbox.models import THREAD_TYPES, Channel, ChannelType, Guild, Overwrite
from sandbox.permissions import Permission
from sandbox.rest.call import Call, nothing, reply, require
from sandbox.world import channels, invites, render, threads
from sandbox.world.messages import tell_typing

routes = web.RouteTableDef()

_ARCHIVE_MINUTES = forms.choice(60, 1440, 4320, 10080)
OVERWRITE = forms.model(
    {
        "id": forms.snowflake,
        "type": forms.choice(0, 1),
        "allow": forms.nullable(forms.bits),
        "deny": forms.nullable(forms.bits),
    },
    required=("id",),
)
FIELDS: dict[str, Field] = {
    "name": forms.text(1, 100),
    "topic": forms.nullable(forms.text(0, 1024)),
    "position": forms.nullable(forms.integer(0)),
    "nsfw": forms.nullable(forms.boolean),
    "rate_limit_per_user": forms.nullable(forms.integer(0, 21600)),
    "bitrate": forms.nullable(forms.integer(8000, 384000)),
    "user_limit": forms.nullable(forms.integer(0, 99)),
    "rtc_region": forms.nullable(forms.text()),
    "video_quality_mode": forms.nullable(forms.choice(1, 2)),
    "parent_id": forms.nullable(forms.snowflake),
    "default_auto_archive_duration": forms.nullable(_ARCHIVE_MINUTES),
    "default_thread_rate_limit_per_user": forms.nullable(forms.integer(0, 21600)),
    "flags": forms.integer(0),
    "permission_overwrites": forms.nullable(forms.array(OVERWRITE)),
}
_THREAD_FIELDS: dict[str, Field] = {
    "name": forms.text(1, 100),
    "archived": forms.boolean,
    "auto_archive_duration": _ARCHIVE_MINUTES,
    "locked": forms.boolean,
    "invitable": forms.boolean,
    "rate_limit_per_user": forms.nullable(forms.integer(0, 21600)),
    "flags": forms.integer(0),
    "applied_tags": forms.array(forms.snowflake, maximum=5),
}
_MAY_BE_NONE = frozenset({"topic", "rtc_region", "parent_id", "default_auto_archive_duration"})
_NOT_MANAGED_BY_THREAD_OWNER = frozenset({"locked", "rate_limit_per_user", "flags"})


def as_values(read: Json, guild: Guild) -> Json:
    """Return what was read as the attributes of a channel; `null` leaves most as they are."""
    values = {key: value for key, value in read.items() if value is not None or key in _MAY_BE_NONE}
    given = cast("list[Json] | None", values.pop("permission_overwrites", None))
    if given is not None:
        overwrites = [as_overwrite(one, guild) for one in given]
        values["overwrites"] = {one.id: one for one in overwrites}
    return values


def as_overwrite(read: Json, guild: Guild) -> Overwrite:
    """Return an overwrite that was read; without a type it is a role's if there is such a role."""
    target = cast("int", read["id"])
    kind = read.get("type")
    if kind is None:
        kind = 0 if target in guild.roles else 1
    allow, deny = (cast("int", read.get(name) or 0) for name in ("allow", "deny"))
    return Overwrite(target, cast("int", kind), allow & permissions.ALL, deny & permissions.ALL)


@routes.get("/channels/{channel_id}")
async def get_channel(request: web.Request) -> web.Response:
    """Return a channel, a thread or direct messages."""
    call = Call(request)
    channel = call.channel()
    return reply(render.channel(call.world, channel, for_user=call.user.id))


@routes.patch("/channels/{channel_id}")
async def modify_channel(request: web.Request) -> web.Response:
    """Change a channel or a thread."""
    call = Call(request)
    channel = call.guild_channel()
    if channel.thread is not None:
        await _modify_thread(call, channel)
    else:
        await _modify_channel(call, channel)
    return reply(render.channel(call.world, channel, for_user=call.user.id))


async def _modify_channel(call: Call, channel: Channel) -> None:
    bits = call.bits_in(channel)
    require(bits, Permission.MANAGE_CHANNELS)
    guild = call.world.guild(channel.guild_id or 0)
    values = as_values(await call.body(FIELDS), guild)
    if "overwrites" in values:
        require(bits, Permission.MANAGE_ROLES)
    check_parent(call, guild, values)
    channels.modify(call.world, channel, values, call.by)


def check_parent(call: Call, guild: Guild, values: Json) -> None:
    """Answer 50035 unless the parent that is asked for is a category of this guild."""
    parent_id = values.get("parent_id")
    if parent_id is None:
        return
    parent = call.world.channels.get(cast("int", parent_id))
    if parent is None or parent.guild_id != guild.id:
        raise _wrong_parent("CHANNEL_PARENT_INVALID", "Category does not exist")
    if parent.type != ChannelType.CATEGORY:
        raise _wrong_parent("CHANNEL_PARENT_INVALID_TYPE", "Not a category")


def _wrong_parent(code: str, message: str) -> DiscordError:
    from_form = {"parent_id": forms.invalid(code, message).errors}
    return DiscordError(400, int(Code.INVALID_FORM), "Invalid Form Body", {**from_form})


async def _modify_thread(call: Call, channel: Channel) -> None:
    assert channel.thread is not None
    values = await call.body(_THREAD_FIELDS)
    bits = call.bits_in(channel)
    if not bits & Permission.MANAGE_THREADS:
        reopens = values == {"archived": False} and not channel.thread.locked
        owns = channel.thread.owner_id == call.user.id
        if not reopens and (not owns or _NOT_MANAGED_BY_THREAD_OWNER & set(values)):
            raise DiscordError.of(Code.MISSING_PERMISSIONS)
    if channel.thread.archived and values.get("archived") is not False:
        raise DiscordError.of(Code.THREAD_ARCHIVED)
    if values.get("rate_limit_per_user", 0) is None:
        values["rate_limit_per_user"] = 0
    threads.modify(call.world, channel, values, call.by)


@routes.delete("/channels/{channel_id}")
async def delete_channel(request: web.Request) -> web.Response:
    """Delete a channel or a thread; direct messages are only closed."""
    call = Call(request)
    channel = call.channel()
    shown = render.channel(call.world, channel, for_user=call.user.id)
    if channel.type in THREAD_TYPES:
        require(call.bits_in(channel), Permission.MANAGE_THREADS)
        threads.delete(call.world, channel, call.by)
    elif channel.guild_id is not None:
        require(call.bits_in(channel), Permission.MANAGE_CHANNELS)
        channels.delete(call.world, channel, call.by)
    return reply(shown)


@routes.put("/channels/{channel_id}/permissions/{overwrite_id}")
async def put_overwrite(request: web.Request) -> web.Response:
    """Set what a channel allows and denies; nobody gives what they don't have."""
    call = Call(request)
    channel = call.guild_channel(Permission.MANAGE_ROLES)
    guild = call.world.guild(channel.guild_id or 0)
    read = await call.body(
        {
            "type": forms.choice(0, 1),
            "allow": forms.nullable(forms.bits),
            "deny": forms.nullable(forms.bits),
        },
        required=("type",),
    )
    overwrite = as_overwrite({**read, "id": call.path_id("overwrite_id")}, guild)
    _check_overwrite(call, channel, guild, overwrite)
    channels.put_overwrite(call.world, channel, overwrite, call.by)
    return nothing()


def _check_overwrite(call: Call, channel: Channel, guild: Guild, overwrite: Overwrite) -> None:
    known = guild.roles if overwrite.type == 0 else call.world.users
    if overwrite.id not in known:
        raise DiscordError.of(Code.UNKNOWN_OVERWRITE)
    former = channel.overwrites.get(overwrite.id) or Overwrite(overwrite.id, overwrite.type)
    changed = (former.allow ^ overwrite.allow) | (former.deny ^ overwrite.deny)
    if changed & ~call.bits_in(channel):
        raise DiscordError.of(Code.MISSING_PERMISSIONS)


@routes.delete("/channels/{channel_id}/permissions/{overwrite_id}")
async def delete_overwrite(request: web.Request) -> web.Response:
    """Take back what a channel allows and denies to a role or a member."""
    call = Call(request)
    channel = call.guild_channel(Permission.MANAGE_ROLES)
    overwrite = channel.overwrites.get(call.path_id("overwrite_id"))
    if overwrite is None:
        raise DiscordError.of(Code.UNKNOWN_OVERWRITE)
    channels.delete_overwrite(call.world, channel, overwrite, call.by)
    return nothing()


@routes.post("/channels/{channel_id}/typing")
async def type_in_channel(request: web.Request) -> web.Response:
    """Show that the caller is typing."""
    call = Call(request)
    channel = call.channel()
    in_thread = channel.type in THREAD_TYPES
    if not permissions.can_send(call.bits_in(channel), in_thread=in_thread):
        raise DiscordError.of(Code.MISSING_PERMISSIONS)
    tell_typing(call.world, channel, call.user.id)
    return nothing()


@routes.get("/channels/{channel_id}/invites")
async def get_channel_invites(request: web.Request) -> web.Response:
    """List the invites to a channel."""
    call = Call(request)
    channel = call.guild_channel(Permission.MANAGE_CHANNELS)
    found = invites.of_guild(call.world, channel.guild_id or 0)
    mine = [one for one in found if one.channel_id == channel.id]
    return reply([render.invite(call.world, one) for one in mine])


@routes.post("/channels/{channel_id}/invites")
async def create_invite(request: web.Request) -> web.Response:
    """Make an invite to a channel."""
    call = Call(request)
    channel = call.guild_channel(Permission.CREATE_INSTANT_INVITE)
    read = await call.body(
        {
            "max_age": forms.nullable(forms.integer(0, 604800)),
            "max_uses": forms.nullable(forms.integer(0, 100)),
            "temporary": forms.nullable(forms.boolean),
            "unique": forms.nullable(forms.boolean),
        }
    )
    max_age = read.get("max_age")
    invite = invites.create(
        call.world,
        channel,
        by=call.by,
        max_age=86400 if max_age is None else cast("int", max_age),
        max_uses=cast("int", read.get("max_uses") or 0),
        temporary=bool(read.get("temporary")),
        unique=bool(read.get("unique")),
    )
    return reply(render.invite(call.world, invite))
