"""Who may see what: channels, messages, and the events that tell of them."""

from sandbox import permissions
from sandbox.models import Channel, ChannelType, Message
from sandbox.permissions import IN_DM, Permission
from sandbox.world.channels import parent_of
from sandbox.world.state import Event, State

_NEEDED = {
    "GUILD_AUDIT_LOG_ENTRY_CREATE": Permission.VIEW_AUDIT_LOG,
    "INVITE_CREATE": Permission.MANAGE_CHANNELS,
    "INVITE_DELETE": Permission.MANAGE_CHANNELS,
    "WEBHOOKS_UPDATE": Permission.VIEW_CHANNEL,
}


def bits_in(world: State, channel: Channel, user_id: int) -> int:
    """Return what somebody may do in a channel; 0 for who is not a member."""
    if channel.guild_id is None:
        return IN_DM if user_id in channel.recipients else 0
    guild = world.guilds[channel.guild_id]
    member = guild.members.get(user_id)
    if member is None:
        return 0
    now = world.clock.now() if member.communication_disabled_until else None
    bits = permissions.in_channel(guild, parent_of(world, channel), member, now)
    return bits if _is_admitted(channel, user_id, bits) else 0


def _is_admitted(channel: Channel, user_id: int, bits: int) -> bool:
    if channel.type != ChannelType.PRIVATE_THREAD or channel.thread is None:
        return True
    return user_id in channel.thread.members or bool(bits & Permission.MANAGE_THREADS)


def may_see_channel(world: State, channel_id: int, user_id: int) -> bool:
    """Tell whether somebody may see a channel."""
    channel = world.channels.get(channel_id)
    return channel is not None and bool(bits_in(world, channel, user_id) & Permission.VIEW_CHANNEL)


def may_see_message(message: Message, user_id: int) -> bool:
    """Tell whether a message is for somebody's eyes: an ephemeral one has one reader."""
    return message.visible_to is None or user_id in (message.visible_to, message.author_id)


def may_receive(world: State, event: Event, user_id: int) -> bool:
    """Tell whether an event goes to a session of this user."""
    if event.users is not None:
        return user_id in event.users
    if event.guild_id is None:
        return event.channel_id is None or may_see_channel(world, event.channel_id, user_id)
    guild = world.guilds.get(event.guild_id)
    if guild is None or user_id not in guild.members:
        return False
    needed = _NEEDED.get(event.name)
    if event.channel_id is not None and event.channel_id in world.channels:
        bits = bits_in(world, world.channels[event.channel_id], user_id)
        return bool(bits & Permission.VIEW_CHANNEL) and (not needed or bool(bits & needed))
    if needed is None:
        return True
    return bool(permissions.in_guild(guild, guild.members[user_id]) & needed)
