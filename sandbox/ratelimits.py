"""Rate limits: Discord's buckets per route and major parameter, and the global one per token."""

import hashlib
import math
import re
from collections.abc import Mapping
from functools import lru_cache

from aiohttp import web
from msgspec import Struct

from sandbox import errors
from sandbox.errors import DiscordError, Handler, error_response
from sandbox.world import WORLD_KEY, World
from sandbox.world.buckets import Window

GLOBAL_PER_SECOND = 50
_PREFIX = re.compile(r"^/api(/v\d+)?(?=/)")
_MAJOR = ("channel_id", "guild_id", "webhook_id", "token")


class Limit(Struct, frozen=True):
    """So many calls in so many seconds; routes of one `shared` name draw on one bucket."""

    calls: int
    seconds: float
    shared: str | None = None


_MESSAGES = "/channels/{channel_id}/messages"
_REACTIONS = _MESSAGES + "/{message_id}/reactions"
_MEMBER = "/guilds/{guild_id}/members/{user_id}"
_HOOK = "/webhooks/{webhook_id}/{token}"
_REACTING = Limit(1, 0.25, "reactions")
_OF_HOOK = Limit(5, 2.0)

USUAL = Limit(50, 5.0)
LIMITS: Mapping[tuple[str, str], Limit] = {
    ("POST", _MESSAGES): Limit(5, 5.0),
    ("PATCH", _MESSAGES + "/{message_id}"): Limit(5, 5.0),
    ("DELETE", _MESSAGES + "/{message_id}"): Limit(5, 1.0),
    ("GET", _MESSAGES): Limit(5, 1.0),
    ("POST", _MESSAGES + "/bulk-delete"): Limit(1, 1.0),
    ("PUT", _REACTIONS + "/{emoji}/@me"): _REACTING,
    ("DELETE", _REACTIONS + "/{emoji}/@me"): _REACTING,
    ("DELETE", _REACTIONS + "/{emoji}/{user_id}"): _REACTING,
    ("POST", "/channels/{channel_id}/typing"): Limit(5, 5.0),
    ("PATCH", "/channels/{channel_id}"): Limit(5, 5.0),
    ("POST", "/channels/{channel_id}/invites"): Limit(5, 15.0),
    ("GET", "/guilds/{guild_id}/members"): Limit(10, 10.0),
    ("PATCH", _MEMBER): Limit(10, 10.0),
    ("DELETE", _MEMBER): Limit(5, 1.0),
    ("PUT", _MEMBER + "/roles/{role_id}"): Limit(10, 10.0),
    ("DELETE", _MEMBER + "/roles/{role_id}"): Limit(10, 10.0),
    ("GET", "/guilds/{guild_id}/audit-logs"): Limit(5, 5.0),
    ("POST", "/users/@me/channels"): Limit(10, 10.0),
    ("PATCH", "/users/@me"): Limit(2, 3600.0),
    ("POST", _HOOK): _OF_HOOK,
    ("PATCH", _HOOK + "/messages/{message_id}"): _OF_HOOK,
}
_WITHOUT = ("/interactions/", "/oauth2/authorize", "/oauth2/token")
"""Where nothing is limited, not even by the global limit."""

_NOT_GLOBAL = ("/webhooks/{webhook_id}/{token}",)


@web.middleware
async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Limit calls, and tell by headers how much is left."""
    route = _route(request)
    world = request.app[WORLD_KEY]
    if route is None or not _applies(world, request):
        return await handler(request)
    return await _limited(world, route, request, handler)


def _route(request: web.Request) -> str | None:
    resource = request.match_info.route.resource
    if resource is None:
        return None
    stripped, found = _PREFIX.subn("", resource.canonical)
    return stripped if found and not stripped.startswith(_WITHOUT) else None


def _applies(world: World, request: web.Request) -> bool:
    if not world.settings.rate_limits:
        return False
    scheme = request.headers.get("Authorization", "Bot").partition(" ")[0]
    return scheme == "Bot" or world.settings.rate_limit_users


async def _limited(
    world: World, route: str, request: web.Request, handler: Handler
) -> web.StreamResponse:
    buckets = world.buckets
    now = world.clock.time()
    who = request.headers.get("Authorization", "")
    scale = world.settings.rate_limit_scale
    if not route.startswith(_NOT_GLOBAL):
        most = _scaled(GLOBAL_PER_SECOND, scale)
        if buckets.take(("global", who), most, 1.0, now) is None:
            ends_at = buckets.window(("global", who), 1.0, now).ends_at
            return _too_many(ends_at - now, {"X-RateLimit-Global": "true"}, "global")
    limit = LIMITS.get((request.method, route), USUAL)
    calls = _scaled(limit.calls, scale)
    name = limit.shared or f"{request.method} {route}"
    key = (name, who, *(request.match_info.get(one, "") for one in _MAJOR))
    window = buckets.take(key, calls, limit.seconds, now)
    headers = _headers(buckets.window(key, limit.seconds, now), calls, name, now)
    if window is None:
        return _too_many(float(headers["X-RateLimit-Reset-After"]), headers, "user")
    response = await errors.middleware(request, handler)
    response.headers.update(headers)
    return response


def _scaled(calls: int, scale: float) -> int:
    return max(1, round(calls * scale))


def _headers(window: Window, calls: int, name: str, now: float) -> dict[str, str]:
    return {
        "X-RateLimit-Limit": str(calls),
        "X-RateLimit-Remaining": str(max(0, calls - window.used)),
        "X-RateLimit-Reset": f"{window.ends_at:.3f}",
        "X-RateLimit-Reset-After": f"{max(0.001, window.ends_at - now):.3f}",
        "X-RateLimit-Bucket": _bucket_name(name),
    }


@lru_cache(maxsize=1024)
def _bucket_name(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:32]


def _too_many(wait: float, headers: Mapping[str, str], scope: str) -> web.Response:
    wait = max(0.001, wait)
    error = DiscordError(
        429,
        0,
        "You are being rate limited.",
        more={"retry_after": round(wait, 3), "global": scope == "global"},
        headers={
            **headers,
            "Retry-After": str(math.ceil(wait)),
            "X-RateLimit-Scope": scope,
            "Via": "1.1 sandbox",
        },
    )
    return error_response(error)
