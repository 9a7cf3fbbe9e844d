"""Actions that are one request to Discord: which one each is."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

from msgspec import UNSET, Struct

from services.gateway.actions.payloads import Json, message_payload, with_nonce
from services.gateway.rest.routes import Route, of_bot, of_channel, of_guild
from shared.contracts.actions import (
    AddReaction,
    AddRole,
    Ban,
    DeleteMessage,
    DeleteMessages,
    EditMember,
    EditMessage,
    File,
    GetBan,
    GetMember,
    GetUser,
    Kick,
    RemoveRole,
    SendMessage,
    SetOwnNick,
    Timeout,
    Unban,
)


class Call(Struct, frozen=True):
    """A request: where, what, and whether doing it twice is doing it once."""

    route: Route
    json: Json | None = None
    files: tuple[File, ...] = ()
    safe: bool = True


def _member(method: str, action: Any, template: str = "") -> Route:  # noqa: ANN401
    """Return a route below a member. Any: several actions have a guild and a user."""
    path = "/members/{user}" + template
    ids = {"user": action.user_id, "role": getattr(action, "role_id", 0)}
    return of_guild(method, action.guild_id, path, **ids)


def _ban(action: Ban, _key: str | None) -> Call:
    route = of_guild("PUT", action.guild_id, "/bans/{user}", user=action.user_id)
    return Call(route, {"delete_message_seconds": action.delete_message_seconds})


def _unban(action: Unban, _key: str | None) -> Call:
    return Call(of_guild("DELETE", action.guild_id, "/bans/{user}", user=action.user_id))


def _get_ban(action: GetBan, _key: str | None) -> Call:
    return Call(of_guild("GET", action.guild_id, "/bans/{user}", user=action.user_id))


def _kick(action: Kick, _key: str | None) -> Call:
    return Call(_member("DELETE", action))


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


def _get_member(action: GetMember, _key: str | None) -> Call:
    return Call(_member("GET", action))


def _get_user(action: GetUser, _key: str | None) -> Call:
    return Call(of_bot("GET", "/users/{user}", user=action.user_id))


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


def _delete_message(action: DeleteMessage, _key: str | None) -> Call:
    path = "/messages/{message}"
    return Call(of_channel("DELETE", action.channel_id, path, message=action.message_id))


def _delete_messages(action: DeleteMessages, _key: str | None) -> Call:
    ids = list(dict.fromkeys(str(message) for message in action.message_ids))
    if len(ids) == 1:  # Discord takes two or more here
        path = "/messages/{message}"
        return Call(of_channel("DELETE", action.channel_id, path, message=ids[0]))
    return Call(of_channel("POST", action.channel_id, "/messages/bulk-delete"), {"messages": ids})


def _add_reaction(action: AddReaction, _key: str | None) -> Call:
    path = "/messages/{message}/reactions/{emoji}/@me"
    emoji = quote(action.emoji, safe=":")
    return Call(of_channel("PUT", action.channel_id, path, message=action.message_id, emoji=emoji))


def _timestamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()


# Any: each function takes the action that it stands beside
PLAIN: Final[dict[type[Struct], Callable[[Any, str | None], Call]]] = {
    Ban: _ban,
    Unban: _unban,
    GetBan: _get_ban,
    Kick: _kick,
    Timeout: _timeout,
    EditMember: _edit_member,
    SetOwnNick: _set_own_nick,
    AddRole: _add_role,
    RemoveRole: _remove_role,
    GetMember: _get_member,
    GetUser: _get_user,
    SendMessage: send_message,
    EditMessage: edit_message,
    DeleteMessage: _delete_message,
    DeleteMessages: _delete_messages,
    AddReaction: _add_reaction,
}
"""What each of these actions asks of Discord."""
