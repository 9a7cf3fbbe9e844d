"""Control of the machinery: requests, the gateway's record, settings, the clock, traffic."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import islice

import msgspec
from aiohttp import web
from msgspec import UNSET, Struct, UnsetType

from sandbox.control.keys import HUB_KEY, TRAFFIC_KEY
from sandbox.control.people import application_json
from sandbox.control.reading import (
    ControlError,
    answer,
    find_channel,
    find_user,
    guild_of,
    iso,
    number,
    takes,
    world_of,
)
from sandbox.control.requests import REQUESTS_KEY, Request
from sandbox.gateway import Op
from sandbox.models import Json
from sandbox.seed import seed_of
from sandbox.traffic import Burst

routes = web.RouteTableDef()

MOST_REQUESTS = 1000


class Advance(Struct):
    """How many seconds the clock moves forward."""

    advance: float


class Wanted(Struct, kw_only=True):
    """Messages to be posted; `rate` per second, 0 for as fast as possible.

    Users and channel are ids (users also usernames). Without them everybody who may writes to the
    guild's first text channel. With `wait` false a job is returned at once.
    """

    messages: int = 1
    rate: float = 0.0
    channel_id: str | None = None
    users: list[str] | None = None
    wait: bool = True


class Lively(Struct, kw_only=True):
    """Whether members chat, react, join and leave by themselves; `rate` in things per second."""

    on: bool = True
    rate: float = 0.5
    guild_id: str | None = None


class Changes(Struct, kw_only=True):
    """Settings to change; times are in seconds."""

    rate_limits: bool | UnsetType = UNSET
    rate_limit_users: bool | UnsetType = UNSET
    rate_limit_scale: float | UnsetType = UNSET
    history_limit: int | UnsetType = UNSET
    heartbeat_interval: float | UnsetType = UNSET
    identify_interval: float | UnsetType = UNSET
    session_lifetime: float | UnsetType = UNSET


@routes.get("/sandbox/health")
async def health(request: web.Request) -> web.Response:
    """Say that the sandbox is up, and how big its world is."""
    world = world_of(request)
    counts = {"users": len(world.users), "guilds": len(world.guilds)}
    return answer({"status": "ok", **counts})


@routes.get("/sandbox/seed")
async def seed(request: web.Request) -> web.Response:
    """Return whom and what the demo's seed made: guild, channels, users, application."""
    world = world_of(request)
    made = seed_of(world)
    if made is None:
        raise ControlError("This sandbox was not seeded; start it with --seed demo.", 404)
    users = {
        name: {"id": str(user_id), "token": world.users[user_id].token, "role": made.roles[name]}
        for name, user_id in made.users.items()
    }
    application = application_json(world, world.applications[made.application_id])
    ids = {
        "guild_id": str(made.guild_id),
        "channel_id": str(made.channel_id),
        "log_channel_id": str(made.log_channel_id),
    }
    return answer({**ids, "users": users, "application": application})


@routes.get("/sandbox/requests")
async def requests(request: web.Request) -> web.Response:
    """Return requests that the API received, oldest first.

    Filters: `after` (a number), `method`, `route` (a template or the beginning of a path), `token`
    (bot, user, bearer, none), `user_id`, `limit`; with `last=true` the newest of them.
    """
    limit = int(min(number(request, "limit", 100), MOST_REQUESTS))
    found = _chosen(request)
    kept = list(found)[-limit:] if "last" in request.query else list(islice(found, limit))
    newest = kept[-1].number if kept else int(number(request, "after"))
    return answer(
        {
            "requests": [_shown(one) for one in kept],
            "newest": newest,
            "count": request.app[REQUESTS_KEY].count,
        }
    )


def _chosen(request: web.Request) -> Iterator[Request]:
    query = request.query
    for one in request.app[REQUESTS_KEY].after(int(number(request, "after"))):
        right_route = query.get("route") in (None, one.route) or one.path.startswith(query["route"])
        right_user = query.get("user_id") in (None, str(one.user_id))
        right_call = query.get("method") in (None, one.method) and query.get("token") in (
            None,
            one.token,
        )
        if right_route and right_user and right_call:
            yield one


def _shown(one: Request) -> Json:
    shown = msgspec.to_builtins(one)
    return {**shown, "user_id": str(one.user_id) if one.user_id else None}


