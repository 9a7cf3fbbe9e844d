"""REST: the application's answer to an interaction."""

from typing import cast

from aiohttp import web

from sandbox import forms
from sandbox.errors import Code, DiscordError
from sandbox.forms import Json
from sandbox.interactions.answers import Given, answer
from sandbox.interactions.desk import Interaction
from sandbox.interactions.keys import DESK_KEY
from sandbox.interactions.kinds import Answer
from sandbox.models import Message, MessageFlag
from sandbox.rest.call import nothing, read_message, reply
from sandbox.world import WORLD_KEY, World, render

routes = web.RouteTableDef()

_FIELDS: dict[str, forms.Field] = {
    "type": forms.choice(*(int(kind) for kind in Answer)),
    "data": forms.nullable(forms.model({})),
}


@routes.post("/interactions/{interaction_id:\\d+}/{token}/callback")
async def callback(request: web.Request) -> web.Response:
    """Answer an interaction, once and within three seconds; the token is all that is needed."""
    desk, world = request.app[DESK_KEY], request.app[WORLD_KEY]
    body, uploads = await read_message(request)
    values = forms.read(body, _FIELDS, required=("type",))
    path = request.match_info
    interaction = desk.to_answer(int(path["interaction_id"]), path["token"])
    data = cast("Json", body.get("data") or {})
    kind = cast("int", values["type"])
    if kind == Answer.PONG:
        raise DiscordError.of(Code.UNKNOWN_INTERACTION)
    given = Given(interaction=interaction, data=data, uploads=uploads)
    message = answer(world, desk, kind, given)
    if request.query.get("with_response", "").lower() not in ("true", "1"):
        return nothing()
    return reply(_shown(world, interaction, kind, message))


def _shown(world: World, interaction: Interaction, kind: int, message: Message | None) -> Json:
    about: Json = {"id": str(interaction.id), "type": int(interaction.type)}
    shown: Json = {"interaction": about}
    if message is not None:
        about["response_message_id"] = str(message.id)
        about["response_message_loading"] = bool(message.flags & MessageFlag.LOADING)
        about["response_message_ephemeral"] = bool(message.flags & MessageFlag.EPHEMERAL)
    if message is not None and kind in (Answer.MESSAGE, Answer.UPDATE_MESSAGE):
        shown["resource"] = {"type": kind, "message": render.message(world, message)}
    return shown
