"""Guilds: founded, changed, dissolved."""

from collections.abc import Mapping, Sequence

from sandbox.models import By, Guild, Member, Role, User
from sandbox.permissions import DEFAULT
from sandbox.world import channels, render
from sandbox.world.audit import Action, apply, record
from sandbox.world.state import State


def create(
    world: State, name: str, owner: User, *, channel_names: Sequence[str] = ("general",)
) -> Guild:
    """Found a guild with @everyone, its owner and some text channels."""
    now = world.clock.now()
    guild = Guild(world.snowflakes.next(), name, owner.id, now)
    guild.roles[guild.id] = Role(guild.id, guild.id, "@everyone", permissions=DEFAULT)
    guild.members[owner.id] = Member(guild.id, owner.id, now)
    world.guilds[guild.id] = guild
    for channel_name in channel_names:
        channels.create(world, guild, channel_name)
    shown = render.guild_create(world, guild, owner.id)
    world.dispatch("GUILD_CREATE", shown, guild_id=guild.id, users=frozenset({owner.id}))
    return guild


def modify(world: State, guild: Guild, values: Mapping[str, object], by: By | None = None) -> None:
    """Change a guild; nothing is told when nothing changed."""
    changes = apply(guild, values)
    if changes:
        world.dispatch("GUILD_UPDATE", render.guild(guild), guild_id=guild.id)
        record(world, guild, by, Action.GUILD_UPDATE, guild.id, changes=changes)


def delete(world: State, guild: Guild) -> None:
    """Dissolve a guild with everything in it."""
    everybody = frozenset(guild.members)
    world.dispatch("GUILD_DELETE", {"id": str(guild.id)}, guild_id=guild.id, users=everybody)
    for channel_id in [*guild.channel_ids, *guild.thread_ids]:
        world.channels.pop(channel_id, None)
        world.histories.pop(channel_id, None)
    for code in [one.code for one in world.invites.values() if one.guild_id == guild.id]:
        del world.invites[code]
    for hook in [one.id for one in world.webhooks.values() if one.guild_id == guild.id]:
        del world.webhooks[hook]
    del world.guilds[guild.id]


def set_unavailable(world: State, guild: Guild, *, unavailable: bool) -> None:
    """Let a guild fall out of reach, as in an outage of Discord's, or come back."""
    guild.unavailable = unavailable
    for user_id in guild.members:
        if unavailable:
            world.dispatch(
                "GUILD_DELETE",
                render.unavailable_guild(guild),
                guild_id=guild.id,
                users=frozenset({user_id}),
            )
        elif world.users[user_id].bot:
            shown = render.guild_create(world, guild, user_id)
            world.dispatch("GUILD_CREATE", shown, guild_id=guild.id, users=frozenset({user_id}))
