"""Discord's JSON of everything in the world: ids become strings, times ISO 8601."""

from sandbox.world.render.channels import channel, overwrite, thread_member, thread_metadata
from sandbox.world.render.guilds import (
    audit_entry,
    ban,
    guild,
    guild_create,
    guild_of_user,
    invite,
    invite_usage,
    partial_guild,
    role,
    unavailable_guild,
    voice_state,
    webhook,
)
from sandbox.world.render.messages import message, message_event
from sandbox.world.render.people import (
    application,
    current_user,
    iso,
    member,
    member_with_user,
    partial_application,
    presence,
    user,
)

__all__ = [
    "application",
    "audit_entry",
    "ban",
    "channel",
    "current_user",
    "guild",
    "guild_create",
    "guild_of_user",
    "invite",
    "invite_usage",
    "iso",
    "member",
    "member_with_user",
    "message",
    "message_event",
    "overwrite",
    "partial_application",
    "partial_guild",
    "presence",
    "role",
    "thread_member",
    "thread_metadata",
    "unavailable_guild",
    "user",
    "voice_state",
    "webhook",
]
