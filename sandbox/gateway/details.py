"""Op 31 and op 43: a guild's soundboard and what its voice channels are about."""

import msgspec
from msgspec import Struct

from sandbox.gateway.core import Core
from sandbox.gateway.session import Session
from sandbox.models import ChannelType, Guild, Json

Snowflake = int | str
_VOICE = (ChannelType.VOICE, ChannelType.STAGE)


class SoundsRequest(Struct):
    """The data of op 31."""

    guild_ids: list[Snowflake]


class ChannelsRequest(Struct):
    """The data of op 43."""

    guild_id: Snowflake
    fields: list[str]


def send_sounds(core: Core, session: Session, data: object) -> None:
    """Send the soundboards of guilds: the sandbox has no sounds."""
    for guild_id in msgspec.convert(data, SoundsRequest).guild_ids:
        if guild := _guild(core, session, guild_id):
            sounds: Json = {"guild_id": str(guild.id), "soundboard_sounds": []}
            core.send(session, "SOUNDBOARD_SOUNDS", sounds)


def send_channels(core: Core, session: Session, data: object) -> None:
    """Send the status of a guild's voice channels: none has one."""
    asked = msgspec.convert(data, ChannelsRequest)
    if guild := _guild(core, session, asked.guild_id):
        voice = [one for one in guild.channel_ids if core.world.channels[one].type in _VOICE]
        empty = dict.fromkeys(asked.fields)
        shown = [{**empty, "id": str(one)} for one in voice]
        core.send(session, "CHANNEL_INFO", {"guild_id": str(guild.id), "channels": shown})


def _guild(core: Core, session: Session, guild_id: Snowflake) -> Guild | None:
    guild = core.world.guilds.get(int(guild_id))
    return guild if guild is not None and session.account_id in guild.members else None
