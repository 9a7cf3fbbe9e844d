"""A Discord for tests: people who write, run commands and press buttons, over HTTP only.

`SandboxClient` drives any running sandbox; `Sandbox` starts one inside the test, with its world at
hand. The fixture `sandbox` gives an empty one.
"""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import aiohttp
import pytest
from msgspec import Struct, field

from sandbox.app import Serving, serve
from sandbox.world import World
from tests.support import slash
from tests.support.slash import Json

EPHEMERAL, LOADING = 1 << 6, 1 << 7
SLASH, USER_MENU, MESSAGE_MENU = 1, 2, 3
COMMAND, COMPONENT, AUTOCOMPLETE, MODAL_SUBMIT = 2, 3, 4, 5
BUTTON = 2
PATIENCE = 5.0
DEFERRED_PATIENCE = 20.0
BOT_PERMISSIONS = 1099780130838  # kick, ban, time out, roles, messages, audit log and what these need
ID = re.compile(r"<(?:@[!&]?|#)(\d+)>|(\d{15,20})")


class RestError(AssertionError):
    """Discord refused: its status, code and words."""

    def __init__(self, status: int, body: Json) -> None:
        super().__init__(f"{status}: {json.dumps(body)}")
        self.status = status
        self.code = body.get("code", 0)
        self.body = body


class InteractionFailed(AssertionError):  # noqa: N818 - what the client shows, in its words
    """The application did not answer in time, or not at all."""


class Message(Struct):
    """A message as somebody sees it; `raw` is Discord's JSON."""

    id: int
    channel_id: int
    author_id: int
    content: str
    raw: Json
    embeds: list[Json] = field(default_factory=list[Json])
    components: list[Json] = field(default_factory=list[Json])

    @property
    def ephemeral(self) -> bool:
        """Whether only one person sees it."""
        return bool(self.raw.get("flags", 0) & EPHEMERAL)

    @property
    def thinking(self) -> bool:
        """Whether it only says that the answer is on its way."""
        return bool(self.raw.get("flags", 0) & LOADING)

    @property
    def text(self) -> str:
        """All that can be read in it: content, embeds and text components."""
        return "\n".join([self.content, *_embed_texts(self.embeds), *_component_texts(self.components)])

    def buttons(self) -> list[Json]:
        """Return its buttons."""
        return [one for one in _walk(self.components) if one["type"] == BUTTON]


class Answer(Message, kw_only=True):
    """What came back to an interaction: a message, or a modal to fill in."""

    modal: Json | None = None


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


class Bot(Struct):
    """An application with its bot."""

    id: int
    token: str
    client_secret: str


Place = Message | Guild | int | str
"""Where something happens: a channel's id, a guild (its first channel), a message's channel."""


