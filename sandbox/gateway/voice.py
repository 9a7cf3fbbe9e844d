"""Op 4: joining, moving between and leaving voice channels."""

import secrets

import msgspec
from msgspec import Struct

from sandbox.gateway.core import Core
from sandbox.gateway.session import Session
from sandbox.models import Channel, ChannelType, Guild, Json
from sandbox.permissions import Permission
from sandbox.world import members, voice
from sandbox.world.visibility import bits_in

Snowflake = int | str


class VoiceStateUpdate(Struct):
    """The data of op 4."""

    guild_id: Snowflake
    channel_id: Snowflake | None = None
    self_mute: bool = False
    self_deaf: bool = False


def update_voice_state(core: Core, session: Session, data: object) -> None:
    """Put an account into a voice channel, or take it out of voice."""
    asked = msgspec.convert(data, VoiceStateUpdate)
    guild = core.world.guilds.get(int(asked.guild_id))
    if guild is None or session.account_id not in guild.members:
        return
    if asked.channel_id is None:
        members.disconnect(core.world, guild, session.account_id)
        return
    channel = core.world.channels.get(int(asked.channel_id))
    if channel is not None and _may_join(core, guild, channel, session.account_id):
        _join(core, session, guild, channel, asked)


def _may_join(core: Core, guild: Guild, channel: Channel, account_id: int) -> bool:
    bits = bits_in(core.world, channel, account_id)
    is_voice = channel.type in (ChannelType.VOICE, ChannelType.STAGE)
    return is_voice and channel.guild_id == guild.id and bool(bits & Permission.CONNECT)


def _join(
    core: Core, session: Session, guild: Guild, channel: Channel, asked: VoiceStateUpdate
) -> None:
    former = guild.voice_states.get(session.account_id)
    moved = former is None or former.channel_id != channel.id
    voice.connect(
        core.world,
        guild,
        session.account_id,
        channel,
        self_mute=asked.self_mute,
        self_deaf=asked.self_deaf,
    )
    if moved:
        core.send(session, "VOICE_SERVER_UPDATE", _server(guild))


def _server(guild: Guild) -> Json:
    return {
        "guild_id": str(guild.id),
        "token": secrets.token_hex(8),
        "endpoint": "voice.sandbox.invalid:443",
    }
