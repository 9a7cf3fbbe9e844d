"""Channels of guilds and direct messages: opened, changed, closed."""

from collections.abc import Mapping

from sandbox.models import THREAD_TYPES, By, Channel, ChannelType, Guild, Json, Overwrite
from sandbox.world import render
from sandbox.world.audit import Action, apply, change, created, deleted, record
from sandbox.world.state import State

_TOLD = ("name", "type", "nsfw", "rate_limit_per_user")


def create(
    world: State,
    guild: Guild,
    name: str,
    *,
    type: int = ChannelType.TEXT,  # noqa: A002 - Discord's word for it
    by: By | None = None,
    values: Mapping[str, object] | None = None,
) -> Channel:
    """Open a channel at the end of the list; one in a category starts with its overwrites."""
    channel = Channel(world.snowflakes.next(), type, guild.id, name)
    channel.position = len(guild.channel_ids)
    apply(channel, values or {})
    if channel.parent_id is not None and not (values or {}).get("overwrites"):
        channel.overwrites = copied(world.channels[channel.parent_id].overwrites)
    world.channels[channel.id] = channel
    guild.channel_ids.append(channel.id)
    announce(world, channel, "CHANNEL_CREATE")
    record(world, guild, by, Action.CHANNEL_CREATE, channel.id, changes=created(channel, _TOLD))
    return channel


def copied(overwrites: Mapping[int, Overwrite]) -> dict[int, Overwrite]:
    """Return the same overwrites for another channel."""
    return {one.id: Overwrite(one.id, one.type, one.allow, one.deny) for one in overwrites.values()}


def open_dm(world: State, first: int, second: int) -> Channel:
    """Return the direct messages of two users, opened when they have none."""
    pair = frozenset({first, second})
    if (known := world.dms.get(pair)) is not None:
        return world.channels[known]
    channel = Channel(world.snowflakes.next(), ChannelType.DM, recipients=sorted(pair))
    world.channels[channel.id] = channel
    world.dms[pair] = channel.id
    return channel


def modify(
    world: State, channel: Channel, values: Mapping[str, object], by: By | None = None
) -> None:
    """Change a channel of a guild; nothing is told when nothing changed."""
    assert channel.guild_id is not None
    changes = apply(channel, values)
    if not changes:
        return
    announce(world, channel, "CHANNEL_UPDATE")
    told = [one for one in changes if one["key"] != "overwrites"]
    if told:
        guild = world.guilds[channel.guild_id]
        record(world, guild, by, Action.CHANNEL_UPDATE, channel.id, changes=told)


def delete(world: State, channel: Channel, by: By | None = None) -> None:
    """Delete a channel of a guild with its threads, messages, invites and webhooks."""
    assert channel.guild_id is not None
    guild = world.guilds[channel.guild_id]
    for thread_id in [one for one in guild.thread_ids if _is_below(world, one, channel.id)]:
        _forget(world, world.channels[thread_id])
        guild.thread_ids.remove(thread_id)
    for child_id in guild.channel_ids:
        if world.channels[child_id].parent_id == channel.id:
            modify(world, world.channels[child_id], {"parent_id": None})
    guild.channel_ids.remove(channel.id)
    announce(world, channel, "CHANNEL_DELETE")
    _forget(world, channel)
    if guild.system_channel_id == channel.id:
        guild.system_channel_id = None
    record(world, guild, by, Action.CHANNEL_DELETE, channel.id, changes=deleted(channel, _TOLD))


def _is_below(world: State, thread_id: int, channel_id: int) -> bool:
    return world.channels[thread_id].parent_id == channel_id


def _forget(world: State, channel: Channel) -> None:
    world.channels.pop(channel.id, None)
    world.histories.pop(channel.id, None)
    for code in [one.code for one in world.invites.values() if one.channel_id == channel.id]:
        del world.invites[code]
    for hook in [one.id for one in world.webhooks.values() if one.channel_id == channel.id]:
        del world.webhooks[hook]


def put_overwrite(
    world: State, channel: Channel, overwrite: Overwrite, by: By | None = None
) -> None:
    """Set what a channel allows and denies to a role or a member."""
    assert channel.guild_id is not None
    former = channel.overwrites.get(overwrite.id)
    channel.overwrites[overwrite.id] = overwrite
    announce(world, channel, "CHANNEL_UPDATE")
    action = Action.CHANNEL_OVERWRITE_UPDATE if former else Action.CHANNEL_OVERWRITE_CREATE
    before = former or Overwrite(overwrite.id, overwrite.type)
    changes = [
        change(key, getattr(before, key), getattr(overwrite, key))
        for key in ("allow", "deny")
        if former is None or getattr(before, key) != getattr(overwrite, key)
    ]
    guild = world.guilds[channel.guild_id]
    options = _overwrite_options(guild, overwrite)
    record(world, guild, by, action, channel.id, changes=changes, options=options)


def delete_overwrite(
    world: State, channel: Channel, overwrite: Overwrite, by: By | None = None
) -> None:
    """Take back what a channel allowed and denied to a role or a member."""
    assert channel.guild_id is not None
    del channel.overwrites[overwrite.id]
    announce(world, channel, "CHANNEL_UPDATE")
    guild = world.guilds[channel.guild_id]
    record(
        world,
        guild,
        by,
        Action.CHANNEL_OVERWRITE_DELETE,
        channel.id,
        changes=deleted(overwrite, ("id", "type", "allow", "deny")),
        options=_overwrite_options(guild, overwrite),
    )


def _overwrite_options(guild: Guild, overwrite: Overwrite) -> Json:
    options: Json = {"id": str(overwrite.id), "type": str(overwrite.type)}
    if overwrite.type == 0 and overwrite.id in guild.roles:
        options["role_name"] = guild.roles[overwrite.id].name
    return options


def announce(world: State, channel: Channel, event: str) -> None:
    """Tell a guild what became of a channel; also those who can't see it (any more) are told."""
    world.dispatch(event, render.channel(world, channel), guild_id=channel.guild_id)


def parent_of(world: State, channel: Channel) -> Channel:
    """Return the channel whose overwrites count: a thread's parent, or the channel itself."""
    if channel.type in THREAD_TYPES and channel.parent_id is not None:
        return world.channels[channel.parent_id]
    return channel
