"""REST: where the members of a guild are connected to voice."""

from typing import cast

from aiohttp import web

from sandbox import forms
from sandbox.errors import Code, DiscordError
from sandbox.models import Guild, VoiceState
from sandbox.permissions import Permission
from sandbox.rest.call import Call, nothing, reply, require
from sandbox.world import render, voice

routes = web.RouteTableDef()


def _state(guild: Guild, user_id: int) -> VoiceState:
    state = guild.voice_states.get(user_id)
    if state is None:
        raise DiscordError.of(Code.UNKNOWN_VOICE_STATE)
    return state


@routes.get("/guilds/{guild_id}/voice-states/{user_id}")
async def get_voice_state(request: web.Request) -> web.Response:
    """Return where somebody is connected, or answer 10065."""
    call = Call(request)
    guild = call.guild()
    return reply(render.voice_state(call.world, _state(guild, call.path_user().id)))


@routes.patch("/guilds/{guild_id}/voice-states/{user_id}")
async def modify_voice_state(request: web.Request) -> web.Response:
    """Let somebody speak on a stage, or not."""
    call = Call(request)
    guild = call.guild()
    user = call.path_user()
    values = await call.body({"suppress": forms.boolean, "channel_id": forms.snowflake})
    if user.id != call.user.id or values.get("suppress") is False:
        require(call.bits(guild), Permission.MUTE_MEMBERS)
    state = _state(guild, user.id)
    state.suppress = cast("bool", values.get("suppress", state.suppress))
    voice.tell(call.world, state)
    return nothing()
