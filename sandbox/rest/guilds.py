"""REST: guilds and their channels."""

from typing import cast

from aiohttp import web

from sandbox import forms
from sandbox.errors import Code, DiscordError
from sandbox.forms import Field, Json
from sandbox.models import ChannelType, Guild
from sandbox.permissions import Permission
from sandbox.rest.call import Call, nothing, reply, require
from sandbox.rest.channels import FIELDS, as_values, check_parent
from sandbox.world import channels, guilds, render
from sandbox.world.render.guilds import counts

routes = web.RouteTableDef()

MAX_CHANNELS = 500
_CHANNEL = forms.nullable(forms.snowflake)
_FIELDS: dict[str, Field] = {
    "name": forms.text(2, 100),
    "description": forms.nullable(forms.text(0, 300)),
    "verification_level": forms.nullable(forms.choice(0, 1, 2, 3, 4)),
    "default_message_notifications": forms.nullable(forms.choice(0, 1)),
    "explicit_content_filter": forms.nullable(forms.choice(0, 1, 2)),
    "afk_channel_id": _CHANNEL,
    "afk_timeout": forms.nullable(forms.choice(60, 300, 900, 1800, 3600)),
    "system_channel_id": _CHANNEL,
    "system_channel_flags": forms.nullable(forms.integer(0)),
    "rules_channel_id": _CHANNEL,
    "public_updates_channel_id": _CHANNEL,
    "safety_alerts_channel_id": _CHANNEL,
    "preferred_locale": forms.nullable(forms.text(2, 10)),
    "premium_progress_bar_enabled": forms.nullable(forms.boolean),
    "owner_id": forms.snowflake,
}
_MAY_BE_NONE = frozenset({"description"} | {name for name in _FIELDS if name.endswith("_id")})
_KINDS = forms.choice(
    *(
        int(kind)
        for kind in (
            ChannelType.TEXT,
            ChannelType.VOICE,
            ChannelType.CATEGORY,
            ChannelType.ANNOUNCEMENT,
            ChannelType.STAGE,
            ChannelType.FORUM,
            ChannelType.MEDIA,
        )
    )
)


@routes.post("/guilds")
async def create_guild(request: web.Request) -> web.Response:
    """Found a guild; only a person can."""
    call = Call(request)
    if call.is_bot:
        raise DiscordError.of(Code.BOTS_CANNOT)
    read = await call.body({"name": forms.text(2, 100)}, required=("name",))
    guild = guilds.create(call.world, str(read["name"]), call.user)
    return reply(render.guild(guild), 201)


@routes.get("/guilds/{guild_id}")
async def get_guild(request: web.Request) -> web.Response:
    """Return a guild, with its numbers of members on request."""
    call = Call(request)
    guild = call.guild()
    shown = render.guild(guild)
    return reply(shown | counts(call.world, guild) if call.flag("with_counts") else shown)


@routes.get("/guilds/{guild_id}/preview")
async def get_preview(request: web.Request) -> web.Response:
    """Return what a guild shows to those who may join."""
    call = Call(request)
    guild = call.guild()
    shown: Json = {
        "id": str(guild.id),
        "name": guild.name,
        "icon": guild.icon,
        "description": guild.description,
        "home_header": None,
        "splash": None,
        "discovery_splash": None,
        "features": guild.features,
        "emojis": list[Json](),
        "stickers": list[Json](),
    }
    return reply(shown | counts(call.world, guild))


@routes.patch("/guilds/{guild_id}")
async def modify_guild(request: web.Request) -> web.Response:
    """Change a guild; only its owner gives it away."""
    call = Call(request)
    guild = call.guild_for(Permission.MANAGE_GUILD)
    read = await call.body(_FIELDS)
    values = {k: v for k, v in read.items() if v is not None or k in _MAY_BE_NONE}
    if "owner_id" in values:
        _check_heir(call, guild, cast("int", values["owner_id"]))
    guilds.modify(call.world, guild, values, call.by)
    return reply(render.guild(guild))


def _check_heir(call: Call, guild: Guild, heir: int) -> None:
    if guild.owner_id != call.user.id:
        raise DiscordError.of(Code.MISSING_PERMISSIONS)
    call.world.member(guild.id, heir)


