"""A bot made of bare HTTP and websocket calls, in a guild with its people."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import aiohttp

from sandbox.models import Application, Channel, Guild
from sandbox.models import User as WorldUser
from sandbox.world import World
from tests.sandbox.gateway_client import ALL, GatewayClient
from tests.support.sandbox import Person, RestError, Sandbox

Json = dict[str, Any]


class Bot:
    """An application's own side: its gateway, its REST calls, its answers."""

    def __init__(self, sandbox: Sandbox, application: Application, gateway: GatewayClient) -> None:
        self.sandbox = sandbox
        self.application = application
        self.gateway = gateway
        self.id = application.id
        self.token = sandbox.world.token_of(application)
        self._http = aiohttp.ClientSession()

    async def close(self) -> None:
        await self._http.close()

    async def rest(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - any JSON
        return await self.sandbox.rest(f"Bot {self.token}", method, path, body)

    async def register(self, *commands: Json, guild: Guild | None = None) -> list[Json]:
        scope = f"/guilds/{guild.id}" if guild else ""
        path = f"/applications/{self.id}{scope}/commands"
        return await self.rest("PUT", path, list(commands))

    async def interaction(self) -> Json:
        """Wait for the next interaction."""
        return (await self.gateway.until("INTERACTION_CREATE")).d

    async def answer(
        self, interaction: Json, kind: int, data: Json | None = None, *, respond: bool = False
    ) -> Any:  # noqa: ANN401 - any JSON
        """Answer an interaction, without any authorization."""
        path = f"/interactions/{interaction['id']}/{interaction['token']}/callback"
        body = {"type": kind} | ({} if data is None else {"data": data})
        return await self.call("POST", path, body, with_response=str(respond).lower())

    async def follow_up(self, interaction: Json, data: Json) -> Json:
        path = f"/webhooks/{self.id}/{interaction['token']}"
        return await self.call("POST", path, data)

    async def original(self, interaction: Json, method: str, data: Json | None = None) -> Any:  # noqa: ANN401 - any JSON
        path = f"/webhooks/{self.id}/{interaction['token']}/messages/@original"
        return await self.call(method, path, data)

    async def call(self, method: str, path: str, body: object = None, **query: str) -> Any:  # noqa: ANN401 - any JSON
        """Call the API without a token; raises RestError when it refuses."""
        url = f"{self.sandbox.api_url}{path}"
        async with self._http.request(method, url, json=body, params=query) as response:
            told = await response.json() if response.content_type == "application/json" else None
            if response.status >= 400:
                raise RestError(response.status, told or {})
            return told


class Stage:
    """A guild with an owner, a member, and a bot that listens."""

    def __init__(self, sandbox: Sandbox, bot: Bot, guild: Guild, owner: Person) -> None:
        self.sandbox = sandbox
        self.bot = bot
        self.guild = guild
        self.owner = owner
        self.channel: Channel = sandbox.world.channels[guild.channel_ids[0]]

    @property
    def world(self) -> World:
        return self.sandbox.world

    def person(self, name: str) -> Person:
        """Let somebody new join the guild."""
        user = self.world.create_user(name)
        self.world.add_member(self.guild, user)
        return _person(self.sandbox, user)

    async def submit(self, person: Person, body: Json) -> str:
        """Post an interaction as a client does; returns its nonce."""
        asked = {
            "application_id": str(self.bot.id),
            "guild_id": str(self.guild.id),
            "channel_id": str(self.channel.id),
            "session_id": "session",
            "nonce": "1234",
        }
        await self.sandbox.rest(person.token, "POST", "/interactions", asked | body)
        return "1234"

    async def run(self, person: Person, command: Json, options: list[Json] | None = None) -> None:
        """Run a command with these options."""
        data = {"id": command["id"], "name": command["name"], "type": command["type"]}
        await self.submit(person, {"type": 2, "data": data | {"options": options or []}})

    async def told(self, person: Person, name: str) -> Json:
        """Wait until a person's client is told of an event, and return its data."""
        after = 0
        while True:
            events = await self.sandbox.hub.wait_client_events(person.id, after, 5.0)
            assert events, f"{person.name} was not told of {name}"
            for event in events:
                after = event.number
                if event.name == name:
                    return event.data


def _person(sandbox: Sandbox, user: WorldUser) -> Person:
    return Person(sandbox, user.id, user.username, user.token)


@asynccontextmanager
async def stage(sandbox: Sandbox, intents: int = ALL) -> AsyncGenerator[Stage]:
    """Set the stage: a guild, its owner, and a connected bot that is a member."""
    world = sandbox.world
    user = world.create_user("owner")
    guild = world.create_guild("Harbour", user)
    application = world.create_application("Flotilla")
    world.add_member(guild, world.users[application.id], permissions=1 << 3)
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(aiohttp.ClientSession())
        query = {"v": "10", "encoding": "json"}
        ws = await stack.enter_async_context(http.ws_connect(sandbox.gateway_url, params=query))
        gateway = GatewayClient(ws)
        bot = Bot(sandbox, application, gateway)
        stack.push_async_callback(bot.close)
        await gateway.identify(bot.token, intents)
        await gateway.until("GUILD_CREATE")
        yield Stage(sandbox, bot, guild, _person(sandbox, user))
