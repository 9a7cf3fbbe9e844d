"""Reactions: an emoji under a message, and who put it there."""

from sandbox.errors import Code, DiscordError
from sandbox.models import Json, Message, Reaction
from sandbox.world import messages, render
from sandbox.world.render.messages import emoji as shown_emoji
from sandbox.world.state import State

MAX_REACTIONS = 20


def parse_emoji(text: str) -> Reaction:
    """Return the emoji that a path names, under which nobody has reacted; or answer 10014.

    The sandbox's guilds have no emojis of their own, so only Unicode ones exist.
    """
    if not text or len(text) > 32 or text.isascii():  # noqa: PLR2004 - longer than any emoji
        raise DiscordError.of(Code.UNKNOWN_EMOJI)
    return Reaction(text)


def find(message: Message, emoji: Reaction) -> Reaction | None:
    """Return the reactions to a message with an emoji."""
    return next((one for one in message.reactions if one.name == emoji.name), None)


def add(world: State, message: Message, emoji: Reaction, user_id: int) -> None:
    """Put somebody's reaction under a message; again changes nothing."""
    reaction = find(message, emoji)
    if reaction is None:
        if len(message.reactions) >= MAX_REACTIONS:
            raise DiscordError.of(Code.TOO_MANY_REACTIONS)
        reaction = emoji
        message.reactions.append(reaction)
    if user_id in reaction.user_ids:
        return
    reaction.user_ids.append(user_id)
    told: Json = {
        **_told(message, emoji),
        "user_id": str(user_id),
        "message_author_id": str(message.author_id),
        "burst": False,
        "burst_colors": list[str](),
        "type": 0,
    }
    if message.guild_id is not None:
        member = world.guilds[message.guild_id].members[user_id]
        told["member"] = render.member_with_user(world, member)
    messages.tell(world, "MESSAGE_REACTION_ADD", message, told)


def remove(world: State, message: Message, emoji: Reaction, user_id: int) -> None:
    """Take somebody's reaction away; one that is not there changes nothing."""
    reaction = find(message, emoji)
    if reaction is None or user_id not in reaction.user_ids:
        return
    reaction.user_ids.remove(user_id)
    if not reaction.user_ids:
        message.reactions.remove(reaction)
    told = _told(message, emoji) | {"user_id": str(user_id), "burst": False, "type": 0}
    messages.tell(world, "MESSAGE_REACTION_REMOVE", message, told)


def clear(world: State, message: Message, emoji: Reaction | None = None) -> None:
    """Take all reactions away, or all with one emoji."""
    if emoji is None:
        message.reactions = []
        told = _told(message, Reaction(""))
        del told["emoji"]
        messages.tell(world, "MESSAGE_REACTION_REMOVE_ALL", message, told)
        return
    reaction = find(message, emoji)
    if reaction is not None:
        message.reactions.remove(reaction)
        messages.tell(world, "MESSAGE_REACTION_REMOVE_EMOJI", message, _told(message, emoji))


def _told(message: Message, emoji: Reaction) -> Json:
    told: Json = {
        "channel_id": str(message.channel_id),
        "message_id": str(message.id),
        "emoji": shown_emoji(emoji),
    }
    if message.guild_id is not None:
        told["guild_id"] = str(message.guild_id)
    return told
