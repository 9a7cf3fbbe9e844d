"""REST: a bot's own application."""

from aiohttp import web

from sandbox import auth, forms
from sandbox.models import Application
from sandbox.rest.call import Call, reply
from sandbox.world import render

routes = web.RouteTableDef()


def _mine(call: Call) -> Application:
    auth.bot(call.request)
    return call.world.applications[call.user.id]


@routes.get("/applications/@me")
@routes.get("/oauth2/applications/@me")
async def get_application(request: web.Request) -> web.Response:
    """Return the application of the bot who calls."""
    call = Call(request)
    return reply(render.application(call.world, _mine(call)))


@routes.patch("/applications/@me")
async def modify_application(request: web.Request) -> web.Response:
    """Change the application of the bot who calls."""
    call = Call(request)
    application = _mine(call)
    values = await call.body({"description": forms.text(0, 400), "flags": forms.integer(0)})
    for name, value in values.items():
        setattr(application, name, value)
    return reply(render.application(call.world, application))


@routes.get("/voice/regions")
async def get_voice_regions(request: web.Request) -> web.Response:
    """List the voice regions."""
    Call(request)
    names = {"us-west": "US West", "us-east": "US East", "rotterdam": "Rotterdam"}
    return reply(
        [
            {
                "id": region,
                "name": name,
                "custom": False,
                "deprecated": False,
                "optimal": region == "us-west",
            }
            for region, name in names.items()
        ]
    )
