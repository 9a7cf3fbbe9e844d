"""Messages: written, edited, deleted; one way in for REST, webhooks and interactions."""

from collections.abc import Mapping, Sequence

from sandbox.errors import Code, DiscordError
from sandbox.models import (
    By,
    Channel,
    Json,
    Message,
    MessageFlag,
    MessageType,
    Thread,
)
from sandbox.world import files, mentions, payloads, render, thread_members
from sandbox.world.audit import Action, record
from sandbox.world.completing import complete
from sandbox.world.composing import SETTABLE_FLAGS, Origin, compose, with_files
from sandbox.world.payloads import Payload, Upload
from sandbox.world.state import State

NONCE_SECONDS = 300
_MAX_EPHEMERAL = 5000


def create(
    world: State,
    channel: Channel,
    author_id: int,
    body: Mapping[str, object],
    *,
    uploads: Sequence[Upload] = (),
    origin: Origin | None = None,
    may_be_empty: bool = False,
) -> Message:
    """Check a message and post it; a repeated nonce with `enforce_nonce` gives the first one."""
    payload = payloads.read(body, uploads)
    if payload.enforce_nonce and (same := _by_nonce(world, author_id, payload.nonce)):
        return same
    if payload.is_empty() and not may_be_empty:
        raise DiscordError.of(Code.EMPTY_MESSAGE)
    message = compose(world, channel, author_id, payload, origin or Origin())
    post(world, channel, message)
    if payload.enforce_nonce and payload.nonce is not None:
        _remember_nonce(world, message)
    return message


def _by_nonce(world: State, author_id: int, nonce: str | int | None) -> Message | None:
    found = world.nonces.get((author_id, str(nonce)))
    if nonce is None or found is None or found[0] < world.clock.time():
        return None
    return world.history(found[1]).by_id.get(found[2]) or world.ephemeral.get(found[2])


def _remember_nonce(world: State, message: Message) -> None:
    now = world.clock.time()
    key = (message.author_id, str(message.nonce))
    world.nonces.pop(key, None)
    world.nonces[key] = (now + NONCE_SECONDS, message.channel_id, message.id)
    while (oldest := next(iter(world.nonces))) and world.nonces[oldest][0] < now:
        del world.nonces[oldest]


def by_system(
    world: State, channel: Channel, user_id: int, kind: MessageType, content: str = ""
) -> Message:
    """Return a message that Discord itself writes in somebody's name, not yet posted."""
    return Message(
        id=world.snowflakes.next(),
        channel_id=channel.id,
        guild_id=channel.guild_id,
        author_id=user_id,
        timestamp=world.clock.now(),
        content=content,
        type=int(kind),
    )


def post(world: State, channel: Channel, message: Message) -> None:
    """Put a finished message into a channel and tell who may see it."""
    if message.visible_to is not None:
        world.ephemeral[message.id] = message
        if len(world.ephemeral) > _MAX_EPHEMERAL:
            del world.ephemeral[next(iter(world.ephemeral))]
    else:
        world.history(channel.id).add(message, world.settings.history_limit)
        channel.last_message_id = message.id
        if channel.thread is not None:
            _count_in_thread(world, channel, channel.thread, message)
    tell(world, "MESSAGE_CREATE", message, render.message_event(world, message))


def _count_in_thread(world: State, channel: Channel, thread: Thread, message: Message) -> None:
    if message.id != channel.id:
        thread.message_count += 1
        thread.total_message_sent += 1
    if message.webhook_name is None:
        thread_members.join(world, channel, thread, message.author_id)


def tell(world: State, event: str, message: Message, data: Json) -> None:
    """Dispatch an event about a message to those who may see it."""
    world.dispatch(
        event,
        data,
        guild_id=message.guild_id,
        channel_id=message.channel_id,
        users=_only(world, message),
    )


def _only(world: State, message: Message) -> frozenset[int] | None:
    if message.visible_to is not None:
        return frozenset({message.visible_to})
    if message.guild_id is None:
        return frozenset(world.channels[message.channel_id].recipients)
    return None


