"""Threads: started, changed, deleted, listed."""

from collections.abc import Iterator, Mapping

from sandbox.models import By, Channel, ChannelType, Guild, Json, Message, MessageFlag, Thread
from sandbox.models import MessageType as Kind
from sandbox.world import messages, render, thread_members
from sandbox.world.audit import Action, apply, created, deleted, record
from sandbox.world.messages import Origin
from sandbox.world.state import State

_TOLD = ("name", "type", "rate_limit_per_user")
_OF_THREAD = ("archived", "auto_archive_duration", "locked", "invitable", "applied_tags")


def start(
    world: State,
    parent: Channel,
    name: str,
    *,
    by: By,
    type: int = ChannelType.PUBLIC_THREAD,  # noqa: A002 - Discord's word for it
    values: Mapping[str, object] | None = None,
    message: Message | None = None,
) -> Channel:
    """Start a thread below a channel, on a message (whose id it gets) or on its own."""
    assert parent.guild_id is not None
    now = world.clock.now()
    thread_id = message.id if message else world.snowflakes.next()
    channel = Channel(thread_id, type, parent.guild_id, name, parent_id=parent.id)
    channel.rate_limit_per_user = parent.default_thread_rate_limit_per_user
    thread = Thread(by.user_id, now, now)
    thread.auto_archive_duration = parent.default_auto_archive_duration or 4320
    channel.thread = thread
    _apply(channel, thread, values or {})
    guild = world.guilds[parent.guild_id]
    world.channels[channel.id] = channel
    guild.thread_ids.append(channel.id)
    _announce_new(world, channel)
    thread_members.join(world, channel, thread, by.user_id)
    record(world, guild, by, Action.THREAD_CREATE, channel.id, changes=created(channel, _TOLD))
    _leave_traces(world, parent, channel, by.user_id, message)
    return channel


def _announce_new(world: State, channel: Channel) -> None:
    shown = {**render.channel(world, channel), "newly_created": True}
    world.dispatch("THREAD_CREATE", shown, guild_id=channel.guild_id, channel_id=channel.id)


def _leave_traces(
    world: State, parent: Channel, channel: Channel, starter: int, message: Message | None
) -> None:
    if message is not None:
        message.flags |= MessageFlag.HAS_THREAD
        shown = render.message_event(world, message)
        messages.tell(world, "MESSAGE_UPDATE", message, shown)
        said = messages.by_system(world, channel, starter, Kind.THREAD_STARTER_MESSAGE)
        said.reference = _pointing_at(message)
        messages.post(world, channel, said)
    elif channel.type == ChannelType.PUBLIC_THREAD and parent.type == ChannelType.TEXT:
        reference: Json = {"channel_id": str(channel.id), "guild_id": str(channel.guild_id)}
        said = messages.by_system(world, parent, starter, Kind.THREAD_CREATED, channel.name)
        said.reference = reference
        messages.post(world, parent, said)


def _pointing_at(message: Message) -> Json:
    return {
        "type": 0,
        "channel_id": str(message.channel_id),
        "message_id": str(message.id),
        "guild_id": str(message.guild_id),
    }


def start_in_forum(
    world: State,
    parent: Channel,
    name: str,
    body: Mapping[str, object],
    *,
    by: By,
    values: Mapping[str, object] | None = None,
    uploads: tuple[messages.Upload, ...] = (),
) -> tuple[Channel, Message]:
    """Start a post in a forum; its first message has the post's id."""
    channel = start(world, parent, name, by=by, values=values)
    origin = Origin(message_id=channel.id)
    first = messages.create(world, channel, by.user_id, body, uploads=uploads, origin=origin)
    return channel, first


def modify(
    world: State, channel: Channel, values: Mapping[str, object], by: By | None = None
) -> None:
    """Change a thread; nothing is told when nothing changed."""
    assert channel.thread is not None
    assert channel.guild_id is not None
    was_archived = channel.thread.archived
    changes = _apply(channel, channel.thread, values)
    if not changes:
        return
    if channel.thread.archived != was_archived:
        channel.thread.archive_timestamp = world.clock.now()
    shown = render.channel(world, channel)
    world.dispatch("THREAD_UPDATE", shown, guild_id=channel.guild_id, channel_id=channel.id)
    guild = world.guilds[channel.guild_id]
    record(world, guild, by, Action.THREAD_UPDATE, channel.id, changes=changes)


def _apply(channel: Channel, thread: Thread, values: Mapping[str, object]) -> list[Json]:
    of_thread = {key: value for key, value in values.items() if key in _OF_THREAD}
    of_channel = {key: value for key, value in values.items() if key not in _OF_THREAD}
    return apply(channel, of_channel) + apply(thread, of_thread)


def delete(world: State, channel: Channel, by: By | None = None) -> None:
    """Delete a thread and what was said in it."""
    assert channel.guild_id is not None
    guild = world.guilds[channel.guild_id]
    told: Json = {
        "id": str(channel.id),
        "guild_id": str(channel.guild_id),
        "parent_id": str(channel.parent_id),
        "type": channel.type,
    }
    world.dispatch("THREAD_DELETE", told, guild_id=channel.guild_id, channel_id=channel.id)
    guild.thread_ids.remove(channel.id)
    del world.channels[channel.id]
    world.histories.pop(channel.id, None)
    record(world, guild, by, Action.THREAD_DELETE, channel.id, changes=deleted(channel, _TOLD))


def of_guild(world: State, guild: Guild) -> Iterator[Channel]:
    """Yield the threads of a guild that are not archived, newest first."""
    for thread_id in reversed(guild.thread_ids):
        channel = world.channels[thread_id]
        if channel.thread is not None and not channel.thread.archived:
            yield channel


def archived_below(world: State, parent: Channel, types: frozenset[int]) -> list[Channel]:
    """Return the archived threads of some types below a channel, last archived first."""
    assert parent.guild_id is not None
    guild = world.guilds[parent.guild_id]
    found = [world.channels[one] for one in guild.thread_ids]
    below = [one for one in found if one.parent_id == parent.id and one.type in types]
    archived = [one for one in below if one.thread is not None and one.thread.archived]
    return sorted(archived, key=_archived_at, reverse=True)


def _archived_at(channel: Channel) -> float:
    return channel.thread.archive_timestamp.timestamp() if channel.thread else 0.0
