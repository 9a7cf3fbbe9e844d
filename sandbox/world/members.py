"""Members: joining, changing, leaving, being kicked, banned and let in again."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from sandbox.models import Ban, By, Guild, Json, Member, MessageType, User
from sandbox.snowflakes import at_time
from sandbox.world import messages, render, roles
from sandbox.world.audit import Action, apply, record
from sandbox.world.state import State

SUPPRESS_JOINS = 1 << 0
"""The flag of a system channel in which nobody is welcomed."""


def add(
    world: State,
    guild: Guild,
    user: User,
    *,
    role_ids: Sequence[int] = (),
    permissions: int = 0,
    by: By | None = None,
) -> Member:
    """Let somebody in; a bot gets a role of its own with the permissions it was invited with."""
    if user.id in guild.members:
        return guild.members[user.id]
    member = Member(guild.id, user.id, world.clock.now(), roles=list(role_ids))
    if user.bot and permissions:
        values = {"permissions": permissions}
        own = roles.create(world, guild, user.username, values=values, bot_id=user.id)
        member.roles.append(own.id)
    told = {**render.member_with_user(world, member), "guild_id": str(guild.id)}
    world.dispatch("GUILD_MEMBER_ADD", told, guild_id=guild.id)
    guild.members[user.id] = member
    _show_guild(world, guild, user.id)
    _say_welcome(world, guild, user.id)
    if user.bot:
        record(world, guild, by, Action.BOT_ADD, user.id)
    return member


def _say_welcome(world: State, guild: Guild, user_id: int) -> None:
    channel = world.channels.get(guild.system_channel_id or 0)
    if channel is None or guild.system_channel_flags & SUPPRESS_JOINS:
        return
    kind = MessageType.USER_JOIN
    messages.post(world, channel, messages.by_system(world, channel, user_id, kind))


def _show_guild(world: State, guild: Guild, user_id: int) -> None:
    shown = render.guild_create(world, guild, user_id)
    world.dispatch("GUILD_CREATE", shown, guild_id=guild.id, users=frozenset({user_id}))


def remove(
    world: State,
    guild: Guild,
    user_id: int,
    *,
    by: By | None = None,
    action: Action = Action.MEMBER_KICK,
) -> None:
    """Take somebody out, who left (without `by`), was kicked or was banned."""
    disconnect(world, guild, user_id)
    member = guild.members.pop(user_id)
    for thread_id in guild.thread_ids:
        thread = world.channels[thread_id].thread
        if thread is not None:
            thread.members.pop(user_id, None)
    user = world.users[user_id]
    told: Json = {"guild_id": str(guild.id), "user": render.user(user)}
    world.dispatch("GUILD_MEMBER_REMOVE", told, guild_id=guild.id)
    world.dispatch(
        "GUILD_DELETE", {"id": str(guild.id)}, guild_id=guild.id, users=frozenset({user_id})
    )
    for role in [guild.roles[one] for one in member.roles if guild.roles[one].bot_id == user_id]:
        roles.delete(world, guild, role)
    if by is not None and action == Action.MEMBER_KICK:
        record(world, guild, by, action, user_id)


def disconnect(world: State, guild: Guild, user_id: int) -> bool:
    """Take somebody out of voice; tell whether they were in it."""
    state = guild.voice_states.pop(user_id, None)
    if state is None:
        return False
    state.channel_id = 0
    shown = render.voice_state(world, state)
    world.dispatch("VOICE_STATE_UPDATE", shown, guild_id=guild.id)
    return True


def ban(
    world: State,
    guild: Guild,
    user_id: int,
    *,
    by: By | None = None,
    delete_messages: timedelta = timedelta(),
) -> None:
    """Ban somebody, a member or not, and delete what they wrote lately."""
    if user_id in guild.bans:
        return
    guild.bans[user_id] = Ban(user_id, by.reason if by else None)
    told: Json = {"guild_id": str(guild.id), "user": render.user(world.users[user_id])}
    world.dispatch("GUILD_BAN_ADD", told, guild_id=guild.id)
    if user_id in guild.members:
        remove(world, guild, user_id, by=by, action=Action.MEMBER_BAN_ADD)
    record(world, guild, by, Action.MEMBER_BAN_ADD, user_id)
    if delete_messages:
        delete_messages_of(world, guild, user_id, delete_messages)


def unban(world: State, guild: Guild, user_id: int, *, by: By | None = None) -> None:
    """Let a banned user come back."""
    del guild.bans[user_id]
    told: Json = {"guild_id": str(guild.id), "user": render.user(world.users[user_id])}
    world.dispatch("GUILD_BAN_REMOVE", told, guild_id=guild.id)
    record(world, guild, by, Action.MEMBER_BAN_REMOVE, user_id)


def delete_messages_of(world: State, guild: Guild, user_id: int, lately: timedelta) -> None:
    """Delete what somebody wrote in a guild lately."""
    since = at_time(world.clock.now() - lately)
    for channel_id in [*guild.channel_ids, *guild.thread_ids]:
        history = world.history(channel_id)
        ids = [one.id for one in history.after(since) if one.author_id == user_id]
        for message_id in ids:
            history.remove(message_id)
        if ids:
            _tell_deleted(world, guild, channel_id, ids)


def _tell_deleted(world: State, guild: Guild, channel_id: int, ids: list[int]) -> None:
    told: Json = {
        "ids": [str(one) for one in ids],
        "channel_id": str(channel_id),
        "guild_id": str(guild.id),
    }
    world.dispatch("MESSAGE_DELETE_BULK", told, guild_id=guild.id, channel_id=channel_id)


def modify(
    world: State, member: Member, values: Mapping[str, object], *, by: By | None = None
) -> None:
    """Change a membership; roles and the rest are told apart in the audit log."""
    guild = world.guilds[member.guild_id]
    former_roles = list(member.roles)
    changes = apply(member, values)
    if not changes:
        return
    announce(world, member)
    others = [one for one in changes if one["key"] not in ("roles", "avatar")]
    if others:
        record(world, guild, by, Action.MEMBER_UPDATE, member.user_id, changes=others)
    if member.roles != former_roles:
        told = _role_changes(guild, former_roles, member.roles)
        record(world, guild, by, Action.MEMBER_ROLE_UPDATE, member.user_id, changes=told)
    if member.user_id in guild.voice_states and {"mute", "deaf"} & {one["key"] for one in changes}:
        state = render.voice_state(world, guild.voice_states[member.user_id])
        world.dispatch("VOICE_STATE_UPDATE", state, guild_id=guild.id)


def announce(world: State, member: Member) -> None:
    """Tell a guild how a membership now is."""
    told = {**render.member_with_user(world, member), "guild_id": str(member.guild_id)}
    world.dispatch("GUILD_MEMBER_UPDATE", told, guild_id=member.guild_id)


def _role_changes(guild: Guild, former: list[int], present: list[int]) -> list[Json]:
    changes: list[Json] = []
    for key, ids in (
        ("$remove", [one for one in former if one not in present]),
        ("$add", [one for one in present if one not in former]),
    ):
        if ids:
            named = [{"name": guild.roles[one].name, "id": str(one)} for one in ids]
            changes.append({"key": key, "new_value": named})
    return changes
