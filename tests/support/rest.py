"""A small guild and an HTTP client that speaks REST as any of its members."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any

import aiohttp
from aiohttp import web
from msgspec import Struct
from multidict import CIMultiDictProxy

from sandbox import errors, ratelimits
from sandbox.models import Channel, Guild, Member, Role, User
from sandbox.permissions import DEFAULT, Permission
from sandbox.rest import ALL_ROUTES
from sandbox.world import WORLD_KEY, Event, World

API = "/api/v10"


class Answer(Struct):
    """What came back."""

    status: int
    body: Any  # any JSON
    headers: CIMultiDictProxy[str]

    @property
    def code(self) -> int:
        """Return Discord's error code."""
        return self.body["code"]

    def error_at(self, path: str) -> str:
        """Return the code of the first mistake at a dotted place of a form."""
        node: Any = self.body["errors"]
        for part in path.split("."):
            node = node[part]
        return node["_errors"][0]["code"]


class Scene:
    """A guild with an owner, a moderator, a member, a raider and a bot; rate limits are off."""

    def __init__(self, http: aiohttp.ClientSession, world: World) -> None:
        self.http = http
        self.world = world
        self.events: list[Event] = []
        world.settings.rate_limits = False
        self.owner = world.create_user("owner")
        self.application = world.create_application("Flotilla", owner=self.owner)
        self.bot = world.users[self.application.id]
        self.guild = world.create_guild("Harbour", self.owner)
        self.channel = world.channels[self.guild.channel_ids[0]]
        self.member = self.joins("member")
        self.raider = self.joins("raider")
        self.low = world.create_role(self.guild, "low")
        self.moderators = world.create_role(
            self.guild,
            "moderators",
            permissions=int(
                Permission.BAN_MEMBERS
                | Permission.KICK_MEMBERS
                | Permission.MODERATE_MEMBERS
                | Permission.MANAGE_MESSAGES
                | Permission.MANAGE_NICKNAMES
                | Permission.MANAGE_ROLES
                | Permission.VIEW_AUDIT_LOG
            ),
        )
        self.moderator = self.joins("moderator", self.moderators)
        world.add_member(self.guild, self.bot, permissions=int(Permission.ADMINISTRATOR))
        self.place(self.low, self.moderators, self.bot_role)
        world.subscribe(self.events.append)

    @property
    def bot_role(self) -> Role:
        """Return the role that the bot brought along."""
        return next(one for one in self.guild.roles.values() if one.bot_id == self.bot.id)

    def place(self, *lowest_first: Role) -> None:
        """Put roles in an order."""
        for position, role in enumerate(lowest_first, start=1):
            role.position = position

    def joins(self, name: str, *roles: Role) -> User:
        """Let somebody new join the guild."""
        user = self.world.create_user(name)
        self.world.add_member(self.guild, user, roles=roles)
        return user

    def member_of(self, user: User) -> Member:
        """Return somebody's membership."""
        return self.guild.members[user.id]

    def limit_bot_to(self, *allowed: Permission) -> None:
        """Take all permissions from the bot but those of a member and these."""
        self.bot_role.permissions = DEFAULT
        for permission in allowed:
            self.bot_role.permissions |= permission

    def another_guild(self) -> Guild:
        """Return a guild that nobody of the scene but the owner is in."""
        return self.world.create_guild("Elsewhere", self.owner)

    def text_channel(self, name: str = "second") -> Channel:
        """Open another text channel."""
        return self.world.create_channel(self.guild, name)

    def pass_time(self, **length: float) -> None:
        """Let time pass in the sandbox."""
        self.world.clock.advance(timedelta(**length))

    # Calls

    async def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        by: User | None = None,
        reason: str | None = None,
        form: aiohttp.FormData | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Call a route as somebody, the bot if nobody is named."""
        sent = {"Authorization": token_of(by or self.bot), **(headers or {})}
        if reason is not None:
            sent["X-Audit-Log-Reason"] = reason
        async with self.http.request(
            method, API + path, json=body, data=form, headers=sent
        ) as response:
            is_json = response.content_type == "application/json"
            content = await response.json() if is_json else await response.read()
            return Answer(response.status, content if is_json else None, response.headers)

    async def ok(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        by: User | None = None,
        reason: str | None = None,
    ) -> Any:  # noqa: ANN401 - any JSON
        """Call a route that has to succeed, and return what it answers."""
        answer = await self.call(method, path, body, by=by, reason=reason)
        assert answer.status < 300, answer.body
        return answer.body

    async def say(self, content: str = "hello", *, by: User | None = None, **fields: object) -> Any:  # noqa: ANN401 - any JSON
        """Post a message into the channel."""
        path = f"/channels/{self.channel.id}/messages"
        return await self.ok("POST", path, {"content": content, **fields}, by=by)

    # What happened

    def told(self, name: str) -> list[dict[str, Any]]:  # any JSON
        """Return what was told by events of a name."""
        return [event.data for event in self.events if event.name == name]


def token_of(user: User) -> str:
    """Return the Authorization header of a user."""
    return f"Bot {user.token}" if user.bot else user.token


def create_app(world: World) -> web.Application:
    """Return an application with the REST routes alone."""
    app = web.Application(middlewares=[errors.middleware, ratelimits.middleware])
    app[WORLD_KEY] = world
    for table in ALL_ROUTES:
        for route in table:
            assert isinstance(route, web.RouteDef)
            app.router.add_route(route.method, API + route.path, route.handler)
    return app


@asynccontextmanager
async def open_scene() -> AsyncGenerator[Scene]:
    """Serve a scene on a free port."""
    world = World()
    runner = web.AppRunner(create_app(world), access_log=None)
    async with AsyncExitStack() as stack:
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        world.settings.base_url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        http = await stack.enter_async_context(aiohttp.ClientSession(world.settings.base_url))
        yield Scene(http, world)
