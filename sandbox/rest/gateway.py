"""REST: where the gateway is, and how many sessions a bot may start."""

from datetime import timedelta

from aiohttp import web

from sandbox import auth
from sandbox.models import Application
from sandbox.rest.call import reply
from sandbox.world import WORLD_KEY, World

routes = web.RouteTableDef()


def gateway_url(world: World) -> str:
    """Return the address of the websocket."""
    if world.settings.gateway_url is not None:
        return world.settings.gateway_url
    return world.settings.base_url.replace("http", "ws", 1) + "/gateway"


def remaining_starts(world: World, application: Application) -> tuple[int, int]:
    """Return how many sessions may still be started and in how many milliseconds that renews."""
    now = world.clock.now()
    resets_at = application.session_starts_reset_at
    if resets_at is None or resets_at <= now:
        application.session_starts_used = 0
        application.session_starts_reset_at = resets_at = now + timedelta(days=1)
    left = application.session_starts_total - application.session_starts_used
    return max(0, left), int((resets_at - now) / timedelta(milliseconds=1))


@routes.get("/gateway")
async def get_gateway(request: web.Request) -> web.Response:
    """Return the gateway's address."""
    return reply({"url": gateway_url(request.app[WORLD_KEY])})


@routes.get("/gateway/bot")
async def get_gateway_bot(request: web.Request) -> web.Response:
    """Return the gateway's address with what a bot has to know before connecting."""
    caller = auth.bot(request)
    world = request.app[WORLD_KEY]
    application = world.applications[caller.user.id]
    remaining, reset_after = remaining_starts(world, application)
    return reply(
        {
            "url": gateway_url(world),
            "shards": application.recommended_shards,
            "session_start_limit": {
                "total": application.session_starts_total,
                "remaining": remaining,
                "reset_after": reset_after,
                "max_concurrency": application.max_concurrency,
            },
        }
    )