@routes.delete("/sandbox/requests")
async def forget_requests(request: web.Request) -> web.Response:
    """Forget the requests received so far."""
    request.app[REQUESTS_KEY].clear()
    return answer({"requests": []})


@routes.get("/sandbox/gateway")
async def gateway(request: web.Request) -> web.Response:
    """Return the gateway's sessions, what identified and resumed, and how connections ended."""
    hub = request.app[HUB_KEY]
    record = hub.record
    ended = [
        {
            "at": iso(one.at),
            "account_id": str(one.account_id),
            "session_id": one.session_id,
            "code": one.code,
            "by_client": one.by_client,
        }
        for one in record.closed
    ]
    return answer({
        "sessions": hub.describe(),
        "connections": len(hub.connections()),
        "counts": dict(record.counts),
        "identifies": [_received(one) for one in record.of(Op.IDENTIFY)],
        "resumes": [_received(one) for one in record.of(Op.RESUME)],
        "closed": ended,
    })  # fmt: skip


def _received(one: object) -> Json:
    shown = msgspec.to_builtins(one)
    return {**shown, "account_id": str(shown["account_id"])}


@routes.patch("/sandbox/settings")
@takes(Changes)
async def change_settings(request: web.Request, wanted: Changes) -> web.Response:
    """Switch rate limits, or change the gateway's intervals."""
    world, hub = world_of(request), request.app[HUB_KEY]
    given = {
        name: value for name, value in msgspec.structs.asdict(wanted).items() if value is not UNSET
    }
    times = {
        name: timedelta(seconds=value)
        for name, value in given.items()
        if hasattr(hub.settings, name)
    }
    hub.settings = msgspec.structs.replace(hub.settings, **times)
    for name in given.keys() - times.keys():
        setattr(world.settings, name, given[name])
    return answer({"world": world.settings, "gateway": hub.settings})


@routes.get("/sandbox/settings")
async def show_settings(request: web.Request) -> web.Response:
    """Return the settings."""
    return answer({"world": world_of(request).settings, "gateway": request.app[HUB_KEY].settings})


@routes.get("/sandbox/clock")
async def tell_time(request: web.Request) -> web.Response:
    """Return the sandbox's time."""
    return answer({"now": iso(world_of(request).clock.now())})


@routes.post("/sandbox/clock")
@takes(Advance)
async def advance_clock(request: web.Request, wanted: Advance) -> web.Response:
    """Let time pass: move the sandbox's clock forward."""
    clock = world_of(request).clock
    if wanted.advance < 0:
        raise ControlError("Time only moves forward.")
    clock.advance(timedelta(seconds=wanted.advance))
    return answer({"now": iso(clock.now())})


@routes.post("/sandbox/guilds/{guild_id}/traffic")
@takes(Wanted)
async def post_traffic(request: web.Request, wanted: Wanted) -> web.Response:
    """Let members post messages; returns the ids when all are posted, or a job without `wait`."""
    world, guild = world_of(request), guild_of(request)
    channel = find_channel(world, wanted.channel_id) if wanted.channel_id else None
    users = [find_user(world, one) for one in wanted.users or ()]
    burst = request.app[TRAFFIC_KEY].burst(guild, wanted.messages, wanted.rate, channel, users)
    if wanted.wait:
        await burst.task
    return answer(_burst(burst), 201)


@routes.get("/sandbox/jobs/{job}")
async def job(request: web.Request) -> web.Response:
    """Return how far a job of posting messages is, and the ids of its messages."""
    burst = request.app[TRAFFIC_KEY].bursts.get(request.match_info["job"])
    if burst is None:
        raise ControlError("There is no such job.", 404)
    return answer(_burst(burst))


def _burst(burst: Burst) -> Json:
    return {"job": burst.name, "done": burst.task.done(), "ids": [str(one) for one in burst.ids]}


@routes.post("/sandbox/traffic")
@takes(Lively)
async def lively(request: web.Request, wanted: Lively) -> web.Response:
    """Switch lively traffic on or off."""
    traffic = request.app[TRAFFIC_KEY]
    world = world_of(request)
    made = seed_of(world)
    guild_id = int(wanted.guild_id) if wanted.guild_id else made.guild_id if made else 0
    if guild_id not in world.guilds:
        raise ControlError("Name the guild_id of a guild that exists.")
    await (traffic.live(guild_id, wanted.rate) if wanted.on else traffic.rest())
    return answer({"on": traffic.lively})
