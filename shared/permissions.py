"""Who may do what: levels, overrides of commands, web roles, and who may act on whom."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from shared.contracts.config import CommandRule, ConfigDocument, WebRole
from shared.contracts.discord import (
    ADMINISTRATOR as ADMINISTRATOR_PERMISSION,
)
from shared.contracts.discord import (
    BAN_MEMBERS,
    KICK_MEMBERS,
    MODERATE_MEMBERS,
    GuildSnapshot,
)
from shared.contracts.ids import RoleId, UserId
from shared.contracts.invocations import CommandSpec, Invocation
from shared.errors import ForbiddenError

EVERYONE: Final = 0
TRUSTED: Final = 10
MODERATOR: Final = 50
ADMINISTRATOR: Final = 100
OWNER: Final = 500
OPERATOR: Final = 1000

_MODERATES: Final = BAN_MEMBERS | KICK_MEMBERS | MODERATE_MEMBERS
_WEB_ROLES: Final[tuple[WebRole | None, ...]] = (None, "viewer", "editor", "admin")


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody in a guild, with what decides about their level; `permissions` is Discord's bit set.

    Who is not in the guild has no roles and no permissions.
    """

    id: UserId
    roles: tuple[RoleId, ...] = ()
    permissions: int = 0
    owner: bool = False


@dataclass(frozen=True, slots=True)
class Disabled:
    """A command that the guild's configuration has turned off, and the selector that does it."""

    selector: str


def person_of(by: Invocation) -> Person:
    """Return who ran a command."""
    member = by.member
    return Person(
        id=by.user.id,
        roles=member.roles if member else (),
        permissions=member.permissions if member else 0,
        owner=by.guild is not None and by.guild.owner_id == by.user.id,
    )


def person_in(guild: GuildSnapshot, user_id: UserId, roles: Iterable[RoleId] = ()) -> Person:
    """Return somebody of a guild; `roles` without @everyone, none when they are not in it."""
    held = tuple(roles)
    return Person(
        id=user_id,
        roles=held,
        permissions=permissions_of(guild, held),
        owner=guild.owner_id == user_id,
    )


def permissions_of(guild: GuildSnapshot, roles: Iterable[RoleId]) -> int:
    """Return the guild-wide permissions of somebody with these roles, @everyone's included."""
    held = {*roles, guild.id}
    bits = 0
    for role in guild.roles:
        if role.id in held:
            bits |= role.permissions
    return bits


def level_of(
    who: Person | Invocation, config: ConfigDocument, operators: Iterable[int] = ()
) -> int:
    """Return somebody's level in a guild."""
    return _level(_person(who), config, operators)[0]


def web_role_of(
    who: Person | Invocation, config: ConfigDocument, operators: Iterable[int] = ()
) -> WebRole | None:
    """Return what somebody may do on the dashboard: the most that any of their entries gives.

    Owners and operators are admins. With no `permissions` in the configuration Discord's own
    decide: administrators are admins, who may ban, kick or moderate members is a viewer.
    """
    person = _person(who)
    if person.owner or person.id in operators:
        return "admin"
    if not config.permissions:
        return _web_role_by_discord(person.permissions)
    ranks = [web_rank(config.permissions[key].web) for key in _keys(person, config)]
    return _WEB_ROLES[max(ranks, default=0)]


def web_rank(role: WebRole | None) -> int:
    """Return how high a web role is; none at all is 0."""
    return _WEB_ROLES.index(role)


def required_level(config: ConfigDocument, spec: CommandSpec) -> int | Disabled:
    """Return the level that a command needs in a guild, or that it is turned off there.

    The most specific selector that says something decides: command, group, plugin. Commands of
    operators can't be changed by a guild.
    """
    if spec.level >= OPERATOR:
        return spec.level
    rule = deciding_rule(config, spec)
    if rule is None:
        return spec.level
    if rule.override.disabled:
        return Disabled(selector_text(rule))
    return spec.level if rule.override.level is None else rule.override.level


def deciding_rule(config: ConfigDocument, spec: CommandSpec) -> CommandRule | None:
    """Return the rule of the configuration that decides about a command; the last one of equals."""
    found: dict[str, CommandRule] = {}
    for rule in config.commands:
        selector = rule.selector
        if selector.command == spec.name.replace(" ", "."):
            found["command"] = rule
        elif selector.group == spec.first_word:
            found["group"] = rule
        elif selector.plugin == spec.plugin:
            found["plugin"] = rule
    return next((found[each] for each in ("command", "group", "plugin") if each in found), None)


def selector_text(rule: CommandRule) -> str:
    """Return a rule's selector as the configuration writes it."""
    selector = rule.selector
    if selector.command is not None:
        return f"{{command: {selector.command}}}"
    if selector.group is not None:
        return f"{{command.group: {selector.group}}}"
    return f"{{plugin.name: {selector.plugin}}}"


def check_command(
    by: Invocation, spec: CommandSpec, config: ConfigDocument, operators: Iterable[int] = ()
) -> None:
    """Raise ForbiddenError, which says why, when somebody may not run a command."""
    needed = required_level(config, spec)
    if isinstance(needed, Disabled):
        raise ForbiddenError(f"`{spec.name}` is turned off in this server.")
    level = level_of(by, config, operators)
    if level < needed:
        raise ForbiddenError(
            f"You can't use {_named(by, spec)}: it needs level {needed}, and yours is {level}."
        )


