"""The commands that a person may use somewhere, as a client asks for them before showing them."""

from aiohttp import web

from sandbox.errors import Code, DiscordError
from sandbox.forms import Json
from sandbox.interactions.commands import Command, Commands
from sandbox.interactions.commands import render as render_command
from sandbox.interactions.keys import COMMANDS_KEY
from sandbox.models import Application, Channel, Guild
from sandbox.permissions import Permission
from sandbox.rest.call import Call, reply
from sandbox.world import World, render

routes = web.RouteTableDef()


@routes.get("/guilds/{guild_id}/application-command-index")
async def guild_index(request: web.Request) -> web.Response:
    """Return the commands that the caller may use in a guild."""
    call = Call(request)
    _refuse_bots(call)
    guild = call.guild()
    commands = request.app[COMMANDS_KEY]
    usable = [one for one in in_guild(commands, guild) if may_use(one, call.bits(guild))]
    return reply(_index(call.world, usable))


@routes.get("/channels/{channel_id}/application-command-index")
async def channel_index(request: web.Request) -> web.Response:
    """Return the commands that the caller may use in a channel, direct messages included."""
    call = Call(request)
    _refuse_bots(call)
    channel = call.channel()
    usable = usable_in(call.world, request.app[COMMANDS_KEY], channel, call.bits_in(channel))
    return reply(_index(call.world, usable))


def _refuse_bots(call: Call) -> None:
    if call.is_bot:
        raise DiscordError.of(Code.BOTS_CANNOT)


def usable_in(world: World, commands: Commands, channel: Channel, bits: int) -> list[Command]:
    """Return the commands that somebody with these permissions may use in a channel."""
    if channel.guild_id is None:
        recipients = frozenset(channel.recipients)
        return [one for one in commands.all() if one.in_dms and one.application_id in recipients]
    guild = world.guilds[channel.guild_id]
    return [one for one in in_guild(commands, guild) if may_use(one, bits)]


def in_guild(commands: Commands, guild: Guild) -> list[Command]:
    """Return the commands that exist in a guild, of every application that is a member."""
    return [
        one
        for one in commands.all()
        if one.application_id in guild.members
        and (one.guild_id == guild.id or (one.guild_id is None and _in_guilds(one)))
    ]


def _in_guilds(command: Command) -> bool:
    return command.contexts is None or 0 in command.contexts


def may_use(command: Command, bits: int) -> bool:
    """Say whether permissions suffice for a command of a guild."""
    if bits & Permission.ADMINISTRATOR:
        return True
    if not bits & Permission.USE_APPLICATION_COMMANDS:
        return False
    needed = command.default_member_permissions
    if needed is None:
        return True
    return needed != 0 and bits & needed == needed


def _index(world: World, commands: list[Command]) -> Json:
    ids = dict.fromkeys(one.application_id for one in commands)
    newest = max((one.version for one in commands), default=world.snowflakes.last)
    return {
        "applications": [_application(world, world.applications[one]) for one in ids],
        "application_commands": [_command(one) for one in commands],
        "version": str(newest),
    }


def _application(world: World, application: Application) -> Json:
    return {
        "id": str(application.id),
        "name": application.name,
        "description": application.description,
        "icon": None,
        "flags": application.flags,
        "bot_id": str(application.id),
        "bot": render.user(world.users[application.id]),
    }


def _command(command: Command) -> Json:
    shown = render_command(command, localizations=False)
    return {**shown, "permissions": {}, "global_popularity_rank": None}
