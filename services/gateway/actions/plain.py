"""Actions on members and messages that are one request to Discord: which one each is."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from msgspec import UNSET, Struct

from services.gateway.actions.call import Call
from services.gateway.actions.payloads import Json, message_payload, with_nonce
from services.gateway.actions.places import PLACES
from services.gateway.actions.questions import QUESTIONS
from services.gateway.rest.routes import Route, of_channel, of_guild
from shared.contracts.actions import (
    AddRole,
    Ban,
    BulkBan,
    DeleteMessage,
    DeleteMessages,
    EditMember,
    EditMessage,
    Kick,
    RemoveRole,
    SendMessage,
    SetOwnNick,
    Timeout,
    Unban,
)
from shared.contracts.ids import ChannelId

UNKNOWN_MEMBER, UNKNOWN_MESSAGE, UNKNOWN_BAN = 10007, 10008, 10026
"""Codes by which Discord says that what was to be removed is not there."""


def _member(method: str, action: Any, template: str = "") -> Route:  # noqa: ANN401
    """Return a route below a member. Any: several actions have a guild and a user."""
    path = "/members/{user}" + template
    ids = {"user": action.user_id, "role": getattr(action, "role_id", 0)}
    return of_guild(method, action.guild_id, path, **ids)


def _ban(action: Ban, _key: str | None) -> Call:
    route = of_guild("PUT", action.guild_id, "/bans/{user}", user=action.user_id)
    return Call(route, {"delete_message_seconds": action.delete_message_seconds})


def _unban(action: Unban, _key: str | None) -> Call:
    route = of_guild("DELETE", action.guild_id, "/bans/{user}", user=action.user_id)
    return Call(route, missing=UNKNOWN_BAN)


def _bulk_ban(action: BulkBan, _key: str | None) -> Call:
    # sent again it would count those that it has just banned among those that it could not
    ids = [str(user) for user in dict.fromkeys(action.user_ids)]
    payload: Json = {"user_ids": ids, "delete_message_seconds": action.delete_message_seconds}
    return Call(of_guild("POST", action.guild_id, "/bulk-ban"), payload, safe=False)


def _kick(action: Kick, _key: str | None) -> Call:
    return Call(_member("DELETE", action), missing=UNKNOWN_MEMBER)


def _timeout(action: Timeout, _key: str | None) -> Call:
    until = None if action.until is None else _timestamp(action.until)
    return Call(_member("PATCH", action), {"communication_disabled_until": until})


def _edit_member(action: EditMember, _key: str | None) -> Call:
    changes: Json = {}
    for name in ("nick", "channel_id", "mute", "deaf"):
        value = getattr(action, name)
        if value is not UNSET:
            changes[name] = str(value) if name == "channel_id" and value is not None else value
    return Call(_member("PATCH", action), changes)


def _set_own_nick(action: SetOwnNick, _key: str | None) -> Call:
    return Call(of_guild("PATCH", action.guild_id, "/members/@me"), {"nick": action.nick})


def _add_role(action: AddRole, _key: str | None) -> Call:
    return Call(_member("PUT", action, "/roles/{role}"))


def _remove_role(action: RemoveRole, _key: str | None) -> Call:
    return Call(_member("DELETE", action, "/roles/{role}"))


def send_message(action: SendMessage, key: str | None) -> Call:
    """Return the request that posts a message."""
    payload = with_nonce(message_payload(action.message), key)
    if action.reply_to is not None:
        payload["message_reference"] = {
            "message_id": str(action.reply_to),
            "fail_if_not_exists": False,
        }
    route = of_channel("POST", action.channel_id, "/messages")
    return Call(route, payload, action.message.files, safe=key is not None)


def edit_message(action: EditMessage, _key: str | None) -> Call:
    """Return the request that changes a message."""
    route = of_channel("PATCH", action.channel_id, "/messages/{message}", message=action.message_id)
    return Call(route, message_payload(action.message, whole=True), action.message.files)


def delete_message(action: DeleteMessage, _key: str | None) -> Call:
    """Return the request that deletes a message."""
    return _deletion(action.channel_id, str(action.message_id))


def _delete_messages(action: DeleteMessages, _key: str | None) -> Call:
    ids = list(dict.fromkeys(str(message) for message in action.message_ids))
    if len(ids) == 1:  # Discord takes two or more here
        return _deletion(action.channel_id, ids[0])
    return Call(of_channel("POST", action.channel_id, "/messages/bulk-delete"), {"messages": ids})


def _deletion(channel_id: ChannelId, message_id: str) -> Call:
    route = of_channel("DELETE", channel_id, "/messages/{message}", message=message_id)
    return Call(route, missing=UNKNOWN_MESSAGE)


def _timestamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()


# Any: each function takes the action that it stands beside
PLAIN: Final[dict[type[Struct], Callable[[Any, str | None], Call]]] = {
    Ban: _ban,
    Unban: _unban,
    BulkBan: _bulk_ban,
    Kick: _kick,
    Timeout: _timeout,
    EditMember: _edit_member,
    SetOwnNick: _set_own_nick,
    AddRole: _add_role,
    RemoveRole: _remove_role,
    SendMessage: send_message,
    EditMessage: edit_message,
    DeleteMessage: delete_message,
    DeleteMessages: _delete_messages,
    **PLACES,
    **QUESTIONS,
}
"""What each of these actions asks of Discord."""
