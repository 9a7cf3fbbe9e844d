"""REST: whether somebody may write into a channel, and what of it."""

from sandbox import permissions
from sandbox.errors import Code, DiscordError
from sandbox.forms import Json
from sandbox.models import THREAD_TYPES, Channel, ChannelType
from sandbox.permissions import Permission
from sandbox.rest.call import Call, require
from sandbox.world import threads

_TEXT_TYPES = THREAD_TYPES | {
    ChannelType.TEXT,
    ChannelType.DM,
    ChannelType.VOICE,
    ChannelType.GROUP_DM,
    ChannelType.ANNOUNCEMENT,
    ChannelType.STAGE,
}
_NO_SLOWMODE = int(
    Permission.MANAGE_MESSAGES | Permission.MANAGE_CHANNELS | Permission.BYPASS_SLOWMODE
)


def check(call: Call, channel: Channel, body: Json, *, has_files: bool) -> None:
    """Answer with an error unless the caller may post this message here."""
    if channel.type not in _TEXT_TYPES:
        raise DiscordError.of(Code.NOT_A_TEXT_CHANNEL)
    if channel.guild_id is None:
        _check_dm(call, channel)
        return
    bits = call.bits_in(channel)
    if not permissions.can_send(bits, in_thread=channel.type in THREAD_TYPES):
        raise DiscordError.of(Code.MISSING_PERMISSIONS)
    if has_files:
        require(bits, Permission.ATTACH_FILES)
    if body.get("message_reference") and not bits & Permission.READ_MESSAGE_HISTORY:
        raise DiscordError.of(Code.REPLY_NEEDS_HISTORY)
    if body.get("tts") and not bits & Permission.SEND_TTS_MESSAGES:
        body["tts"] = False
    if body.get("embeds") and not bits & Permission.EMBED_LINKS:
        raise DiscordError.of(Code.MISSING_PERMISSIONS)
    _check_thread(call, channel, bits)
    _check_slowmode(call, channel, bits)


def _check_dm(call: Call, channel: Channel) -> None:
    for other in channel.recipients:
        if other == call.user.id:
            continue
        known = call.world.users[other]
        shared = any(other in one.members for one in call.world.guilds_of(call.user.id))
        if not known.accepts_dms or (not shared and call.is_bot):
            raise DiscordError.of(Code.CANNOT_MESSAGE_USER)


def _check_thread(call: Call, channel: Channel, bits: int) -> None:
    if channel.thread is None or not (channel.thread.locked or channel.thread.archived):
        return
    if channel.thread.locked and not bits & Permission.MANAGE_THREADS:
        raise DiscordError.of(Code.THREAD_LOCKED)
    if channel.thread.archived:
        threads.modify(call.world, channel, {"archived": False})


def _check_slowmode(call: Call, channel: Channel, bits: int) -> None:
    if not channel.rate_limit_per_user or call.is_bot or bits & _NO_SLOWMODE:
        return
    now = call.world.clock.time()
    key = (channel.id, call.user.id)
    wait = call.world.slowmodes.get(key, 0) + channel.rate_limit_per_user - now
    if wait > 0:
        raise slowmode_error(wait)
    call.world.slowmodes[key] = now


def slowmode_error(wait: float) -> DiscordError:
    """Return the error of somebody who writes again too soon."""
    usual = DiscordError.of(Code.SLOWMODE)
    more: Json = {"retry_after": round(wait, 3), "global": False}
    headers = {"Retry-After": str(int(wait) + 1)}
    return DiscordError(usual.status, usual.code, usual.message, more=more, headers=headers)