class SandboxClient:
    """A running sandbox, driven over HTTP."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._http = aiohttp.ClientSession()

    async def __aenter__(self) -> SandboxClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Hang up."""
        await self._http.close()

    @property
    def api_url(self) -> str:
        """Where REST is, as a bot is told it."""
        return f"{self.url}/api/v10"

    @property
    def gateway_url(self) -> str:
        """Where the websocket is."""
        return f"{self.url.replace('http', 'ws', 1)}/gateway"

    # Calls

    async def control(self, method: str, path: str, body: object = None, **query: object) -> Any:  # noqa: ANN401 - any JSON
        """Call the control API; raises RestError when it refuses."""
        asked = {name: str(value) for name, value in query.items() if value is not None}
        return await self._call(method, f"{self.url}/sandbox{path}", body, {}, asked)

    async def rest(
        self, token: str, method: str, path: str, body: object = None, reason: str | None = None
    ) -> Any:  # noqa: ANN401 - any JSON
        """Call the REST API as whom a token is; raises RestError when it refuses."""
        headers = {"Authorization": token}
        if reason is not None:
            headers["X-Audit-Log-Reason"] = reason
        return await self._call(method, f"{self.api_url}{path}", body, headers, {})

    async def _call(
        self, method: str, url: str, body: object, headers: dict[str, str], query: dict[str, str]
    ) -> Any:  # noqa: ANN401 - any JSON
        async with self._http.request(method, url, json=body, headers=headers, params=query) as response:
            text = await response.text()
            told = json.loads(text) if text and response.content_type == "application/json" else None
            if response.status >= 400:  # noqa: PLR2004 - HTTP's errors
                raise RestError(response.status, told or {"message": text})
            return told

    # People, guilds, bots

    async def create_user(self, name: str, global_name: str | None = None) -> Person:
        """Register somebody."""
        made = await self.control("POST", "/users", {"username": name, "global_name": global_name})
        return Person(self, int(made["id"]), name, made["token"])

    async def person(self, name: str | int) -> Person:
        """Return somebody who exists, by id, username or name in the seed."""
        for one in (await self.control("GET", "/users"))["users"]:
            if str(name) in (one["id"], one["username"], one["named"]):
                return Person(self, int(one["id"]), one["username"], one["token"])
        raise SandboxLookupError(f"There is nobody called {name}.")

    async def found(self, name: str, owner: Person, channels: Sequence[str] = ("general",)) -> Guild:
        """Found a guild."""
        body = {"name": name, "owner": str(owner.id), "channels": list(channels)}
        return _guild(await self.control("POST", "/guilds", body))

    async def guild(self, guild: Guild | int | str) -> Guild:
        """Return a guild as it is now, by id or name."""
        wanted = str(guild.id if isinstance(guild, Guild) else guild)
        for one in (await self.control("GET", "/guilds"))["guilds"]:
            if wanted in (one["id"], one["name"]):
                return _guild(one)
        raise SandboxLookupError(f"There is no guild {wanted}.")

    async def join(
        self, guild: Guild | int, who: Person | str, roles: Iterable[str | int] = ()
    ) -> Person:
        """Let somebody join a guild, registering them first when only a name is given."""
        person = await self.create_user(who) if isinstance(who, str) else who
        body = {"user_id": str(person.id), "roles": [str(role) for role in roles]}
        await self.control("POST", f"/guilds/{_id(guild)}/members", body)
        return person

    async def leave(self, guild: Guild | int, person: Person) -> None:
        """Let somebody leave a guild."""
        await self.control("DELETE", f"/guilds/{_id(guild)}/members/{person.id}")

    async def create_bot(self, name: str = "Flotilla", **options: object) -> Bot:
        """Register an application; options as POST /sandbox/applications takes them."""
        made = await self.control("POST", "/applications", {"name": name, **options})
        return Bot(int(made["id"]), made["token"], made["client_secret"])

    async def invite(
        self, guild: Guild | int, bot: Bot, permissions: int = BOT_PERMISSIONS
    ) -> None:
        """Let a bot into a guild, with a role of its own that has these permissions."""
        body = {"user_id": str(bot.id), "permissions": permissions}
        await self.control("POST", f"/guilds/{_id(guild)}/members", body)

    async def seed(self) -> Json:
        """Return what the demo's seed made."""
        return await self.control("GET", "/seed")

    # What is so

    async def banned(self, guild: Guild | int, who: Person | int) -> bool:
        """Say whether somebody is banned."""
        return _user_id(who) in {int(ban["user"]["id"]) for ban in await self._part(guild, "banned")}

    async def is_member(self, guild: Guild | int, who: Person | int) -> bool:
        """Say whether somebody is a member."""
        return _user_id(who) in {int(one["user"]["id"]) for one in await self._part(guild, "members")}

    async def member(self, guild: Guild | int, who: Person | int) -> Json:
        """Return a membership as Discord renders it."""
        for one in await self._part(guild, "members"):
            if int(one["user"]["id"]) == _user_id(who):
                return one
        raise SandboxLookupError(f"{who} is no member.")

    async def _part(self, guild: Guild | int, name: str) -> list[Json]:
        found = await self.control("GET", f"/guilds/{_id(guild)}")
        return found[name]

    # What happens

    async def traffic(
        self, guild: Guild | int, messages: int, *, rate: float = 0, channel: Place | None = None
    ) -> list[int]:
        """Let members post messages, and return the ids when all are posted."""
        body = {"messages": messages, "rate": rate, "channel_id": str(_channel(channel)) if channel else None}
        posted = await self.control("POST", f"/guilds/{_id(guild)}/traffic", body)
        return [int(one) for one in posted["ids"]]

    async def fault(self, **fault: object) -> Json:
        """Set a fault; see POST /sandbox/faults."""
        return await self.control("POST", "/faults", fault)

    async def heal(self) -> None:
        """Take all faults away."""
        await self.control("DELETE", "/faults")

    async def requests(self, **filters: object) -> list[Json]:
        """Return requests that were received; filters as GET /sandbox/requests takes them."""
        return (await self.control("GET", "/requests", None, **{"limit": 1000, **filters}))["requests"]

    async def gateway(self) -> Json:
        """Return sessions, identifies, resumes and ended connections."""
        return await self.control("GET", "/gateway")

    async def advance(self, seconds: float) -> None:
        """Let time pass in the sandbox."""
        await self.control("POST", "/clock", {"advance": seconds})