def _named(by: Invocation, spec: CommandSpec) -> str:
    """Name what somebody has before them: they know no name of a button or a form."""
    return "this" if by.source in ("component", "modal") else f"`{spec.name}`"


def explain(
    who: Person | Invocation,
    spec: CommandSpec,
    config: ConfigDocument,
    operators: Iterable[int] = (),
) -> list[str]:
    """Return, line by line, why somebody may or may not run a command."""
    person = _person(who)
    needed = required_level(config, spec)
    level, because = _level(person, config, operators)
    lines = [_why_needed(config, spec, needed), f"<@{person.id}> has level {level}: {because}."]
    if isinstance(needed, Disabled):
        verdict = "So nobody may use it."
    elif level >= needed:
        verdict = f"So <@{person.id}> may use it."
    else:
        verdict = f"So <@{person.id}> may not use it."
    return [*lines, verdict]


def _why_needed(config: ConfigDocument, spec: CommandSpec, needed: int | Disabled) -> str:
    if isinstance(needed, Disabled):
        return f"`{spec.name}` is turned off by `{needed.selector}`."
    rule = deciding_rule(config, spec)
    if rule is None or rule.override.level is None or spec.level >= OPERATOR:
        return f"`{spec.name}` needs level {needed}, as nothing in the configuration changes it."
    return f"`{spec.name}` needs level {needed}, by `{selector_text(rule)}`."


# --- acting on somebody -------------------------------------------------------------------------

Rule = Literal["self", "bot", "owner", "bot_position", "level", "top_role"]


class HierarchyError(ForbiddenError):
    """Somebody may not act on somebody else; `rule` says which of the rules forbids it."""

    code = "hierarchy"

    def __init__(self, rule: Rule, message: str) -> None:
        super().__init__(message)
        self.rule = rule


def may_act_on(
    actor: Person,
    target: Person,
    guild: GuildSnapshot,
    config: ConfigDocument,
    operators: Iterable[int] = (),
) -> None:
    """Raise HierarchyError when `actor` may not act on `target`; the message says by which rule.

    The bot's own position comes first, then the moderator's level, then their top role. Who is
    not in the guild is a Person without roles.
    """
    known = frozenset(operators)
    _refuse_oneself_the_bot_and_the_owner(actor, target, guild)
    positions = {role.id: role.position for role in guild.roles}
    theirs = _top(target.roles, positions)
    if theirs > 0 and theirs >= _top(guild.bot_roles, positions):
        raise HierarchyError(
            "bot_position",
            f"I can't act on <@{target.id}>: their highest role is not below mine. "
            "Move my role above theirs in the server's settings.",
        )
    level, their_level = level_of(actor, config, known), level_of(target, config, known)
    if their_level >= level:
        raise HierarchyError(
            "level",
            f"You can't act on <@{target.id}>: their level is {their_level}, and yours is {level}.",
        )
    above_roles = actor.owner or actor.id in known
    if theirs > 0 and not above_roles and theirs >= _top(actor.roles, positions):
        raise HierarchyError(
            "top_role", f"You can't act on <@{target.id}>: their highest role is not below yours."
        )


def _refuse_oneself_the_bot_and_the_owner(
    actor: Person, target: Person, guild: GuildSnapshot
) -> None:
    if target.id == actor.id:
        raise HierarchyError("self", "You can't do this to yourself.")
    if target.id == guild.bot_id:
        raise HierarchyError("bot", "I can't do this to myself.")
    if target.owner or target.id == guild.owner_id:
        raise HierarchyError(
            "owner", f"<@{target.id}> owns this server: nobody can act on them, nor can I."
        )


def _top(roles: Iterable[RoleId], positions: dict[RoleId, int]) -> int:
    return max((positions.get(role, 0) for role in roles), default=0)


# --- levels -------------------------------------------------------------------------------------


def _person(who: Person | Invocation) -> Person:
    return who if isinstance(who, Person) else person_of(who)


def _level(person: Person, config: ConfigDocument, operators: Iterable[int]) -> tuple[int, str]:
    """Return somebody's level, and where it comes from."""
    if person.id in operators:
        return OPERATOR, "an operator of this installation"
    if person.owner:
        return OWNER, "the owner of the server"
    if not config.permissions:
        return _level_by_discord(person.permissions)
    keys = _keys(person, config)
    if not keys:
        return EVERYONE, "no entry of `permissions` in the configuration is about them"
    best = max(keys, key=lambda key: config.permissions[key].level)
    named = f"<@{best}>" if best == person.id else f"<@&{best}>"
    return min(config.permissions[best].level, OWNER), f"the entry of {named} in `permissions`"


def _keys(person: Person, config: ConfigDocument) -> list[int]:
    """Return the entries of `permissions` that are about somebody."""
    return [key for key in (person.id, *person.roles) if key in config.permissions]


def _level_by_discord(permissions: int) -> tuple[int, str]:
    configured = "the server has no `permissions` in its configuration"
    if permissions & ADMINISTRATOR_PERMISSION:
        return ADMINISTRATOR, f"{configured}, and they are an administrator in Discord"
    if permissions & _MODERATES:
        return MODERATOR, f"{configured}, and they may ban, kick or moderate members in Discord"
    return EVERYONE, f"{configured}, and they don't moderate in Discord"


def _web_role_by_discord(permissions: int) -> WebRole | None:
    if permissions & ADMINISTRATOR_PERMISSION:
        return "admin"
    return "viewer" if permissions & _MODERATES else None
