"""Questions that Discord answers: which request each is. Asked again, they are asked again."""

from collections.abc import Callable
from typing import Any, Final

from msgspec import Struct

from services.gateway.actions.call import Call
from services.gateway.rest.routes import of_bot, of_channel, of_guild, with_query
from shared.contracts.actions import (
    GetAuditLog,
    GetBan,
    GetChannel,
    GetMember,
    GetMessage,
    GetUser,
    ListBans,
    ListInvites,
    ListMembers,
    ListMessages,
    ListPins,
)


def _get_user(action: GetUser, _key: str | None) -> Call:
    return Call(of_bot("GET", "/users/{user}", user=action.user_id))


def _get_member(action: GetMember, _key: str | None) -> Call:
    return Call(of_guild("GET", action.guild_id, "/members/{user}", user=action.user_id))


def _list_members(action: ListMembers, _key: str | None) -> Call:
    route = of_guild("GET", action.guild_id, "/members")
    return Call(with_query(route, after=action.after, limit=action.limit))


def _get_ban(action: GetBan, _key: str | None) -> Call:
    return Call(of_guild("GET", action.guild_id, "/bans/{user}", user=action.user_id))


def _list_bans(action: ListBans, _key: str | None) -> Call:
    route = of_guild("GET", action.guild_id, "/bans")
    return Call(with_query(route, after=action.after, limit=action.limit))


def _get_audit_log(action: GetAuditLog, _key: str | None) -> Call:
    names = ("user_id", "target_id", "action_type", "before", "after", "limit")
    filters = {name: getattr(action, name) for name in names}
    return Call(with_query(of_guild("GET", action.guild_id, "/audit-logs"), **filters))


def _list_invites(action: ListInvites, _key: str | None) -> Call:
    return Call(of_guild("GET", action.guild_id, "/invites"))


def _get_channel(action: GetChannel, _key: str | None) -> Call:
    return Call(of_channel("GET", action.channel_id))


def _get_message(action: GetMessage, _key: str | None) -> Call:
    path = "/messages/{message}"
    return Call(of_channel("GET", action.channel_id, path, message=action.message_id))


def _list_messages(action: ListMessages, _key: str | None) -> Call:
    route = of_channel("GET", action.channel_id, "/messages")
    filters = {"before": action.before, "after": action.after, "limit": action.limit}
    return Call(with_query(route, **filters))


def _list_pins(action: ListPins, _key: str | None) -> Call:
    before = action.before.isoformat() if action.before else None
    route = of_channel("GET", action.channel_id, "/messages/pins")
    return Call(with_query(route, before=before, limit=action.limit))


# Any: each function takes the action that it stands beside
QUESTIONS: Final[dict[type[Struct], Callable[[Any, str | None], Call]]] = {
    GetUser: _get_user,
    GetMember: _get_member,
    ListMembers: _list_members,
    GetBan: _get_ban,
    ListBans: _list_bans,
    GetAuditLog: _get_audit_log,
    ListInvites: _list_invites,
    GetChannel: _get_channel,
    GetMessage: _get_message,
    ListMessages: _list_messages,
    ListPins: _list_pins,
}
"""What each of these questions asks of Discord; GetGuild is answered by the gateway itself."""