class SandboxLookupError(AssertionError):
    """What was named is not there."""


class Person:
    """Somebody with a Discord client."""

    def __init__(self, sandbox: SandboxClient, user_id: int, name: str, token: str) -> None:
        self.sandbox = sandbox
        self.id = user_id
        self.name = name
        self.token = token
        self._session_id = secrets.token_hex(16)

    def __str__(self) -> str:
        return f"<@{self.id}>"

    def __repr__(self) -> str:
        return f"Person({self.name!r}, {self.id})"

    async def rest(self, method: str, path: str, body: object = None, reason: str | None = None) -> Any:  # noqa: ANN401 - any JSON
        """Do by hand what the client does: one call of the REST API in this person's name."""
        return await self.sandbox.rest(self.token, method, path, body, reason)

    async def says(self, place: Place, text: str, *, reply_to: Message | None = None) -> Message:
        """Post a message; mentions are `<@id>`, as an f-string writes them."""
        body: Json = {"content": text, "nonce": _nonce()}
        if reply_to is not None:
            body["message_reference"] = {"message_id": str(reply_to.id)}
        return _message(await self.rest("POST", f"/channels/{_channel(place)}/messages", body))

    async def sees(self, place: Place) -> list[Message]:
        """Return the messages of a channel, oldest first, with those only this person can see."""
        channel_id = _channel(place)
        posted = await self.rest("GET", f"/channels/{channel_id}/messages?limit=100")
        shown = {one["id"]: one for one in posted}
        for event in await self._events(0):
            data = event["data"]
            if event["name"] in ("MESSAGE_CREATE", "MESSAGE_UPDATE") and data.get("flags", 0) & EPHEMERAL:
                if data["channel_id"] == str(channel_id):
                    shown[data["id"]] = {**shown.get(data["id"], {}), **data}
            elif event["name"] == "MESSAGE_DELETE":
                shown.pop(data["id"], None)
        return [_message(shown[key]) for key in sorted(shown, key=int)]

    async def bans(self, guild: Guild | int, who: Person, reason: str | None = None) -> None:
        """Ban somebody by hand."""
        await self.rest("PUT", f"/guilds/{_id(guild)}/bans/{who.id}", {}, reason)

    async def unbans(self, guild: Guild | int, who: Person, reason: str | None = None) -> None:
        """Lift a ban by hand."""
        await self.rest("DELETE", f"/guilds/{_id(guild)}/bans/{who.id}", None, reason)

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
        return await self._interact(COMMAND, place, guild_id, leaf.command["application_id"], data, within)

    async def suggestions(self, line: str, option: str, place: Place) -> list[Json]:
        """Return what is suggested for an option, with the line typed so far."""
        guild_id, commands = await self._commands_at(place)
        leaf, rest = slash.find(commands, line)
        partial = slash.Leaf(leaf.words, leaf.command, leaf.path, [{**one, "required": False} for one in leaf.options])
        options = slash.values(partial, rest, await self._lookups(guild_id))
        focused = next((one for one in options if one["name"] == option), None)
        if focused is None:
            focused = {"type": slash.STRING, "name": option, "value": ""}
            options.append(focused)
        focused["focused"] = True
        data = _command(leaf.command, slash.wrapped(leaf, options))
        nonce, after = await self._send(AUTOCOMPLETE, place, guild_id, leaf.command["application_id"], data)
        event = await self._wait(after, PATIENCE, lambda one: _is_for(one, nonce, "APPLICATION_COMMAND_AUTOCOMPLETE_RESPONSE"))
        return event["data"]["choices"]

    async def uses(self, menu: str, target: Person | Message, place: Place) -> Answer:
        """Run a command of the context menu of a person or a message."""
        guild_id, commands = await self._commands_at(place)
        kind = USER_MENU if isinstance(target, Person) else MESSAGE_MENU
        found = next((one for one in commands if one["name"] == menu and one["type"] == kind), None)
        if found is None:
            raise SandboxLookupError(f"There is no {menu!r} in that context menu.")
        data = {**_command(found, []), "target_id": str(target.id)}
        return await self._interact(COMMAND, place, guild_id, found["application_id"], data, DEFERRED_PATIENCE)

    async def clicks(self, message: Message, label: str, *, within: float = DEFERRED_PATIENCE) -> Answer:
        """Press a button, by its label or custom id."""
        for one in message.buttons():
            if label in (one.get("label"), one.get("custom_id")):
                data = {"component_type": BUTTON, "custom_id": one["custom_id"]}
                return await self._use_component(message, data, within)
        raise SandboxLookupError(f"There is no button {label!r} in {message.text!r}.")

    async def chooses(self, message: Message, *values: str, menu: str | None = None) -> Answer:
        """Choose in a select menu: the only one, or the one with a custom id."""
        for one in _walk(message.components):
            if "placeholder" in one or one["type"] in range(3, 9):
                if menu in (None, one["custom_id"]):
                    data = {"component_type": one["type"], "custom_id": one["custom_id"], "values": list(values)}
                    return await self._use_component(message, data, DEFERRED_PATIENCE)
        raise SandboxLookupError("There is no such select menu.")

    async def submits(self, answer: Answer, **values: str) -> Answer:
        """Fill in a modal, by the custom ids of its fields, and send it."""
        modal = answer.modal
        if modal is None:
            raise SandboxLookupError("The answer is no modal.")
        data = {"id": modal["id"], "custom_id": modal["custom_id"], "components": [_filled(one, values) for one in modal["components"]]}
        application_id = modal.get("application", {}).get("id") or modal["application_id"]
        place = modal["channel_id"]
        return await self._interact(MODAL_SUBMIT, place, await self._guild_of(place), application_id, data, DEFERRED_PATIENCE)

    async def _use_component(self, message: Message, data: Json, within: float) -> Answer:
        guild_id = await self._guild_of(message)
        application_id = message.raw.get("application_id") or str(message.author_id)
        more = {"message_id": str(message.id), "message_flags": message.raw.get("flags", 0)}
        return await self._interact(COMPONENT, message, guild_id, application_id, data, within, more)

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
        waiting = _Waiting(nonce, (more or {}).get("message_id"))
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
            "channel_id": str(_channel(place)),
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
        channel = await self.rest("GET", f"/channels/{_channel(place)}")
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


