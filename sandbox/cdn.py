"""The files of messages, served as Discord's CDN would."""

from aiohttp import web

from sandbox.world import WORLD_KEY

routes = web.RouteTableDef()

# A file is somebody's upload: it must not run as a page of the sandbox.
_HARMLESS = {"Content-Security-Policy": "sandbox", "X-Content-Type-Options": "nosniff"}


@routes.get("/cdn/{path:.+}")
async def get_file(request: web.Request) -> web.Response:
    """Return a file."""
    stored = request.app[WORLD_KEY].files.get(request.match_info["path"])
    if stored is None:
        raise web.HTTPNotFound
    headers = {"Content-Type": stored.content_type, "Cache-Control": "public", **_HARMLESS}
    return web.Response(body=stored.content, headers=headers)
