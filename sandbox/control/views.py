"""What one person sees: guilds with the channels open to them, and what their client is told."""

from collections.abc import Iterable

from aiohttp import web

from sandbox.control.keys import HUB_KEY
from sandbox.control.people import brief
from sandbox.control.reading import answer, guild_of, number, user_of, world_of
from sandbox.models import Channel, Guild, Json
from sandbox.permissions import ALL, Permission
from sandbox.world import World, render
from sandbox.world.visibility import bits_in

routes = web.RouteTableDef()

MOST_PEOPLE = 1000
LONGEST_WAIT = 60.0


@routes.get("/sandbox/users/{user_id}/view")
async def view(request: web.Request) -> web.Response:
    """Return the guilds of a user with all that a client shows beside the messages."""
    world, user = world_of(request), user_of(request)
    guilds = [_guild(world, guild, user.id) for guild in world.guilds_of(user.id)]
    shown = {"user": render.user(user), "guilds": guilds, "direct": _direct(world, user.id)}
    return answer(shown)


@routes.get("/sandbox/guilds/{guild_id}")
async def guild(request: web.Request) -> web.Response:
    """Return a guild with all that is in it: channels, roles, members, the banned, voice."""
    world, found = world_of(request), guild_of(request)
    return answer({**brief(world, found), **_guild(world, found, None)})


@routes.get("/sandbox/users/{user_id}/events")
async def events(request: web.Request) -> web.Response:
    """Return what a user's client was told after a number; `wait` seconds for the first.

    Without `after`, nothing is returned but `newest`, to ask from there on.
    """
    user, hub = user_of(request), request.app[HUB_KEY]
    newest = hub.newest_client_event
    after = int(number(request, "after", newest))
    found = hub.client_events(user.id, after)
    if not found and (wait := min(number(request, "wait"), LONGEST_WAIT)):
        found = await hub.wait_client_events(user.id, after, wait)
    told = [{"number": one.number, "name": one.name, "data": one.data} for one in found]
    return answer({"events": told, "newest": found[-1].number if found else max(after, newest)})


def _guild(world: World, guild: Guild, user_id: int | None) -> Json:
    channels = _visible(world, guild.channel_ids, user_id)
    threads = _visible(world, guild.thread_ids, user_id)
    members = list(guild.members.values())[:MOST_PEOPLE]
    return {
        "id": str(guild.id),
        "name": guild.name,
        "owner_id": str(guild.owner_id),
        "system_channel_id": str(guild.system_channel_id or 0),
        "roles": [render.role(role) for role in guild.roles.values()],
        "channels": channels,
        "threads": threads,
        "members": [render.member_with_user(world, member) for member in members],
        "banned": [render.ban(world, ban) for ban in guild.bans.values()],
        "absent": [render.user(world.users[one]) for one in _absent(world, guild)],
        "voice_states": [render.voice_state(world, one) for one in guild.voice_states.values()],
    }


def _visible(world: World, channel_ids: Iterable[int], user_id: int | None) -> list[Json]:
    channels = [world.channels[one] for one in channel_ids]
    bits = [ALL if user_id is None else bits_in(world, one, user_id) for one in channels]
    found = zip(channels, bits, strict=True)
    return [_channel(world, one, may) for one, may in found if may & Permission.VIEW_CHANNEL]


def _channel(world: World, channel: Channel, bits: int) -> Json:
    return {**render.channel(world, channel), "permissions": str(int(bits))}


def _direct(world: World, user_id: int) -> list[Json]:
    """Return the direct messages that somebody has had, those of the newest message first."""
    channels = [world.channels[one] for pair, one in world.dms.items() if user_id in pair]
    begun = [one for one in channels if one.last_message_id]
    newest_first = sorted(begun, key=lambda one: -(one.last_message_id or 0))
    return [_direct_channel(world, one, user_id) for one in newest_first]


def _direct_channel(world: World, channel: Channel, user_id: int) -> Json:
    shown = render.channel(world, channel, for_user=user_id)
    return {**shown, "permissions": str(bits_in(world, channel, user_id))}


def _absent(world: World, guild: Guild) -> list[int]:
    here = guild.members.keys() | guild.bans.keys()
    gone = [user.id for user in world.users.values() if not user.bot and user.id not in here]
    return gone[:MOST_PEOPLE]
