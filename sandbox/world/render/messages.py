"""Discord's JSON of messages."""

from sandbox.models import Attachment, Json, Message, MessageFlag, Reaction
from sandbox.world.render.channels import channel
from sandbox.world.render.people import iso, iso_or_none, member, text_or_none, user
from sandbox.world.state import State


def message(world: State, of: Message, *, for_user: int | None = None) -> Json:
    """Return a message with what it answers to; `for_user` decides whose reactions are `me`."""
    shown = _basic(world, of, for_user)
    if of.reference is not None and "message_id" in of.reference:
        answered = _referenced(world, of)
        if of.type != _CROSSPOST_OR_PIN:
            shown["referenced_message"] = answered
    return shown


_CROSSPOST_OR_PIN = 6


def message_event(world: State, of: Message) -> Json:
    """Return a message as MESSAGE_CREATE carries it: with the guild and the author's membership."""
    shown = message(world, of)
    if of.guild_id is None:
        shown["channel_type"] = world.channels[of.channel_id].type
        return shown
    shown["guild_id"] = str(of.guild_id)
    guild = world.guilds[of.guild_id]
    if of.webhook_name is None and (author := guild.members.get(of.author_id)):
        shown["member"] = member(author)
    shown["mentions"] = [_mentioned(world, of.guild_id, one) for one in of.mentions]
    return shown


def _mentioned(world: State, guild_id: int, user_id: int) -> Json:
    shown = user(world.users[user_id])
    if found := world.guilds[guild_id].members.get(user_id):
        shown["member"] = member(found)
    return shown


def _basic(world: State, of: Message, for_user: int | None) -> Json:
    shown: Json = {
        "type": of.type,
        "content": of.content,
        "mentions": [user(world.users[one]) for one in of.mentions],
        "mention_roles": [str(one) for one in of.mention_roles],
        "attachments": [attachment(world, one) for one in of.attachments],
        "embeds": [] if of.flags & MessageFlag.SUPPRESS_EMBEDS else of.embeds,
        "timestamp": iso(of.timestamp),
        "edited_timestamp": iso_or_none(of.edited_at),
        "flags": of.flags,
        "components": of.components,
        "id": str(of.id),
        "channel_id": str(of.channel_id),
        "author": author(world, of),
        "pinned": of.pinned_at is not None,
        "mention_everyone": of.mention_everyone,
        "tts": of.tts,
    }
    if of.reactions:
        shown["reactions"] = [_reaction(one, for_user) for one in of.reactions]
    shown.update(_optional(world, of))
    return shown


def _optional(world: State, of: Message) -> Json:
    shown: Json = {}
    if of.nonce is not None:
        shown["nonce"] = of.nonce
    if of.webhook_id is not None:
        shown["webhook_id"] = str(of.webhook_id)
    if of.application_id is not None:
        shown["application_id"] = str(of.application_id)
    if of.reference is not None:
        shown["message_reference"] = of.reference
    if of.interaction_metadata is not None:
        shown["interaction_metadata"] = of.interaction_metadata
    started = world.channels.get(of.id)
    if started is not None and started.thread is not None and started.id != of.channel_id:
        shown["thread"] = channel(world, started)
    return shown


def _referenced(world: State, of: Message) -> Json | None:
    assert of.reference is not None
    where = int(str(of.reference["channel_id"]))
    found = world.history(where).by_id.get(int(str(of.reference["message_id"])))
    return None if found is None else _basic(world, found, None)


def author(world: State, of: Message) -> Json:
    """Return who wrote a message: a user, or the name that a webhook gave itself."""
    if of.webhook_name is None:
        return user(world.users[of.author_id])
    return {
        "id": text_or_none(of.webhook_id),
        "username": of.webhook_name,
        "avatar": of.webhook_avatar,
        "discriminator": "0000",
        "public_flags": 0,
        "flags": 0,
        "bot": True,
        "global_name": None,
        "primary_guild": None,
    }


def attachment(world: State, of: Attachment) -> Json:
    """Return a file of a message."""
    url = f"{world.settings.base_url}/cdn/{of.path}"
    shown: Json = {
        "id": str(of.id),
        "filename": of.filename,
        "size": of.size,
        "url": url,
        "proxy_url": url,
    }
    for name in ("content_type", "description", "title"):
        if (value := getattr(of, name)) is not None:
            shown[name] = value
    if of.ephemeral:
        shown["ephemeral"] = True
    return shown


def emoji(of: Reaction) -> Json:
    """Return the emoji of a reaction."""
    return {"id": text_or_none(of.emoji_id), "name": of.name}


def _reaction(of: Reaction, for_user: int | None) -> Json:
    return {
        "emoji": emoji(of),
        "count": len(of.user_ids),
        "count_details": {"burst": 0, "normal": len(of.user_ids)},
        "burst_colors": [],
        "me_burst": False,
        "burst_me": False,
        "burst_count": 0,
        "me": for_user in of.user_ids,
    }
