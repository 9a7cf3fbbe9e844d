"""Messages put together: from what was sent, with what it answers to, mentions and files."""

from collections.abc import Mapping, Sequence
from typing import cast

from msgspec import Struct

from sandbox.errors import field_error
from sandbox.models import Attachment, Channel, Json, Message, MessageFlag, MessageType
from sandbox.world import components, files, mentions
from sandbox.world.completing import complete
from sandbox.world.payloads import Payload
from sandbox.world.state import State

SETTABLE_FLAGS = int(
    MessageFlag.SUPPRESS_EMBEDS | MessageFlag.SUPPRESS_NOTIFICATIONS | MessageFlag.IS_COMPONENTS_V2
)
WRITTEN = frozenset(
    {
        MessageType.DEFAULT,
        MessageType.REPLY,
        MessageType.CHAT_INPUT_COMMAND,
        MessageType.CONTEXT_MENU_COMMAND,
    }
)
"""The types of messages that somebody wrote, which can be edited and answered."""


class Origin(Struct, frozen=True, kw_only=True):
    """Where a message came from, when not from its author's own hand.

    A webhook names itself by `webhook_name`; an answer to an interaction carries
    `interaction_metadata`, and `visible_to` makes it ephemeral for one user.
    """

    webhook_id: int | None = None
    webhook_name: str | None = None
    webhook_avatar: str | None = None
    application_id: int | None = None
    interaction_metadata: Json | None = None
    visible_to: int | None = None
    type: int | None = None
    flags: int = 0
    message_id: int | None = None


def compose(
    world: State, channel: Channel, author_id: int, payload: Payload, origin: Origin
) -> Message:
    """Return a message made of a checked payload, not yet posted."""
    reference, answered = _reference(world, channel, payload)
    found = mentions.find(world, channel, author_id, _text(payload), payload.allowed_mentions)
    ephemeral = origin.visible_to is not None
    attached = files.store(world, channel.id, payload.uploads, payload.notes, ephemeral=ephemeral)
    flags = payload.flags & SETTABLE_FLAGS | origin.flags
    usual = MessageType.REPLY if reference else MessageType.DEFAULT
    return Message(
        id=origin.message_id or world.snowflakes.next(),
        channel_id=channel.id,
        guild_id=channel.guild_id,
        author_id=author_id,
        timestamp=world.clock.now(),
        content=payload.content,
        type=int(usual) if origin.type is None else origin.type,
        tts=payload.tts,
        flags=flags | MessageFlag.EPHEMERAL if ephemeral else flags,
        mention_everyone=found.everyone,
        mentions=_notified(found, answered, payload),
        mention_roles=found.roles,
        attachments=attached,
        embeds=with_files(world, payload.embeds, attached),
        components=complete(world, with_files(world, payload.components, attached)),
        nonce=payload.nonce,
        webhook_id=origin.webhook_id,
        webhook_name=origin.webhook_name,
        webhook_avatar=origin.webhook_avatar,
        application_id=origin.application_id,
        reference=reference,
        interaction_metadata=origin.interaction_metadata,
        visible_to=origin.visible_to,
    )


def _notified(found: mentions.Found, answered: Message | None, payload: Payload) -> list[int]:
    if answered is None or not payload.allowed_mentions.replied_user:
        return list(found.users)
    if answered.webhook_name is not None or answered.author_id in found.users:
        return list(found.users)
    return [*found.users, answered.author_id]


def _text(payload: Payload) -> str:
    if payload.content or not payload.components:
        return payload.content
    from_layout = components.texts(payload.components)
    return "\n".join(from_layout)


def _reference(
    world: State, channel: Channel, payload: Payload
) -> tuple[Json | None, Message | None]:
    wanted = payload.reference
    if wanted is None:
        return None, None
    message_id = cast("int", wanted["message_id"])
    elsewhere = wanted.get("channel_id") not in (None, channel.id)
    answered = None if elsewhere else world.history(channel.id).by_id.get(message_id)
    if answered is None:
        if wanted.get("fail_if_not_exists") is False:
            return None, None
        raise field_error("message_reference", "REPLIES_UNKNOWN_MESSAGE", "Unknown message")
    if answered.type not in WRITTEN:
        raise field_error(
            "message_reference",
            "REPLIES_CANNOT_REPLY_TO_SYSTEM_MESSAGE",
            "Cannot reply to a system message",
        )
    reference: Json = {
        "type": 0,
        "message_id": str(message_id),
        "channel_id": str(channel.id),
    }
    if channel.guild_id is not None:
        reference["guild_id"] = str(channel.guild_id)
    return reference, answered


def with_files(world: State, shown: list[Json], attached: Sequence[Attachment]) -> list[Json]:
    """Return embeds or components with `attachment://` addresses made real."""
    if not attached:
        return shown
    urls = {f"attachment://{one.filename}": _url(world, one) for one in attached}
    return cast("list[Json]", _replaced(shown, urls))


def _url(world: State, attachment: Attachment) -> str:
    return f"{world.settings.base_url}/cdn/{attachment.path}"


def _replaced(value: object, urls: Mapping[str, str]) -> object:
    if isinstance(value, str):
        return urls.get(value, value)
    if isinstance(value, list):
        return [_replaced(one, urls) for one in cast("list[object]", value)]
    if isinstance(value, dict):
        return {name: _replaced(one, urls) for name, one in cast("Json", value).items()}
    return value