class _Waiting:
    """Puts an answer together from the events that follow an interaction."""

    def __init__(self, nonce: str, message_id: str | None) -> None:
        self._nonce = nonce
        self._interaction_id: str | None = None
        self._changed_id = message_id
        self._answer: Json | None = None
        self._modal: Json | None = None
        self._accepted = False

    def take(self, event: Json) -> bool:
        """Take an event; say whether the answer is complete."""
        name, data = event["name"], event["data"]
        if str(data.get("nonce")) == self._nonce and name.startswith("INTERACTION_"):
            self._take_own(name, data)
        elif name == "MESSAGE_CREATE" and _metadata_id(data) == self._interaction_id:
            self._answer = data
        elif name == "MESSAGE_UPDATE" and data["id"] in self._ids():
            self._answer = {**(self._answer or {}), **data}
        loading = self._answer is not None and self._answer.get("flags", 0) & LOADING
        return self._modal is not None or (self._answer is not None and not loading)

    def answer(self) -> Answer:
        """Return the complete answer."""
        if self._modal is not None:
            channel_id = int(self._modal.get("channel_id") or 0)
            return Answer(0, channel_id, 0, self._modal["title"], self._modal, modal=self._modal)
        assert self._answer is not None
        shown = _message(self._answer)
        return Answer(shown.id, shown.channel_id, shown.author_id, shown.content, shown.raw, shown.embeds, shown.components)

    def _ids(self) -> set[str]:
        known = {self._answer["id"]} if self._answer else set[str]()
        return known | ({self._changed_id} if self._changed_id else set[str]())

    def _take_own(self, name: str, data: Json) -> None:
        self._interaction_id = data["id"] if name == "INTERACTION_CREATE" else self._interaction_id
        if name == "INTERACTION_FAILURE":
            raise InteractionFailed("The application did not respond.")
        if name == "INTERACTION_MODAL_CREATE":
            self._modal = data


