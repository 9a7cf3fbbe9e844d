"""Actions on channels, what is allowed in them, reactions, pins and invites, as requests."""

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote

from msgspec import UNSET, Struct

from services.gateway.actions.call import Call
from services.gateway.actions.payloads import Json
from services.gateway.rest.routes import Route, of_bot, of_channel
from shared.contracts.actions import (
    AddReaction,
    ClearReactions,
    CreateInvite,
    DeleteInvite,
    DeleteOverwrite,
    EditChannel,
    PinMessage,
    RemoveReaction,
    SetOverwrite,
    UnpinMessage,
)

UNKNOWN_INVITE, UNKNOWN_OVERWRITE = 10006, 10009
"""Codes by which Discord says that what was to be removed is not there."""

OVERWRITE_TYPES: Final = {"role": 0, "member": 1}
REACTIONS: Final = "/messages/{message}/reactions"


def _reaction(method: str, action: Any, template: str = "", **ids: int) -> Route:  # noqa: ANN401
    """Return a route below a message's reactions. Any: several actions have a message."""
    emoji = quote(action.emoji, safe=":") if action.emoji else ""
    ids = {"message": action.message_id, **ids}
    return of_channel(method, action.channel_id, REACTIONS + template, emoji=emoji, **ids)


def _add_reaction(action: AddReaction, _key: str | None) -> Call:
    return Call(_reaction("PUT", action, "/{emoji}/@me"))


def _remove_reaction(action: RemoveReaction, _key: str | None) -> Call:
    if action.user_id is None:
        return Call(_reaction("DELETE", action, "/{emoji}/@me"))
    return Call(_reaction("DELETE", action, "/{emoji}/{user}", user=action.user_id))


def _clear_reactions(action: ClearReactions, _key: str | None) -> Call:
    return Call(_reaction("DELETE", action, "/{emoji}" if action.emoji else ""))


_CHANGES: Final = {
    "name": "name",
    "topic": "topic",
    "slowmode": "rate_limit_per_user",
    "nsfw": "nsfw",
    "parent_id": "parent_id",
    "archived": "archived",
    "locked": "locked",
}
"""What of a channel can be changed, and Discord's name of it."""


def _edit_channel(action: EditChannel, _key: str | None) -> Call:
    given = {theirs: getattr(action, ours) for ours, theirs in _CHANGES.items()}
    changes: Json = {name: value for name, value in given.items() if value is not UNSET}
    if changes.get("parent_id") is not None:
        changes["parent_id"] = str(changes["parent_id"])
    return Call(of_channel("PATCH", action.channel_id), changes)


def _overwrite(method: str, action: SetOverwrite | DeleteOverwrite) -> Route:
    path = "/permissions/{target}"
    return of_channel(method, action.channel_id, path, target=action.target_id)


def _set_overwrite(action: SetOverwrite, _key: str | None) -> Call:
    payload: Json = {
        "type": OVERWRITE_TYPES[action.of],
        "allow": str(action.allow),
        "deny": str(action.deny),
    }
    return Call(_overwrite("PUT", action), payload)


def _delete_overwrite(action: DeleteOverwrite, _key: str | None) -> Call:
    return Call(_overwrite("DELETE", action), missing=UNKNOWN_OVERWRITE)


def _create_invite(action: CreateInvite, _key: str | None) -> Call:
    payload: Json = {
        "max_age": action.max_age,
        "max_uses": action.max_uses,
        "temporary": action.temporary,
        "unique": action.unique,
    }
    route = of_channel("POST", action.channel_id, "/invites")
    return Call(route, payload, safe=not action.unique)


def _delete_invite(action: DeleteInvite, _key: str | None) -> Call:
    route = of_bot("DELETE", "/invites/{code}", code=quote(action.code, safe=""))
    return Call(route, missing=UNKNOWN_INVITE)


def _pin(method: str, action: PinMessage | UnpinMessage) -> Call:
    path = "/messages/pins/{message}"
    return Call(of_channel(method, action.channel_id, path, message=action.message_id))


def _pin_message(action: PinMessage, _key: str | None) -> Call:
    return _pin("PUT", action)


def _unpin_message(action: UnpinMessage, _key: str | None) -> Call:
    return _pin("DELETE", action)


# Any: each function takes the action that it stands beside
PLACES: Final[dict[type[Struct], Callable[[Any, str | None], Call]]] = {
    AddReaction: _add_reaction,
    RemoveReaction: _remove_reaction,
    ClearReactions: _clear_reactions,
    EditChannel: _edit_channel,
    SetOverwrite: _set_overwrite,
    DeleteOverwrite: _delete_overwrite,
    CreateInvite: _create_invite,
    DeleteInvite: _delete_invite,
    PinMessage: _pin_message,
    UnpinMessage: _unpin_message,
}
"""What each of these actions asks of Discord."""
