"""Op 8: a guild's members in chunks."""

from collections.abc import Iterator
from datetime import timedelta

import msgspec
from msgspec import UNSET, Struct, UnsetType

from sandbox.gateway.codes import Intents, Op
from sandbox.gateway.core import Core
from sandbox.gateway.session import Session
from sandbox.models import Guild, Json, Member
from sandbox.world import render

_CHUNK = 1000
_NONE = timedelta()
_MOST_BY_NAME = 100
_MOST_BY_ID = 100
_LONGEST_NONCE = 32

Snowflake = int | str


class MembersRequest(Struct):
    """The data of op 8."""

    guild_id: Snowflake | list[Snowflake]
    query: str | None = None
    limit: int = 0
    presences: bool | None = False
    user_ids: Snowflake | list[Snowflake] | UnsetType = UNSET
    nonce: str | None = None


def send_members(core: Core, session: Session, data: object) -> None:
    """Send the members that are asked for to the session that asks."""
    asked = msgspec.convert(data, MembersRequest)
    guild = core.world.guilds.get(_one(asked.guild_id))
    if guild is None or session.account_id not in guild.members:
        return
    if _lists_all(asked) and (wait := _too_soon(core, session, guild)):
        core.send(session, "RATE_LIMITED", _limited(guild, asked, wait))
        return
    for chunk in _chunks(core, session, guild, asked):
        core.send(session, "GUILD_MEMBERS_CHUNK", chunk)


def _lists_all(asked: MembersRequest) -> bool:
    return asked.user_ids is UNSET and not asked.query and not asked.limit


def _too_soon(core: Core, session: Session, guild: Guild) -> timedelta | None:
    if not session.bot:
        return None
    now, key = core.world.clock.now(), (session.account_id, guild.id)
    last = core.member_lists.get(key)
    if last is not None and (left := last + core.settings.member_list_interval - now) > _NONE:
        return left
    core.member_lists[key] = now
    return None


def _limited(guild: Guild, asked: MembersRequest, wait: timedelta) -> Json:
    meta: Json = {"guild_id": str(guild.id)}
    if asked.nonce is not None:
        meta["nonce"] = asked.nonce
    return {
        "opcode": int(Op.REQUEST_GUILD_MEMBERS),
        "retry_after": wait.total_seconds(),
        "meta": meta,
    }


def _one(value: Snowflake | list[Snowflake]) -> int:
    return int(value[0]) if isinstance(value, list) else int(value)


def _choose(
    core: Core, session: Session, guild: Guild, asked: MembersRequest
) -> tuple[list[Member], list[str]]:
    if asked.user_ids is not UNSET:
        return _by_id(guild, asked.user_ids)
    query = (asked.query or "").lower()
    if _lists_all(asked):
        return (list(guild.members.values()) if _may_list(session) else []), []
    named = [m for m in guild.members.values() if _is_called(core, m, query)]
    return named[: min(asked.limit or _MOST_BY_NAME, _MOST_BY_NAME)], []


def _may_list(session: Session) -> bool:
    return not session.bot or bool(session.intents & Intents.GUILD_MEMBERS)


def _by_id(guild: Guild, ids: Snowflake | list[Snowflake]) -> tuple[list[Member], list[str]]:
    wanted = [int(one) for one in (ids if isinstance(ids, list) else [ids])][:_MOST_BY_ID]
    found = [guild.members[one] for one in wanted if one in guild.members]
    return found, [str(one) for one in wanted if one not in guild.members]


def _is_called(core: Core, member: Member, query: str) -> bool:
    user = core.world.users[member.user_id]
    names = (member.nick, user.global_name, user.username)
    return any(name.lower().startswith(query) for name in names if name)


def _chunks(core: Core, session: Session, guild: Guild, asked: MembersRequest) -> Iterator[Json]:
    found, missing = _choose(core, session, guild, asked)
    parts = [found[start : start + _CHUNK] for start in range(0, len(found), _CHUNK)] or [[]]
    for index, part in enumerate(parts):
        chunk: Json = {
            "guild_id": str(guild.id),
            "members": [render.member_with_user(core.world, one) for one in part],
            "chunk_index": index,
            "chunk_count": len(parts),
        }
        if missing:
            chunk["not_found"] = missing
        if asked.presences and session.intents & Intents.GUILD_PRESENCES:
            chunk["presences"] = _presences(core, guild, part)
        if asked.nonce is not None and len(asked.nonce.encode()) <= _LONGEST_NONCE:
            chunk["nonce"] = asked.nonce
        yield chunk


def _presences(core: Core, guild: Guild, part: list[Member]) -> list[Json]:
    shown = core.world.presences
    return [
        render.presence(one.user_id, shown[one.user_id], guild.id)
        for one in part
        if one.user_id in shown
    ]
