"""Who has joined a thread."""

from sandbox.models import Channel, ChannelType, Json, Thread, ThreadMember
from sandbox.world import render
from sandbox.world.state import State


def join(world: State, channel: Channel, thread: Thread, user_id: int) -> None:
    """Let somebody join a thread; nothing happens when they have already."""
    if user_id in thread.members:
        return
    joined = ThreadMember(user_id, world.clock.now())
    thread.members[user_id] = joined
    if channel.type == ChannelType.PRIVATE_THREAD:
        shown = render.channel(world, channel, for_user=user_id)
        world.dispatch(
            "THREAD_CREATE", shown, guild_id=channel.guild_id, users=frozenset({user_id})
        )
    _tell(world, channel, thread, {"added_members": [_with_member(world, channel, joined)]})


def leave(world: State, channel: Channel, thread: Thread, user_id: int) -> None:
    """Let somebody leave a thread; nothing happens when they are not in it."""
    if thread.members.pop(user_id, None) is not None:
        _tell(world, channel, thread, {"removed_member_ids": [str(user_id)]})


def _tell(world: State, channel: Channel, thread: Thread, what: Json) -> None:
    told: Json = {
        "id": str(channel.id),
        "guild_id": str(channel.guild_id),
        "member_count": min(len(thread.members), 50),
        **what,
    }
    world.dispatch("THREAD_MEMBERS_UPDATE", told, guild_id=channel.guild_id, channel_id=channel.id)


def _with_member(world: State, channel: Channel, joined: ThreadMember) -> Json:
    assert channel.guild_id is not None
    shown: Json = {**render.thread_member(channel.id, joined), "presence": None}
    member = world.guilds[channel.guild_id].members.get(joined.user_id)
    shown["member"] = None if member is None else render.member_with_user(world, member)
    return shown
