"""Pinned messages of a channel."""

from sandbox.errors import Code, DiscordError
from sandbox.models import By, Channel, Json, Message, MessageType
from sandbox.world import messages, render
from sandbox.world.audit import Action, record
from sandbox.world.state import State

MAX_PINS = 250


def pinned_in(world: State, channel: Channel) -> list[Message]:
    """Return the pinned messages of a channel, last pinned first."""
    found = [one for one in world.history(channel.id).by_id.values() if one.pinned_at]
    return sorted(found, key=_pinned_at, reverse=True)


def _pinned_at(message: Message) -> float:
    return message.pinned_at.timestamp() if message.pinned_at else 0.0


def pin(world: State, channel: Channel, message: Message, by: By) -> None:
    """Pin a message and say so in the channel; a pinned one stays as it is."""
    if message.pinned_at is not None:
        return
    if len(pinned_in(world, channel)) >= MAX_PINS:
        raise DiscordError.of(Code.TOO_MANY_PINS)
    message.pinned_at = world.clock.now()
    channel.last_pin_timestamp = message.pinned_at
    _tell(world, channel, message, Action.MESSAGE_PIN, by)
    _say_so(world, channel, message, by.user_id)


def unpin(world: State, channel: Channel, message: Message, by: By) -> None:
    """Unpin a message."""
    if message.pinned_at is None:
        return
    message.pinned_at = None
    _tell(world, channel, message, Action.MESSAGE_UNPIN, by)


def _tell(world: State, channel: Channel, message: Message, action: Action, by: By) -> None:
    messages.tell(world, "MESSAGE_UPDATE", message, render.message_event(world, message))
    last = channel.last_pin_timestamp
    told: Json = {
        "channel_id": str(channel.id),
        "last_pin_timestamp": render.iso(last) if last else None,
    }
    if channel.guild_id is None:
        people = frozenset(channel.recipients)
        world.dispatch("CHANNEL_PINS_UPDATE", told, channel_id=channel.id, users=people)
        return
    told["guild_id"] = str(channel.guild_id)
    world.dispatch("CHANNEL_PINS_UPDATE", told, guild_id=channel.guild_id, channel_id=channel.id)
    options: Json = {"channel_id": str(channel.id), "message_id": str(message.id)}
    guild = world.guilds[channel.guild_id]
    record(world, guild, by, action, message.author_id, options=options)


def _say_so(world: State, channel: Channel, message: Message, user_id: int) -> None:
    reference: Json = {
        "type": 0,
        "channel_id": str(channel.id),
        "message_id": str(message.id),
    }
    if channel.guild_id is not None:
        reference["guild_id"] = str(channel.guild_id)
    kind = MessageType.CHANNEL_PINNED_MESSAGE
    said = messages.by_system(world, channel, user_id, kind)
    said.reference = reference
    messages.post(world, channel, said)