def _metadata_id(data: Json) -> str:
    return (data.get("interaction_metadata") or {}).get("id", "")


def _is_for(event: Json, nonce: str, name: str) -> bool:
    if str(event["data"].get("nonce")) != nonce:
        return False
    if event["name"] == "INTERACTION_FAILURE":
        raise InteractionFailed("The application did not respond.")
    return event["name"] == name


def _command(command: Json, options: list[Json]) -> Json:
    data = {"id": command["id"], "name": command["name"], "type": command["type"], "version": command["version"], "options": options, "attachments": []}
    return {**data, "guild_id": command["guild_id"]} if command.get("guild_id") else data


def _filled(component: Json, values: dict[str, str]) -> Json:
    if "components" in component:
        return {"type": component["type"], "components": [_filled(one, values) for one in component["components"]]}
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


def _message(raw: Json) -> Message:
    return Message(int(raw["id"]), int(raw["channel_id"]), int(raw["author"]["id"]), raw.get("content", ""), raw, raw.get("embeds", []), raw.get("components", []))


def _guild(raw: Json) -> Guild:
    channels = {name: int(one) for name, one in raw["channel_ids"].items()}
    return Guild(int(raw["id"]), raw["name"], channels, {name: int(one) for name, one in raw["role_ids"].items()})


def _walk(components: list[Json]) -> list[Json]:
    below = [one for component in components for one in _walk(component.get("components", []))]
    accessories = [component["accessory"] for component in components if "accessory" in component]
    return [*components, *below, *accessories]


def _component_texts(components: list[Json]) -> list[str]:
    return [one["content"] for one in _walk(components) if "content" in one]


def _embed_texts(embeds: list[Json]) -> list[str]:
    texts: list[str] = []
    for embed in embeds:
        texts += [str(embed.get("title", "")), str(embed.get("description", ""))]
        texts += [f"{one['name']}: {one['value']}" for one in embed.get("fields", [])]
        texts.append(str((embed.get("footer") or {}).get("text", "")))
    return [text for text in texts if text]


def _nonce() -> str:
    return str(secrets.randbits(62))


def _id(guild: Guild | int) -> int:
    return guild.id if isinstance(guild, Guild) else guild


def _user_id(who: Person | int) -> int:
    return who.id if isinstance(who, Person) else who


def _channel(place: Place) -> int:
    if isinstance(place, Message | Guild):
        return place.channel_id
    return int(place)


class Sandbox(SandboxClient):
    """A sandbox inside the test, with its world at hand."""

    def __init__(self, serving: Serving) -> None:
        super().__init__(serving.url)
        self.serving = serving
        self.world = serving.world
        self.hub = serving.hub


@asynccontextmanager
async def running(world: World | None = None) -> AsyncIterator[Sandbox]:
    """Run a sandbox on a free port."""
    async with AsyncExitStack() as stack:
        serving = await stack.enter_async_context(serve(world or World()))
        sandbox = Sandbox(serving)
        stack.push_async_callback(sandbox.close)
        yield sandbox


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """Give an empty sandbox."""
    async with running() as started:
        yield started


