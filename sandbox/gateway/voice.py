"""Op 4: joining, moving between and leaving voice channels."""

import secrets
from typing import Any

import msgspec
from msgspec import Struct

from sandbox.gateway.core import Core
from sandbox.gateway.session import Session
from sandbox.models import VoiceState
from sandbox.permissions import Permission
from sandbox.world import render
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
    guild = core.state.guilds.get(int(asked.guild_id))
    if guild is None or session.account_id not in guild.members:
        return
