"""Mentions: who is named in a text, and who of them may be notified."""

import re
from typing import cast

from msgspec import Struct

from sandbox import forms
from sandbox.forms import Invalid, Json, invalid
from sandbox.models import Channel
from sandbox.permissions import Permission
from sandbox.world.state import State
from sandbox.world.visibility import bits_in

_USER = re.compile(r"<@!?(\d{1,20})>")
_ROLE = re.compile(r"<@&(\d{1,20})>")
_EVERYONE = re.compile(r"@(everyone|here)\b")
_IDS = forms.nullable(forms.array(forms.snowflake, maximum=100))
_READ = forms.model(
    {
        "parse": forms.nullable(forms.array(forms.choice("users", "roles", "everyone"))),
        "users": _IDS,
        "roles": _IDS,
        "replied_user": forms.nullable(forms.boolean),
    }
)


class Allowed(Struct, frozen=True):
    """Which mentions of a message may notify; `None` for ids means all that are named."""

    users: frozenset[int] | None = None
    roles: frozenset[int] | None = None
    everyone: bool = True
    replied_user: bool = True


def read_allowed(value: object) -> Allowed:
    """Accept `allowed_mentions`; what it leaves out is not allowed."""
    given = cast("Json", _READ(value))
    parse = cast("list[str]", given.get("parse") or [])
    ids = {kind: cast("list[int]", given.get(kind) or []) for kind in ("users", "roles")}
    for kind, named in ids.items():
        if kind in parse and named:
            message = f'parse:["{kind}"] and {kind}: [ids...] are mutually exclusive.'
            code = "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE"
            raise Invalid(invalid(code, message).errors)
    return Allowed(
        users=None if "users" in parse else frozenset(ids["users"]),
        roles=None if "roles" in parse else frozenset(ids["roles"]),
        everyone="everyone" in parse,
        replied_user=bool(given.get("replied_user")),
    )


class Found(Struct, frozen=True):
    """The mentions of a message that count."""

    users: list[int]
    roles: list[int]
    everyone: bool


NOTHING = Found([], [], everyone=False)


def find(world: State, channel: Channel, author_id: int, text: str, allowed: Allowed) -> Found:
    """Find the mentions in a text that are allowed and that the author may make."""
    if "@" not in text:
        return NOTHING
    users = [one for one in _ids(_USER, text) if _is_reachable(world, channel, one)]
    if allowed.users is not None:
        users = [one for one in users if one in allowed.users]
    if channel.guild_id is None:
        return Found(users, [], everyone=False)
    may_all = author_may_mention_all(world, channel, author_id)
    roles = [one for one in _ids(_ROLE, text) if _is_role(world, channel.guild_id, one)]
    if allowed.roles is not None:
        roles = [one for one in roles if one in allowed.roles]
    everyone = may_all and allowed.everyone and _EVERYONE.search(text) is not None
    return Found(users, roles, everyone=everyone)


def author_may_mention_all(world: State, channel: Channel, author_id: int) -> bool:
    """Tell whether somebody may mention everyone here; a webhook (no member) may."""
    assert channel.guild_id is not None
    if author_id not in world.guilds[channel.guild_id].members:
        return True
    return bool(bits_in(world, channel, author_id) & Permission.MENTION_EVERYONE)


def _ids(pattern: re.Pattern[str], text: str) -> list[int]:
    return list(dict.fromkeys(int(found) for found in pattern.findall(text)))


def _is_reachable(world: State, channel: Channel, user_id: int) -> bool:
    if channel.guild_id is None:
        return user_id in channel.recipients
    return user_id in world.users


def _is_role(world: State, guild_id: int, role_id: int) -> bool:
    return role_id in world.guilds[guild_id].roles and role_id != guild_id
