"""People with a Discord client: they write, run commands, press buttons and read the answers."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from tests.support import slash
from tests.support.answers import (
    BUTTON,
    EPHEMERAL,
    Answer,
    InteractionFailed,
    Message,
    Waiting,
    read_message,
    walk,
)
from tests.support.calls import Calls, Json

USER_MENU, MESSAGE_MENU = 2, 3
COMMAND, COMPONENT, AUTOCOMPLETE, MODAL_SUBMIT = 2, 3, 4, 5
SELECTS = range(3, 9)
PATIENCE = 30.0
DEFERRED_PATIENCE = 60.0
ID = re.compile(r"<(?:@[!&]?|#)(\d+)>|(\d{15,20})")


class SandboxLookupError(AssertionError):
    """What was named is not there."""


class Guild(Struct):
    """A guild with the ids of its channels and roles by name."""

    id: int
    name: str
    channels: dict[str, int]
    roles: dict[str, int]

    @property
    def channel_id(self) -> int:
        """The first channel."""
        return next(iter(self.channels.values()))


Place = Message | Guild | int | str
"""Where something happens: a channel's id, a guild (its first channel), a message's channel."""


class Person:
    """Somebody with a Discord client."""

    def __init__(self, sandbox: Calls, user_id: int, name: str, token: str) -> None:
        self.sandbox = sandbox
        self.id = user_id
        self.name = name
        self.token = token
        self._session_id = secrets.token_hex(16)

    def __str__(self) -> str:
        return f"<@{self.id}>"

    def __repr__(self) -> str:
        return f"Person({self.name!r}, {self.id})"

    async def rest(
        self, method: str, path: str, body: object = None, reason: str | None = None
    ) -> Any:  # noqa: ANN401 - any JSON
        """Do by hand what the client does: one call of the REST API in this person's name."""
        return await self.sandbox.rest(self.token, method, path, body, reason)

    async def says(self, place: Place, text: str, *, reply_to: Message | None = None) -> Message:
        """Post a message; mentions are `<@id>`, as an f-string writes them."""
        body: Json = {"content": text, "nonce": _nonce()}
        if reply_to is not None:
            body["message_reference"] = {"message_id": str(reply_to.id)}
        return read_message(
            await self.rest("POST", f"/channels/{channel_of(place)}/messages", body)
        )

    async def sees(self, place: Place) -> list[Message]:
        """Return the messages of a channel, oldest first, with those only this person can see."""
        channel_id = channel_of(place)
        posted = await self.rest("GET", f"/channels/{channel_id}/messages?limit=100")
        shown = {one["id"]: one for one in posted}
        for event in await self._events(0):
            data = event["data"]
            if (
                event["name"] in ("MESSAGE_CREATE", "MESSAGE_UPDATE")
                and data.get("flags", 0) & EPHEMERAL
            ):
                if data["channel_id"] == str(channel_id):
                    shown[data["id"]] = {**shown.get(data["id"], {}), **data}
            elif event["name"] == "MESSAGE_DELETE":
                shown.pop(data["id"], None)
        return [read_message(shown[key]) for key in sorted(shown, key=int)]

    async def bans(self, guild: Guild | int, who: Person, reason: str | None = None) -> None:
        """Ban somebody by hand."""
        await self.rest("PUT", f"/guilds/{guild_of(guild)}/bans/{who.id}", {}, reason)

    async def unbans(self, guild: Guild | int, who: Person, reason: str | None = None) -> None:
        """Lift a ban by hand."""
        await self.rest("DELETE", f"/guilds/{guild_of(guild)}/bans/{who.id}", None, reason)

    # Interactions

    async def commands(self, guild_id: int) -> list[Json]:
        """Return the commands that this person may use in a guild."""
        index = await self.rest("GET", f"/guilds/{guild_id}/application-command-index")
        return index["application_commands"]

    async def runs(self, line: str, place: Place, *, within: float = DEFERRED_PATIENCE) -> Answer:
        """Run a slash command as typed, and return the answer when it is complete.

        Options are positional or `name:value`. Raises InteractionFailed without an answer, and
        SlashError for a line that Discord's client would not send.
        """
        guild_id, commands = await self._commands_at(place)
        leaf, rest = slash.find(commands, line)
        lookups = await self._lookups(guild_id)
        data = _command(leaf.command, slash.wrapped(leaf, slash.values(leaf, rest, lookups)))
        return await self._interact(
            COMMAND, place, guild_id, leaf.command["application_id"], data, within
        )

    async def suggestions(self, line: str, option: str, place: Place) -> list[Json]:
        """Return what is suggested for an option, with the line typed so far."""
        guild_id, commands = await self._commands_at(place)
        leaf, rest = slash.find(commands, line)
        partial = slash.Leaf(
            leaf.words,
            leaf.command,
            leaf.path,
            [{**one, "required": False} for one in leaf.options],
        )
        options = slash.values(partial, rest, await self._lookups(guild_id))
        focused = next((one for one in options if one["name"] == option), None)
        if focused is None:
            kind = next(one["type"] for one in leaf.options if one["name"] == option)
            focused = {"type": kind, "name": option, "value": ""}
            options.append(focused)
        focused["focused"] = True
        data = _command(leaf.command, slash.wrapped(leaf, options))
        nonce, after = await self._send(
            AUTOCOMPLETE, place, guild_id, leaf.command["application_id"], data
        )
        event = await self._wait(
            after,
            PATIENCE,
            lambda one: _is_for(one, nonce, "APPLICATION_COMMAND_AUTOCOMPLETE_RESPONSE"),
        )
        return event["data"]["choices"]

    async def uses(self, menu: str, target: Person | Message, place: Place) -> Answer:
        """Run a command of the context menu of a person or a message."""
        guild_id, commands = await self._commands_at(place)
        kind = USER_MENU if isinstance(target, Person) else MESSAGE_MENU
        found = next((one for one in commands if one["name"] == menu and one["type"] == kind), None)
        if found is None:
            raise SandboxLookupError(f"There is no {menu!r} in that context menu.")
        data = {**_command(found, []), "target_id": str(target.id)}
        return await self._interact(
            COMMAND, place, guild_id, found["application_id"], data, DEFERRED_PATIENCE
        )

    async def clicks(
        self, message: Message, label: str, *, within: float = DEFERRED_PATIENCE
    ) -> Answer:
        """Press a button, by its label or custom id."""
        for one in message.buttons():
            if label in (one.get("label"), one.get("custom_id")):
                data = {"component_type": BUTTON, "custom_id": one["custom_id"]}
                return await self._use_component(message, data, within)
        raise SandboxLookupError(f"There is no button {label!r} in {message.text!r}.")

    async def chooses(self, message: Message, *values: str, menu: str | None = None) -> Answer:
        """Choose in a select menu: the only one, or the one with a custom id."""
        for one in walk(message.components):
            if one["type"] in SELECTS and menu in (None, one["custom_id"]):
                data: Json = {"component_type": one["type"], "custom_id": one["custom_id"]}
                data["values"] = list(values)
                return await self._use_component(message, data, DEFERRED_PATIENCE)
        raise SandboxLookupError("There is no such select menu.")

    async def submits(self, answer: Answer, **values: str) -> Answer:
        """Fill in a modal, by the custom ids of its fields, and send it."""
        modal = answer.modal
        if modal is None:
            raise SandboxLookupError("The answer is no modal.")
        data = {
            "id": modal["id"],
            "custom_id": modal["custom_id"],
            "components": [_filled(one, values) for one in modal["components"]],
        }
        application_id = modal.get("application", {}).get("id") or modal["application_id"]
        place = modal["channel_id"]
        return await self._interact(
            MODAL_SUBMIT,
            place,
            await self._guild_of(place),
            application_id,
            data,
            DEFERRED_PATIENCE,
        )

    async def _use_component(self, message: Message, data: Json, within: float) -> Answer:
        guild_id = await self._guild_of(message)
        application_id = message.raw.get("application_id") or str(message.author_id)
        more = {"message_id": str(message.id), "message_flags": message.raw.get("flags", 0)}
        return await self._interact(
            COMPONENT, message, guild_id, application_id, data, within, more
        )

    async def _interact(
        self,
        kind: int,
        place: Place,
        guild_id: int | None,
        application_id: str,
        data: Json,
        within: float,
        more: Json | None = None,
    ) -> Answer:
        nonce, after = await self._send(kind, place, guild_id, application_id, data, more)
        waiting = Waiting(nonce, (more or {}).get("message_id"))
        await self._wait(after, within, waiting.take)
        return waiting.answer()

    async def _send(
        self,
        kind: int,
        place: Place,
        guild_id: int | None,
        application_id: str,
        data: Json,
        more: Json | None = None,
    ) -> tuple[str, int]:
        nonce = _nonce()
        after = await self._newest()
        body = {
            "type": kind,
            "application_id": application_id,
            "channel_id": str(channel_of(place)),
            "session_id": self._session_id,
            "nonce": nonce,
            "data": data,
            **(more or {}),
        }
        if guild_id is not None:
            body["guild_id"] = str(guild_id)
        await self.rest("POST", "/interactions", body)
        return nonce, after

    async def _commands_at(self, place: Place) -> tuple[int, list[Json]]:
        guild_id = await self._guild_of(place)
        assert guild_id is not None, "commands in direct messages are not driven from here"
        return guild_id, await self.commands(guild_id)

    async def _guild_of(self, place: Place) -> int | None:
        if isinstance(place, Guild):
            return place.id
        channel = await self.rest("GET", f"/channels/{channel_of(place)}")
        return int(channel["guild_id"]) if "guild_id" in channel else None

    async def _lookups(self, guild_id: int) -> dict[int, slash.Lookup]:
        view = await self.sandbox.control("GET", f"/guilds/{guild_id}")
        users = (await self.sandbox.control("GET", "/users"))["users"]
        of_users = {name: int(one["id"]) for one in users for name in _names(one)}
        of_roles = {role["name"]: int(role["id"]) for role in view["roles"]}
        of_channels = {one["name"]: int(one["id"]) for one in view["channels"]}
        return {
            slash.USER: _lookup("user", of_users),
            slash.ROLE: _lookup("role", of_roles),
            slash.CHANNEL: _lookup("channel", of_channels),
            slash.MENTIONABLE: _lookup("user or role", of_roles | of_users),
        }

    # The client's events

    async def _newest(self) -> int:
        return (await self.sandbox.control("GET", f"/users/{self.id}/events"))["newest"]

    async def _events(self, after: int, wait: float = 0) -> list[Json]:
        path = f"/users/{self.id}/events"
        return (await self.sandbox.control("GET", path, None, after=after, wait=wait))["events"]

    async def _wait(self, after: int, within: float, wanted: Callable[[Json], bool]) -> Json:
        limit = time.monotonic() + within
        while (left := limit - time.monotonic()) > 0:
            for event in await self._events(after, wait=left):
                after = event["number"]
                if wanted(event):
                    return event
        raise InteractionFailed("The application did not respond.")


