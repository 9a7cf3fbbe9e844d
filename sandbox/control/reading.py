"""Reading what the control API is sent, and answering in JSON with plain sentences for mistakes."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from functools import wraps
from typing import TypeVar

import msgspec
from aiohttp import web
from msgspec import Struct

from sandbox.models import Channel, Guild, User
from sandbox.seed import seeded_names
from sandbox.world import WORLD_KEY, World

T = TypeVar("T", bound=Struct)
Handler = Callable[[web.Request], Awaitable[web.Response]]

TAKEN = "__takes__"


class ControlError(Exception):
    """Be answered as it stands, with a status."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


def answer(value: object, status: int = 200) -> web.Response:
    """Return a value as JSON; ids have to be text already."""
    body = msgspec.json.encode(value)
    return web.Response(body=body, status=status, content_type="application/json")


def takes(
    body: type[T],
) -> Callable[[Callable[[web.Request, T], Awaitable[web.Response]]], Handler]:
    """Give a call its body, read; the list of all calls says what it holds."""

    def decorate(call: Callable[[web.Request, T], Awaitable[web.Response]]) -> Handler:
        @wraps(call)
        async def handle(request: web.Request) -> web.Response:
            return await call(request, await _read(request, body))

        setattr(handle, TAKEN, body)
        return handle

    return decorate


def taken_by(call: object) -> type[Struct] | None:
    """Return what a call's body holds, if it takes one."""
    return getattr(call, TAKEN, None)


async def _read(request: web.Request, into: type[T]) -> T:
    """Return the body of a request; ids may be numbers or text, and nothing at all is `{}`."""
    content = await request.read() or b"{}"
    try:
        return msgspec.json.decode(content, type=into, strict=False)
    except msgspec.DecodeError as error:
        raise ControlError(f"The body is not what this call takes: {error}.") from None


def number(request: web.Request, name: str, default: float = 0) -> float:
    """Return a number of the query."""
    text = request.query.get(name, str(default))
    try:
        return float(text)
    except ValueError:
        raise ControlError(f"{name} must be a number, not {text!r}.") from None


def world_of(request: web.Request) -> World:
    """Return the world that the request is about."""
    return request.app[WORLD_KEY]


def guild_of(request: web.Request) -> Guild:
    """Return the guild that the address names."""
    return _named(world_of(request).guilds, request.match_info["guild_id"], "guild")


def user_of(request: web.Request) -> User:
    """Return the user whom the address names, by id, username or name in the seed."""
    return find_user(world_of(request), request.match_info["user_id"])


def find_user(world: World, text: str | int) -> User:
    """Return a user by id, name in the seed or username; of two with one name, the older."""
    if seeded := seeded_names(world).get(str(text)):
        return world.users[seeded]
    by_name = next((user for user in world.users.values() if user.username == str(text)), None)
    return by_name or _named(world.users, text, "user")


def find_channel(world: World, text: str | int) -> Channel:
    """Return a channel by id."""
    return _named(world.channels, text, "channel")


N = TypeVar("N")


def _named(things: Mapping[int, N], text: str | int, what: str) -> N:
    found = things.get(int(text)) if str(text).isdecimal() else None
    if found is None:
        raise ControlError(f"There is no {what} {text}.", 404)
    return found


def iso(moment: datetime) -> str:
    """Return a time as text."""
    return moment.isoformat()
