"""A client that holds every answer of the sandbox against Discord's specification."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from sandbox.app import Serving
from sandbox.interactions import DESK_KEY, Interaction
from sandbox.models import Application, Channel, Guild, User
from sandbox.permissions import Permission
from tests.support.calls import Calls, Json, RestError
from tests.support.openapi import SUCCESS, Operation, Specification

API = "/api/v10"


class Audit(Calls):
    """A guild with its people and a bot; each call is checked, each success is remembered."""

    def __init__(self, serving: Serving, specification: Specification) -> None:
        super().__init__(serving.url)
        self.serving = serving
        self.world = serving.world
        self.problems: list[str] = []
        self.succeeded: set[tuple[str, str]] = set()
        self._specification = specification
        self.world.settings.rate_limits = False
        self.owner = self.world.create_user("owner")
        self.member = self.world.create_user("member")
        self.raider = self.world.create_user("raider")
        self.application: Application = self.world.create_application("Flotilla", owner=self.owner)
        self.guild: Guild = self.world.create_guild("Harbour", self.owner)
        self.channel: Channel = self.world.channels[self.guild.channel_ids[0]]
        self.role = self.world.create_role(self.guild, "sailors", color=0x4FC3D9, hoist=True)
        self.world.add_member(self.guild, self.member, roles=[self.role])
        self.world.add_member(self.guild, self.raider)
        bot = self.world.users[self.application.id]
        self.world.add_member(self.guild, bot, permissions=int(Permission.ADMINISTRATOR))
        own = next(role for role in self.guild.roles.values() if role.bot_id == bot.id)
        own.position, self.role.position = 2, 1

    @property
    def here(self) -> str:
        """The path of the channel."""
        return f"/channels/{self.channel.id}"

    @property
    def there(self) -> str:
        """The path of the guild."""
        return f"/guilds/{self.guild.id}"

    async def bot(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - any JSON
        """Call as the bot."""
        return await self.rest(f"Bot {self.world.token_of(self.application)}", method, path, body)

    async def by(self, user: User, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - any JSON
        """Call as a person."""
        return await self.rest(user.token, method, path, body)

    async def anonymous(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - any JSON
        """Call without a token."""
        return await self.rest("", method, path, body)

    async def refused(
        self, method: str, path: str, body: object = None, *, always: bool = False
    ) -> RestError:
        """Call as the bot, expecting to be refused; `always` where the route does nothing else."""
        try:
            await self.bot(method, path, body)
        except RestError as error:
            operation = self._specification.find(method, path)
            if always and operation is not None:
                self.succeeded.add(operation.shape)
            return error
        raise AssertionError(f"{method} {path} should be refused.")

    async def says(self, content: str = "Ahoy!", **fields: object) -> Json:
        """Post a message as the bot."""
        return await self.bot("POST", f"{self.here}/messages", {"content": content, **fields})

    async def interact(self, kind: int, data: Json, **more: object) -> Interaction:
        """Do something with the application as the member, and return what it is sent."""
        body = {
            "type": kind,
            "application_id": str(self.application.id),
            "guild_id": str(self.guild.id),
            "channel_id": str(self.channel.id),
            "session_id": "0123456789abcdef",
            "nonce": "1",
            "data": data,
            **more,
        }
        await self.by(self.member, "POST", "/interactions", body)
        return self.serving.app[DESK_KEY].all()[-1]

    async def _call(
        self, method: str, url: str, body: object, headers: dict[str, str], query: dict[str, str]
    ) -> Any:  # noqa: ANN401 - any JSON
        try:
            told = await super()._call(method, url, body, headers, query)
        except RestError as error:
            self._check(method, url, error.status, error.body)
            raise
        self._check(method, url, None, told)
        return told

    def _check(self, method: str, url: str, status: int | None, body: object) -> None:
        path = urlsplit(url).path.removeprefix(API)
        operation = self._specification.find(method, path)
        if operation is None:
            return
        status = status or self.last_status
        if status in SUCCESS:
            self.succeeded.add(operation.shape)
        for problem in self._specification.problems(operation, status, body):
            self.problems.append(f"{method} {operation.path} -> {status}: {problem}")

    def served(self) -> set[tuple[str, str]]:
        """Return the operations that the sandbox serves and the specification knows."""
        routes = (
            Operation(route.method, route.resource.canonical.removeprefix(API))
            for route in self.serving.app.router.routes()
            if route.resource and route.resource.canonical.startswith(f"{API}/")
        )
        return {route.shape for route in routes} & self._specification.shapes
