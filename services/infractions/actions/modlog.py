"""The mod log: one message per infraction in a channel of the guild, kept as the record is."""

from datetime import timedelta
from typing import Final
from uuid import uuid4

import structlog
from msgspec import Struct

from services.infractions import queries
from services.infractions.actions.turns import in_turn
from services.infractions.deps import Deps
from services.infractions.logbook import log_entry
from services.infractions.queries import modlog
from services.infractions.queries.modlog import Entry, LogFailure
from shared.contracts.actions import Action, ActionResult, EditMessage, Message, SendMessage
from shared.contracts.codec import decode
from shared.contracts.ids import ChannelId, GuildId, MessageId
from shared.contracts.topology import BULK
from shared.errors import ForbiddenError, Retry

POST_TIMEOUT: Final = timedelta(seconds=20)
"""As a busy channel takes only a message a second."""

PAUSE: Final = timedelta(minutes=5)
"""How long a log is left alone that Discord refuses to let us write."""

GIVE_UP: Final = timedelta(days=1)
"""After which an entry is left as it is, so that a log that is mended does not tell of weeks."""

log = structlog.get_logger()


class Posted(Struct, frozen=True):
    """What we need to know of a message that Discord has taken."""

    id: MessageId
    channel_id: ChannelId


class LogState(Struct, kw_only=True, frozen=True):
    """How a guild's log is doing."""

    channel_id: ChannelId | None
    waiting: int
    failure: LogFailure | None


async def show_log_state(deps: Deps, guild_id: GuildId) -> LogState:
    """Return how a guild's log is doing."""
    channel_id = _channel(deps, guild_id)
    failure = await modlog.failure(deps.db, guild_id)
    return LogState(
        channel_id=channel_id,
        waiting=await modlog.count_waiting(deps.db, guild_id),
        failure=failure if failure and failure.channel_id == channel_id else None,
    )


async def write_log(deps: Deps, guild_id: GuildId) -> None:
    """Bring a guild's log up to date, entry by entry in the order of their numbers.

    Raises Retry while somebody else is at it or the log can't be written, UnavailableError.
    """

    async def step() -> bool:
        return await _write_next(deps, guild_id)

    async def more() -> bool:
        return await modlog.is_wanted(deps.db, guild_id)

    await in_turn(deps.db, guild_id, "modlog", step, more)


def _channel(deps: Deps, guild_id: GuildId) -> ChannelId | None:
    channel = deps.config.get(guild_id).plugins.infractions.modlog_channel
    return None if channel is None else ChannelId(channel)


async def _write_next(deps: Deps, guild_id: GuildId) -> bool:
    """Write the next entry, if there is one and a channel for it."""
    channel_id = _channel(deps, guild_id)
    if channel_id is None:
        await modlog.give_up(deps.db, guild_id, after=timedelta())
        return False
    paused = await modlog.seconds_paused(deps.db, guild_id, channel_id)
    if paused:
        raise Retry(after=timedelta(seconds=paused), reason="the log can't be written")
    entry = await modlog.next_waiting(deps.db, guild_id)
    if entry is None:
        return False
    try:
        await _write(deps, guild_id, entry, channel_id)
    except ForbiddenError as refusal:
        await _note_refusal(deps, guild_id, entry, channel_id, refusal.message)
    return True


async def _write(deps: Deps, guild_id: GuildId, entry: Entry, channel_id: ChannelId) -> None:
    """Show an infraction as it is now. Raises ForbiddenError, UnavailableError."""
    infraction = await queries.get(deps.db, guild_id, entry.number)
    assert infraction is not None
    history = await queries.history(deps.db, guild_id, entry.number)
    message = Message(embeds=(log_entry(infraction, history),))
    version = infraction.version
    if not await _edit(deps, entry, channel_id, message):
        # A post that a crash cut off is not done again: it may show what was so then.
        version = await modlog.begin_post(deps.db, guild_id, entry.number, version)
        await _post(deps, guild_id, entry, channel_id, message)
        await modlog.clear_failure(deps.db, guild_id)
    await modlog.set_shown(deps.db, guild_id, entry.number, version)


async def _edit(deps: Deps, entry: Entry, channel_id: ChannelId, message: Message) -> bool:
    """Change an entry; False when there is none any more. Raises ForbiddenError."""
    if entry.message_id is None or entry.channel_id is None:
        return False
    action = EditMessage(channel_id=entry.channel_id, message_id=entry.message_id, message=message)
    try:
        # A key of its own, as to do it twice comes to the same.
        result = await _ask(deps, action, key=f"modlog:edit:{uuid4().hex}")
    except ForbiddenError:
        if entry.channel_id == channel_id:
            raise
        return True  # in a channel that was left: it stays as it is
    return result.status == "done"


async def _post(
    deps: Deps, guild_id: GuildId, entry: Entry, channel_id: ChannelId, message: Message
) -> None:
    """Post an entry, once. Raises ForbiddenError when there is no such channel either."""
    key = f"modlog:{guild_id}:{entry.number}:{entry.attempts}"
    result = await _ask(deps, SendMessage(channel_id=channel_id, message=message), key=key)
    if result.status != "done":
        raise ForbiddenError(result.message)
    posted = decode(result.data, Posted)
    await modlog.set_posted(deps.db, guild_id, entry, posted.channel_id, posted.id)


async def _ask(deps: Deps, action: Action, *, key: str) -> ActionResult:
    return await deps.gateway.do(action, key=key, timeout=POST_TIMEOUT, queue=BULK)


async def _note_refusal(
    deps: Deps, guild_id: GuildId, entry: Entry, channel_id: ChannelId, why: str
) -> None:
    """Write down why the log can't be written, and leave it alone for a while. Raises Retry."""
    deps.metrics.log_refusals.inc()
    await modlog.set_refused(deps.db, guild_id, entry.number)
    left = await modlog.give_up(deps.db, guild_id, after=GIVE_UP)
    if await modlog.set_failure(deps.db, guild_id, channel_id, why, PAUSE):
        log.warning("modlog_refused", guild_id=guild_id, channel_id=channel_id, reason=why)
    if left:
        log.warning("modlog_entries_given_up", guild_id=guild_id, entries=left)
    raise Retry(after=PAUSE, reason=why)
