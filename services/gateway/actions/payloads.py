"""Messages in the shape that Discord takes."""

import hashlib
from base64 import urlsafe_b64encode
from typing import Final, TypeAlias

import msgspec

from shared.contracts.actions import (
    EPHEMERAL,
    ActionRow,
    AllowedMentions,
    Button,
    Message,
    TextInput,
)

Json: TypeAlias = dict[str, object]

NONCE_BYTES: Final = 18
"""24 characters of a nonce, of the 25 that Discord takes."""


def message_payload(message: Message, *, whole: bool = False) -> Json:
    """Return a message's JSON; `whole` names empty parts too, so that an edit empties them."""
    payload: Json = {"allowed_mentions": mentions_payload(message.allowed_mentions)}
    if message.content or whole:
        payload["content"] = message.content
    if message.embeds or whole:
        payload["embeds"] = [msgspec.to_builtins(embed, str_keys=True) for embed in message.embeds]
    if message.components or whole:
        payload["components"] = rows_payload(message.components)
    if message.files:
        payload["attachments"] = [
            {"id": number, "filename": file.name} for number, file in enumerate(message.files)
        ]
    elif whole:
        payload["attachments"] = []
    return payload


def response_payload(message: Message, *, whole: bool = False) -> Json:
    """Return a message's JSON for an interaction, where it may be for one user's eyes only."""
    payload = message_payload(message, whole=whole)
    if message.ephemeral and not whole:
        payload["flags"] = EPHEMERAL
    return payload


def mentions_payload(mentions: AllowedMentions) -> Json:
    """Return whom a message may ping; ids as text, as Discord writes them."""
    payload: Json = {"parse": list(mentions.parse), "replied_user": mentions.replied_user}
    if mentions.users:
        payload["users"] = [str(user) for user in mentions.users]
    if mentions.roles:
        payload["roles"] = [str(role) for role in mentions.roles]
    return payload


def rows_payload(rows: tuple[ActionRow, ...]) -> list[Json]:
    """Return rows of components."""
    return [
        {"type": row.type, "components": [_component(component) for component in row.components]}
        for row in rows
    ]


def nonce_of(key: str) -> str:
    """Return the nonce by which Discord knows a message that is sent again."""
    return urlsafe_b64encode(
        hashlib.blake2b(key.encode(), digest_size=NONCE_BYTES).digest()
    ).decode()


def with_nonce(payload: Json, key: str | None) -> Json:
    """Have Discord refuse to post a message twice (reference, "Create Message", enforce_nonce)."""
    if key is None:
        return payload
    return {**payload, "nonce": nonce_of(key), "enforce_nonce": True}


def _component(component: object) -> Json:
    """Return a component; what has a default with us must be said to Discord."""
    payload: Json = msgspec.to_builtins(component, str_keys=True)
    if isinstance(component, Button | TextInput):
        payload["style"] = component.style
    if isinstance(component, TextInput):
        payload["required"] = component.required
    return payload