@routes.delete("/guilds/{guild_id}")
async def delete_guild(request: web.Request) -> web.Response:
    """Dissolve a guild; only its owner can."""
    call = Call(request)
    guild = call.guild()
    if guild.owner_id != call.user.id:
        raise DiscordError.of(Code.MISSING_PERMISSIONS)
    guilds.delete(call.world, guild)
    return nothing()


@routes.get("/guilds/{guild_id}/channels")
async def get_channels(request: web.Request) -> web.Response:
    """List a guild's channels, threads not among them."""
    call = Call(request)
    guild = call.guild()
    found = [call.world.channels[one] for one in guild.channel_ids]
    return reply([render.channel(call.world, one) for one in found])


@routes.post("/guilds/{guild_id}/channels")
async def create_channel(request: web.Request) -> web.Response:
    """Open a channel."""
    call = Call(request)
    guild = call.guild_for(Permission.MANAGE_CHANNELS)
    read = await call.body({**FIELDS, "type": forms.nullable(_KINDS)}, required=("name",))
    kind = cast("int", read.pop("type", None) or ChannelType.TEXT)
    values = as_values(read, guild)
    _check_overwrites(call, guild, values)
    check_parent(call, guild, values)
    if len(guild.channel_ids) >= MAX_CHANNELS:
        raise DiscordError.of(Code.TOO_MANY_CHANNELS)
    name = _channel_name(str(values.pop("name")), kind)
    channel = channels.create(call.world, guild, name, type=kind, by=call.by, values=values)
    return reply(render.channel(call.world, channel), 201)


def _check_overwrites(call: Call, guild: Guild, values: Json) -> None:
    given = cast("dict[int, channels.Overwrite]", values.get("overwrites") or {})
    if not given:
        return
    bits = call.bits(guild)
    require(bits, Permission.MANAGE_ROLES)
    for one in given.values():
        if (one.allow | one.deny) & ~bits:
            raise DiscordError.of(Code.MISSING_PERMISSIONS)


def _channel_name(name: str, kind: int) -> str:
    if kind in (ChannelType.TEXT, ChannelType.ANNOUNCEMENT, ChannelType.FORUM):
        return name.lower().replace(" ", "-")
    return name


_POSITION = forms.model(
    {
        "id": forms.snowflake,
        "position": forms.nullable(forms.integer(0)),
        "lock_permissions": forms.nullable(forms.boolean),
        "parent_id": forms.nullable(forms.snowflake),
    },
    required=("id",),
)


@routes.patch("/guilds/{guild_id}/channels")
async def move_channels(request: web.Request) -> web.Response:
    """Put channels at other positions or into other categories."""
    call = Call(request)
    guild = call.guild_for(Permission.MANAGE_CHANNELS)
    read = forms.read({"positions": await call.json()}, {"positions": forms.array(_POSITION)})
    for one in cast("list[Json]", read["positions"]):
        _move(call, guild, one)
    return nothing()


def _move(call: Call, guild: Guild, asked: Json) -> None:
    channel = call.world.channel(cast("int", asked["id"]))
    if channel.guild_id != guild.id:
        raise DiscordError.of(Code.UNKNOWN_CHANNEL)
    values: Json = {}
    if asked.get("position") is not None:
        values["position"] = asked["position"]
    if "parent_id" in asked:
        values["parent_id"] = asked["parent_id"]
        check_parent(call, guild, values)
    parent_id = cast("int | None", values.get("parent_id", channel.parent_id))
    if asked.get("lock_permissions") and parent_id is not None:
        values["overwrites"] = channels.copied(call.world.channels[parent_id].overwrites)
    channels.modify(call.world, channel, values, call.by)


@routes.get("/guilds/{guild_id}/emojis")
@routes.get("/guilds/{guild_id}/stickers")
@routes.get("/guilds/{guild_id}/integrations")
@routes.get("/guilds/{guild_id}/scheduled-events")
@routes.get("/guilds/{guild_id}/auto-moderation/rules")
async def get_none(request: web.Request) -> web.Response:
    """List what the sandbox's guilds have none of."""
    Call(request).guild()
    return reply([])


@routes.get("/guilds/{guild_id}/regions")
async def get_regions(request: web.Request) -> web.Response:
    """List the voice regions of a guild."""
    Call(request).guild()
    return reply([])
