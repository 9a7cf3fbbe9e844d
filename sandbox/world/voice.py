"""Voice: who is connected where."""

import secrets

from sandbox.models import By, Channel, Guild, Json, VoiceState
from sandbox.world import members, render
from sandbox.world.audit import Action, record
from sandbox.world.state import State


def connect(
    world: State,
    guild: Guild,
    user_id: int,
    channel: Channel,
    *,
    self_mute: bool = False,
    self_deaf: bool = False,
) -> VoiceState:
    """Connect somebody to a voice channel, or move them there."""
    state = guild.voice_states.get(user_id)
    if state is None:
        state = VoiceState(guild.id, channel.id, user_id, secrets.token_hex(16))
        guild.voice_states[user_id] = state
    state.channel_id = channel.id
    state.self_mute = self_mute
    state.self_deaf = self_deaf
    tell(world, state)
    return state


def tell(world: State, state: VoiceState) -> None:
    """Tell a guild where somebody is connected."""
    shown = render.voice_state(world, state)
    world.dispatch("VOICE_STATE_UPDATE", shown, guild_id=state.guild_id)


def move(world: State, guild: Guild, user_id: int, channel: Channel, by: By) -> None:
    """Move somebody who is connected to another channel."""
    state = guild.voice_states[user_id]
    if state.channel_id == channel.id:
        return
    state.channel_id = channel.id
    tell(world, state)
    options: Json = {"channel_id": str(channel.id), "count": "1"}
    record(world, guild, by, Action.MEMBER_MOVE, options=options)


def disconnect(world: State, guild: Guild, user_id: int, by: By | None = None) -> None:
    """Take somebody out of voice."""
    if members.disconnect(world, guild, user_id):
        record(world, guild, by, Action.MEMBER_DISCONNECT, options={"count": "1"})
