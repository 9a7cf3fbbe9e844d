"""Roles: made, changed, moved, deleted."""

from collections.abc import Mapping

from sandbox.models import By, Guild, Json, Role
from sandbox.world import render
from sandbox.world.audit import Action, apply, created, deleted, record
from sandbox.world.state import State

_TOLD = ("name", "permissions", "color", "hoist", "mentionable")


def create(
    world: State,
    guild: Guild,
    name: str = "new role",
    *,
    by: By | None = None,
    values: Mapping[str, object] | None = None,
    bot_id: int | None = None,
) -> Role:
    """Make a role at the bottom of the list."""
    role = Role(world.snowflakes.next(), guild.id, name, position=1, bot_id=bot_id)
    role.managed = bot_id is not None
    apply(role, values or {})
    _make_room(world, guild)
    guild.roles[role.id] = role
    _announce(world, role, "GUILD_ROLE_CREATE")
    record(world, guild, by, Action.ROLE_CREATE, role.id, changes=created(role, _TOLD))
    return role


def _make_room(world: State, guild: Guild) -> None:
    for other in guild.roles.values():
        if other.id != guild.id:
            other.position += 1
            _announce(world, other, "GUILD_ROLE_UPDATE")


def modify(
    world: State, guild: Guild, role: Role, values: Mapping[str, object], by: By | None = None
) -> None:
    """Change a role; nothing is told when nothing changed."""
    changes = apply(role, values)
    if changes:
        _announce(world, role, "GUILD_ROLE_UPDATE")
        record(world, guild, by, Action.ROLE_UPDATE, role.id, changes=changes)


def move(world: State, guild: Guild, positions: Mapping[int, int], by: By | None = None) -> None:
    """Put roles at new positions and close the gaps; @everyone stays at the bottom."""
    wanted = {role.id: positions.get(role.id, role.position) for role in guild.roles.values()}
    moved_first = sorted(
        (role for role in guild.roles if role != guild.id),
        key=lambda one: (wanted[one], one in positions, -one),
    )
    for position, role_id in enumerate(moved_first, start=1):
        modify(world, guild, guild.roles[role_id], {"position": position}, by)


def delete(world: State, guild: Guild, role: Role, by: By | None = None) -> None:
    """Delete a role and take it from those who had it."""
    del guild.roles[role.id]
    for member in guild.members.values():
        if role.id in member.roles:
            member.roles.remove(role.id)
    for channel_id in guild.channel_ids:
        world.channels[channel_id].overwrites.pop(role.id, None)
    gone: Json = {"guild_id": str(guild.id), "role_id": str(role.id)}
    world.dispatch("GUILD_ROLE_DELETE", gone, guild_id=guild.id)
    record(world, guild, by, Action.ROLE_DELETE, role.id, changes=deleted(role, _TOLD))


def _announce(world: State, role: Role, event: str) -> None:
    told: Json = {"guild_id": str(role.guild_id), "role": render.role(role)}
    world.dispatch(event, told, guild_id=role.guild_id)