def edit(
    world: State,
    message: Message,
    body: Mapping[str, object],
    *,
    uploads: Sequence[Upload] = (),
) -> Message:
    """Change what the body names of a message; the rest stays."""
    flags = body.get("flags", message.flags)
    sticky = message.flags & MessageFlag.IS_COMPONENTS_V2
    payload = payloads.read({**body, "flags": _as_int(flags) | sticky}, uploads)
    channel = world.channels[message.channel_id]
    _edit_parts(world, channel, message, payload, given_flags="flags" in body)
    if not (message.content or message.embeds or message.components or message.attachments):
        raise DiscordError.of(Code.EMPTY_MESSAGE)
    message.edited_at = world.clock.now()
    tell(world, "MESSAGE_UPDATE", message, render.message_event(world, message))
    return message


def _as_int(flags: object) -> int:
    return flags if isinstance(flags, int) else 0


def _edit_parts(
    world: State, channel: Channel, message: Message, payload: Payload, *, given_flags: bool
) -> None:
    if "content" in payload.given:
        found = mentions.find(
            world, channel, message.author_id, payload.content, payload.allowed_mentions
        )
        message.content = payload.content
        message.mentions, message.mention_roles = list(found.users), found.roles
        message.mention_everyone = found.everyone
    if "attachments" in payload.given:
        kept = {note.id for note in payload.notes}
        message.attachments = [one for one in message.attachments if one.id in kept]
    ephemeral = message.visible_to is not None
    message.attachments = message.attachments + files.store(
        world, channel.id, payload.uploads, payload.notes, ephemeral=ephemeral
    )
    if "embeds" in payload.given:
        message.embeds = with_files(world, payload.embeds, message.attachments)
    if "components" in payload.given:
        shown = with_files(world, payload.components, message.attachments)
        message.components = complete(world, shown)
    if given_flags:
        kept_flags = message.flags & ~int(MessageFlag.SUPPRESS_EMBEDS)
        message.flags = kept_flags | payload.flags & SETTABLE_FLAGS


def delete(world: State, message: Message, *, by: By | None = None) -> None:
    """Delete a message; `by` is given when it was somebody else's."""
    if message.visible_to is not None:
        world.ephemeral.pop(message.id, None)
    world.history(message.channel_id).remove(message.id)
    channel = world.channels[message.channel_id]
    if channel.thread is not None:
        channel.thread.message_count = max(0, channel.thread.message_count - 1)
    told: Json = {"id": str(message.id), "channel_id": str(message.channel_id)}
    if message.guild_id is not None:
        told["guild_id"] = str(message.guild_id)
    tell(world, "MESSAGE_DELETE", message, told)
    if message.guild_id is not None and by is not None:
        options: Json = {"channel_id": str(message.channel_id), "count": "1"}
        guild = world.guilds[message.guild_id]
        record(world, guild, by, Action.MESSAGE_DELETE, message.author_id, options=options)


def bulk_delete(
    world: State, channel: Channel, ids: Sequence[int], *, by: By | None = None
) -> None:
    """Delete several messages of a channel of a guild at once; unknown ones are passed over."""
    assert channel.guild_id is not None
    history = world.history(channel.id)
    gone = [one for one in dict.fromkeys(ids) if history.remove(one) is not None]
    if not gone:
        return
    told: Json = {
        "ids": [str(one) for one in gone],
        "channel_id": str(channel.id),
        "guild_id": str(channel.guild_id),
    }
    world.dispatch("MESSAGE_DELETE_BULK", told, guild_id=channel.guild_id, channel_id=channel.id)
    guild = world.guilds[channel.guild_id]
    options: Json = {"count": str(len(gone))}
    record(world, guild, by, Action.MESSAGE_BULK_DELETE, channel.id, options=options)


def tell_typing(world: State, channel: Channel, user_id: int) -> None:
    """Tell those who may see a channel that somebody types in it."""
    told: Json = {
        "channel_id": str(channel.id),
        "user_id": str(user_id),
        "timestamp": int(world.clock.time()),
    }
    if channel.guild_id is None:
        people = frozenset(channel.recipients)
        world.dispatch("TYPING_START", told, channel_id=channel.id, users=people)
        return
    told["guild_id"] = str(channel.guild_id)
    member = world.guilds[channel.guild_id].members.get(user_id)
    if member is not None:
        told["member"] = render.member_with_user(world, member)
    world.dispatch("TYPING_START", told, guild_id=channel.guild_id, channel_id=channel.id)
