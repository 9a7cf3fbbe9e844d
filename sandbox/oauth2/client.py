"""OAuth2 as a person's client does it: agreeing with a user token instead of the page."""

from typing import cast

from aiohttp import web

from sandbox import forms
from sandbox.errors import Code, DiscordError
from sandbox.oauth2.authorization import WrongRequest, read
from sandbox.oauth2.consent import agree, decline
from sandbox.rest.call import Call, reply

routes = web.RouteTableDef()


@routes.post("/oauth2/authorize")
async def authorize(request: web.Request) -> web.Response:
    """Agree or not in the caller's name, and tell where the browser would go."""
    call = Call(request)
    if call.is_bot:
        raise DiscordError.of(Code.BOTS_CANNOT)
    fields: dict[str, forms.Field] = {
        "authorize": forms.boolean,
        "guild_id": forms.nullable(forms.snowflake),
    }
    body = await call.body(fields, required=("authorize",))
    try:
        asked = read(call.world, request.query)
        guild_id = cast("int | None", body.get("guild_id"))
        agreed = bool(body["authorize"])
        back = agree(call.world, asked, call.user, guild_id) if agreed else decline(asked)
    except WrongRequest as wrong:
        raise DiscordError(400, 0, str(wrong)) from None
    return reply({"location": back})
