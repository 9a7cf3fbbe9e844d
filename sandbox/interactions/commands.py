"""The application commands: kept with the world, overwritten and shown as Discord does."""

from collections.abc import Iterable, Mapping
from typing import cast

import msgspec
from msgspec import Struct, field

from sandbox.errors import Code, DiscordError
from sandbox.forms import Json
from sandbox.interactions.kinds import CommandType
from sandbox.world import World

MAX_BY_TYPE: Mapping[int, int] = {
    CommandType.CHAT_INPUT: 100,
    CommandType.USER: 15,
    CommandType.MESSAGE: 15,
}
_DOCUMENT = "application_commands"


class Command(Struct, kw_only=True):
    """A command of an application, of one guild or of all."""

    id: int
    application_id: int
    version: int
    guild_id: int | None = None
    type: int = CommandType.CHAT_INPUT
    name: str
    description: str = ""
    name_localizations: dict[str, str] | None = None
    description_localizations: dict[str, str] | None = None
    options: list[Json] = field(default_factory=list[Json])
    default_member_permissions: int | None = None
    contexts: list[int] | None = None
    integration_types: list[int] = field(default_factory=lambda: [0])
    nsfw: bool = False

    @property
    def in_dms(self) -> bool:
        """Whether it may be used in direct messages with the bot."""
        return self.guild_id is None and (self.contexts is None or 1 in self.contexts)


class Commands:
    """All commands; every change is written through to the world's documents."""

    def __init__(self, world: World) -> None:
        self._world = world
        saved = world.documents.get(_DOCUMENT, {}).get("commands", [])
        self._by_id = {one.id: one for one in msgspec.convert(saved, list[Command])}

    def of(self, application_id: int, guild_id: int | None) -> list[Command]:
        """Return the commands of an application in one scope: a guild's own, or the global ones."""
        return [
            one
            for one in self._by_id.values()
            if (one.application_id, one.guild_id) == (application_id, guild_id)
        ]

    def all(self) -> Iterable[Command]:
        """Return the commands of every application."""
        return self._by_id.values()

    def get(self, command_id: int) -> Command | None:
        """Return a command by its id."""
        return self._by_id.get(command_id)

    def find(self, application_id: int, guild_id: int | None, command_id: int) -> Command:
        """Return a command of a scope, or answer 10063."""
        found = self._by_id.get(command_id)
        if found is None or (found.application_id, found.guild_id) != (application_id, guild_id):
            raise DiscordError.of(Code.UNKNOWN_COMMAND)
        return found

    def put(self, application_id: int, guild_id: int | None, given: Json) -> tuple[Command, bool]:
        """Create a command, or overwrite the one of its name; tells whether it is new."""
        same = self._named(application_id, guild_id, given)
        command = self._build(application_id, guild_id, given, same)
        if same is None:
            self._check_room(command)
        self._keep([command])
        return command, same is None

    def overwrite(
        self, application_id: int, guild_id: int | None, given: list[Json]
    ) -> list[Command]:
        """Replace all commands of a scope; those that keep their name keep their id."""
        former = self.of(application_id, guild_id)
        chosen = [
            self._build(application_id, guild_id, one, self._named(application_id, guild_id, one))
            for one in given
        ]
        _check_count(chosen)
        for gone in former:
            del self._by_id[gone.id]
        self._keep(chosen)
        return chosen

    def change(self, command: Command, changes: Json) -> Command:
        """Edit a command."""
        shown = cast("Json", msgspec.to_builtins(command)) | {
            name: value for name, value in changes.items() if name in command.__struct_fields__
        }
        changed = self._build(command.application_id, command.guild_id, shown, command)
        self._keep([changed])
        return changed

    def delete(self, command: Command) -> None:
        """Delete a command."""
        del self._by_id[command.id]
        self._save()

    def _named(self, application_id: int, guild_id: int | None, given: Json) -> Command | None:
        wanted = (given["name"], given["type"])
        scope = self.of(application_id, guild_id)
        return next((one for one in scope if (one.name, one.type) == wanted), None)

    def _build(
        self, application_id: int, guild_id: int | None, given: Json, same: Command | None
    ) -> Command:
        new_id = same.id if same else self._world.snowflakes.next()
        values = {name: value for name, value in _plain(given).items() if value is not None}
        values |= {"id": new_id, "application_id": application_id, "guild_id": guild_id}
        values["version"] = same.version if same else new_id
        command = msgspec.convert(values, Command)
        if command != same and same is not None:
            command.version = self._world.snowflakes.next()
        return command

    def _check_room(self, command: Command) -> None:
        _check_count([*self.of(command.application_id, command.guild_id), command])

    def _keep(self, commands: list[Command]) -> None:
        self._by_id.update({one.id: one for one in commands})
        self._save()

    def _save(self) -> None:
        kept = [msgspec.to_builtins(one) for one in self._by_id.values()]
        self._world.documents[_DOCUMENT] = {"commands": kept}


def _check_count(commands: list[Command]) -> None:
    for kind, most in MAX_BY_TYPE.items():
        if sum(1 for one in commands if one.type == kind) > most:
            raise DiscordError.of(Code.TOO_MANY_COMMANDS)


def _plain(given: Json) -> Json:
    values = dict(given)
    allowed_in_dms = values.pop("dm_permission", None)
    if allowed_in_dms is False and values.get("contexts") is None:
        values["contexts"] = [0]
    return values


def render(command: Command, *, localizations: bool = True) -> Json:
    """Return a command as the API shows it."""
    shown: Json = {
        "id": str(command.id),
        "application_id": str(command.application_id),
        "version": str(command.version),
        "default_member_permissions": _text(command.default_member_permissions),
        "type": command.type,
        "name": command.name,
        "description": command.description,
        "contexts": command.contexts,
        "integration_types": command.integration_types,
        "nsfw": command.nsfw,
    }
    if localizations:
        shown["name_localizations"] = command.name_localizations
        shown["description_localizations"] = command.description_localizations
    if command.options:
        options = command.options
        shown["options"] = options if localizations else [_unlocalized(one) for one in options]
    if command.guild_id is None:
        shown["dm_permission"] = command.in_dms
    else:
        shown["guild_id"] = str(command.guild_id)
    return shown


def _text(permissions: int | None) -> str | None:
    return None if permissions is None else str(permissions)


def _unlocalized(option: Json) -> Json:
    shown = {name: value for name, value in option.items() if "localizations" not in name}
    for inside in ("options", "choices"):
        if inside in shown:
            shown[inside] = [_unlocalized(one) for one in cast("list[Json]", shown[inside])]
    return shown
