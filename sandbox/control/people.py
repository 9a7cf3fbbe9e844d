"""Control of who there is: users, applications, guilds, who joins, who leaves, who acts by hand."""

from datetime import timedelta
from typing import Literal

import aiohttp
from aiohttp import web
from msgspec import Struct, field

from sandbox.control.reading import (
    ControlError,
    answer,
    find_user,
    guild_of,
    takes,
    user_of,
    world_of,
)
from sandbox.harbour import PRIVILEGED
from sandbox.models import Application, Guild, Json, Role, User
from sandbox.permissions import ALL
from sandbox.seed import seeded_names
from sandbox.world import World, members, render

routes = web.RouteTableDef()


class NewUser(Struct, kw_only=True):
    """A person who registers."""

    username: str
    global_name: str | None = None


class NewApplication(Struct, kw_only=True):
    """An application with its bot; `privileged` switches the three privileged intents on."""

    name: str
    owner: str | None = None
    privileged: bool = True
    redirect_uris: list[str] = field(default_factory=list[str])
    max_concurrency: int = 1
    shards: int = 1


class NewGuild(Struct, kw_only=True):
    """A guild that a user (id or username) founds."""

    name: str
    owner: str
    channels: list[str] = field(default_factory=lambda: ["general"])


class NewMember(Struct, kw_only=True):
    """Somebody who joins; roles by id or name, `permissions` for the own role of a bot."""

    user_id: str
    roles: list[str] = field(default_factory=list[str])
    nick: str | None = None
    permissions: int = 0


class Act(Struct, kw_only=True):
    """What a person does to another one in their client."""

    by: str
    action: Literal["ban", "unban", "kick", "timeout", "untimeout"]
    user: str
    seconds: float = 600
    reason: str | None = None


@routes.get("/sandbox/users")
async def list_users(request: web.Request) -> web.Response:
    """Return everybody with their tokens; `named` is a person's name in the seed."""
    world = world_of(request)
    names = {user_id: name for name, user_id in seeded_names(world).items()}
    users = [{**_user(world, user), "named": names.get(user.id)} for user in world.users.values()]
    return answer({"users": users})


@routes.post("/sandbox/users")
@takes(NewUser)
async def create_user(request: web.Request, new: NewUser) -> web.Response:
    """Register a person and return their id and token."""
    if not new.username.strip():
        raise ControlError("A user needs a username.")
    world = world_of(request)
    user = world.create_user(new.username.strip(), global_name=new.global_name)
    return answer(_user(world, user), 201)


@routes.post("/sandbox/applications")
@takes(NewApplication)
async def create_application(request: web.Request, new: NewApplication) -> web.Response:
    """Register an application with its bot and return its id, token and client secret."""
    world = world_of(request)
    owner = find_user(world, new.owner) if new.owner else None
    made = world.create_application(new.name, owner=owner, redirect_uris=new.redirect_uris)
    made.flags = PRIVILEGED if new.privileged else 0
    made.privileged_intents = new.privileged
    made.max_concurrency, made.recommended_shards = new.max_concurrency, new.shards
    return answer(application_json(world, made), 201)


@routes.get("/sandbox/guilds")
async def list_guilds(request: web.Request) -> web.Response:
    """Return every guild with its channels, roles and the number of its members."""
    world = world_of(request)
    return answer({"guilds": [brief(world, guild) for guild in world.guilds.values()]})


@routes.post("/sandbox/guilds")
@takes(NewGuild)
async def create_guild(request: web.Request, new: NewGuild) -> web.Response:
    """Found a guild and return it with its channels."""
    world = world_of(request)
    owner = find_user(world, new.owner)
    return answer(brief(world, world.create_guild(new.name, owner, channels=new.channels)), 201)


@routes.post("/sandbox/guilds/{guild_id}/members")
@takes(NewMember)
async def join(request: web.Request, new: NewMember) -> web.Response:
    """Let a user or a bot join a guild; a banned one is refused."""
    world, guild = world_of(request), guild_of(request)
    user = find_user(world, new.user_id)
    if user.id in guild.bans:
        raise ControlError(f"{user.username} is banned from {guild.name}.", 403)
    roles = [_role(guild, name) for name in new.roles]
    member = world.add_member(guild, user, roles=roles, permissions=new.permissions & ALL)
    if new.nick is not None:
        members.modify(world, member, {"nick": new.nick})
    return answer(render.member_with_user(world, member), 201)


@routes.delete("/sandbox/guilds/{guild_id}/members/{user_id}")
async def leave(request: web.Request) -> web.Response:
    """Let a member leave by themselves."""
    guild, user = guild_of(request), user_of(request)
    if user.id not in guild.members:
        raise ControlError(f"{user.username} is no member of {guild.name}.", 404)
    if user.id == guild.owner_id:
        raise ControlError("The owner cannot leave their guild.")
    world_of(request).remove_member(guild, user)
    return answer({"left": str(user.id)})


@routes.post("/sandbox/guilds/{guild_id}/act")
@takes(Act)
async def act_by_hand(request: web.Request, wanted: Act) -> web.Response:
    """Ban, unban, kick or time out somebody as a user does in their client.

    It goes through the same REST route with that user's token; its status and body are returned.
    """
    world, guild = world_of(request), guild_of(request)
    by, target = find_user(world, wanted.by), find_user(world, wanted.user)
    method, path, body = _request_of(world, guild, wanted, target)
    headers = {"Authorization": by.token}
    if wanted.reason:
        headers["X-Audit-Log-Reason"] = wanted.reason
    address = f"http://{request.host}/api/v10{path}"
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, address, json=body, headers=headers) as response,
    ):
        told = await response.json() if response.content_type == "application/json" else None
        return answer({"status": response.status, "body": told}, response.status)


def _request_of(world: World, guild: Guild, act: Act, target: User) -> tuple[str, str, Json]:
    member, ban = f"/guilds/{guild.id}/members/{target.id}", f"/guilds/{guild.id}/bans/{target.id}"
    until = world.clock.now() + timedelta(seconds=act.seconds)
    match act.action:
        case "ban":
            return "PUT", ban, {}
        case "unban":
            return "DELETE", ban, {}
        case "kick":
            return "DELETE", member, {}
        case "timeout":
            return "PATCH", member, {"communication_disabled_until": until.isoformat()}
        case "untimeout":
            return "PATCH", member, {"communication_disabled_until": None}


def _role(guild: Guild, text: str) -> Role:
    for role in guild.roles.values():
        if text in (str(role.id), role.name):
            return role
    raise ControlError(f"{guild.name} has no role {text}.", 404)


def _user(world: World, user: User) -> Json:
    guild_ids = [str(guild.id) for guild in world.guilds_of(user.id)]
    return {**render.user(user), "bot": user.bot, "token": user.token, "guild_ids": guild_ids}


def brief(world: World, guild: Guild) -> Json:
    """Return a guild with the ids of its channels and roles by name."""
    channels = [world.channels[channel_id] for channel_id in guild.channel_ids]
    return {
        "id": str(guild.id),
        "name": guild.name,
        "owner_id": str(guild.owner_id),
        "member_count": len(guild.members),
        "channel_ids": {channel.name: str(channel.id) for channel in channels},
        "role_ids": {role.name: str(role.id) for role in guild.roles.values()},
    }


def application_json(world: World, of: Application) -> Json:
    """Return what the developer of an application has to know."""
    return {"id": str(of.id), "token": world.token_of(of), "client_secret": of.secret}
