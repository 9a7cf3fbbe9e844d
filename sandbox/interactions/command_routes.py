"""REST: an application's commands, global and of one guild."""

from collections.abc import Callable
from typing import TypeVar, cast

from aiohttp import web

from sandbox import auth, forms
from sandbox.auth import Kind
from sandbox.errors import Code, DiscordError, FormErrors, form_error, unauthorized
from sandbox.forms import Invalid, Json, invalid
from sandbox.interactions.command_forms import read_changes, read_command
from sandbox.interactions.commands import Command, Commands, render
from sandbox.interactions.keys import COMMANDS_KEY
from sandbox.rest.call import Call, nothing, reply

routes = web.RouteTableDef()
T = TypeVar("T")

_GLOBAL = "/applications/{application_id}/commands"
_GUILD = "/applications/{application_id}/guilds/{guild_id}/commands"


class Scope:
    """The application and the guild of the path, and the commands there."""

    def __init__(self, request: web.Request) -> None:
        self.call = Call(request, _authorized(request))
        self.commands: Commands = request.app[COMMANDS_KEY]
        self.application_id = self.call.path_id("application_id")
        if self.application_id != self._caller_application():
            raise DiscordError.of(Code.MISSING_ACCESS)
        self.guild_id = self._guild_id() if "guild_id" in request.match_info else None

    def _caller_application(self) -> int:
        caller = self.call.caller
        return caller.application_id or caller.user.id

    def _guild_id(self) -> int:
        guild_id = self.call.path_id("guild_id")
        guild = self.call.world.guilds.get(guild_id)
        if guild is None or self.application_id not in guild.members:
            raise DiscordError.of(Code.MISSING_ACCESS)
        return guild_id

    def command(self) -> Command:
        """Return the command of the path, or answer 10063."""
        command_id = self.call.path_id("command_id")
        return self.commands.find(self.application_id, self.guild_id, command_id)


def _authorized(request: web.Request) -> auth.Caller:
    caller = auth.any_caller(request)
    allowed = caller.kind is Kind.BOT or "applications.commands.update" in caller.scopes
    if not allowed:
        raise unauthorized()
    return caller


@routes.get(_GLOBAL)
@routes.get(_GUILD)
async def list_commands(request: web.Request) -> web.Response:
    """List the commands of a scope."""
    scope = Scope(request)
    full = scope.call.flag("with_localizations")
    found = scope.commands.of(scope.application_id, scope.guild_id)
    return reply([render(one, localizations=full) for one in found])


@routes.post(_GLOBAL)
@routes.post(_GUILD)
async def create_command(request: web.Request) -> web.Response:
    """Create a command; one of the same name and kind is overwritten."""
    scope = Scope(request)
    body = await scope.call.json()
    given = _checked(lambda: read_command(body))
    command, new = scope.commands.put(scope.application_id, scope.guild_id, given)
    return reply(render(command), status=201 if new else 200)


@routes.put(_GLOBAL)
@routes.put(_GUILD)
async def overwrite_commands(request: web.Request) -> web.Response:
    """Replace all commands of a scope."""
    scope = Scope(request)
    body = await scope.call.json()
    given = _checked(lambda: _read_all(body))
    commands = scope.commands.overwrite(scope.application_id, scope.guild_id, given)
    return reply([render(one) for one in commands])


@routes.get(_GLOBAL + "/{command_id:\\d+}")
@routes.get(_GUILD + "/{command_id:\\d+}")
async def get_command(request: web.Request) -> web.Response:
    """Return a command."""
    return reply(render(Scope(request).command()))


@routes.patch(_GLOBAL + "/{command_id:\\d+}")
@routes.patch(_GUILD + "/{command_id:\\d+}")
async def edit_command(request: web.Request) -> web.Response:
    """Change a command."""
    scope = Scope(request)
    command = scope.command()
    body = await scope.call.json()
    changes = _checked(lambda: read_changes(body, command.type))
    return reply(render(scope.commands.change(command, changes)))


@routes.delete(_GLOBAL + "/{command_id:\\d+}")
@routes.delete(_GUILD + "/{command_id:\\d+}")
async def delete_command(request: web.Request) -> web.Response:
    """Delete a command."""
    scope = Scope(request)
    scope.commands.delete(scope.command())
    return nothing()


@routes.get(_GUILD + "/permissions")
async def list_permissions(request: web.Request) -> web.Response:
    """List the permissions that a guild set for single commands: none."""
    Scope(request)
    return reply([])


@routes.get(_GUILD + "/{command_id:\\d+}/permissions")
async def get_permissions(request: web.Request) -> web.Response:
    """Answer that a guild set no permissions for a command."""
    Scope(request)
    raise DiscordError.of(Code.UNKNOWN_COMMAND_PERMISSIONS)


@routes.put(_GUILD + "/permissions")
@routes.put(_GUILD + "/{command_id:\\d+}/permissions")
async def put_permissions(request: web.Request) -> web.Response:
    """Refuse: only a person may set permissions, in their client."""
    Scope(request)
    raise DiscordError.of(Code.BOTS_CANNOT)


def _checked(read: Callable[[], T]) -> T:
    try:
        return read()
    except Invalid as wrong:
        raise form_error(wrong.errors) from None


def _read_all(body: object) -> list[Json]:
    given = cast("list[Json]", forms.array(read_command)(body))
    errors: FormErrors = {}
    seen: set[tuple[object, object]] = set()
    for index, command in enumerate(given):
        key = (command["name"], command["type"])
        if key in seen:
            errors[str(index)] = {
                "name": invalid(
                    "APPLICATION_COMMANDS_DUPLICATE_NAME",
                    "Application command names must be unique",
                ).errors
            }
        seen.add(key)
    if errors:
        raise Invalid(errors)
    return given