def _is_for(event: Json, nonce: str, name: str) -> bool:
    if str(event["data"].get("nonce")) != nonce:
        return False
    if event["name"] == "INTERACTION_FAILURE":
        raise InteractionFailed("The application did not respond.")
    return event["name"] == name


def _command(command: Json, options: list[Json]) -> Json:
    data = {
        "id": command["id"],
        "name": command["name"],
        "type": command["type"],
        "version": command["version"],
        "options": options,
        "attachments": [],
    }
    return {**data, "guild_id": command["guild_id"]} if command.get("guild_id") else data


def _filled(component: Json, values: dict[str, str]) -> Json:
    if "components" in component:
        return {
            "type": component["type"],
            "components": [_filled(one, values) for one in component["components"]],
        }
    if "component" in component:
        return {"type": component["type"], "component": _filled(component["component"], values)}
    value = values.get(component.get("custom_id", ""), component.get("value", ""))
    return {"type": component["type"], "custom_id": component.get("custom_id"), "value": value}


def _names(user: Json) -> list[str]:
    return [name for name in (user["named"], user["global_name"], user["username"]) if name]


def _lookup(what: str, by_name: dict[str, int]) -> Callable[[str], int]:
    def find(text: str) -> int:
        if found := ID.fullmatch(text):
            return int(found[1] or found[2])
        name = text.lstrip("@#")
        if name not in by_name:
            raise slash.SlashError(f"There is no {what} {text}.")
        return by_name[name]

    return find


def _nonce() -> str:
    return str(secrets.randbits(62))


def guild_of(guild: Guild | int) -> int:
    """Return a guild's id."""
    return guild.id if isinstance(guild, Guild) else guild


def channel_of(place: Place) -> int:
    """Return the id of the channel where something happens."""
    if isinstance(place, Message | Guild):
        return place.channel_id
    return int(place)
