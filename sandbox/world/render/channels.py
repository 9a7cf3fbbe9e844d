"""Discord's JSON of channels, threads and permission overwrites."""

from sandbox.models import THREAD_TYPES, Channel, ChannelType, Json, Overwrite, Thread, ThreadMember
from sandbox.world.render.people import iso, iso_or_none, text_or_none, user
from sandbox.world.state import State

_VOICE = frozenset({ChannelType.VOICE, ChannelType.STAGE})
_WITH_TOPIC = frozenset(
    {ChannelType.TEXT, ChannelType.ANNOUNCEMENT, ChannelType.FORUM, ChannelType.MEDIA}
)
_FORUM: Json = {
    "available_tags": [],
    "default_reaction_emoji": None,
    "default_sort_order": None,
    "default_forum_layout": 0,
}
_FORUMS = frozenset({ChannelType.FORUM, ChannelType.MEDIA})


def channel(world: State, of: Channel, *, for_user: int | None = None) -> Json:
    """Return a channel of any kind; a thread with the membership of whom it is shown to."""
    if of.type in (ChannelType.DM, ChannelType.GROUP_DM):
        return _dm(world, of, for_user)
    if of.thread is not None:
        return _thread(of, of.thread, for_user)
    return _guild_channel(of)


def _dm(world: State, of: Channel, for_user: int | None) -> Json:
    others = [user(world.users[other]) for other in of.recipients if other != for_user]
    return {
        "id": str(of.id),
        "type": of.type,
        "flags": of.flags,
        "last_message_id": text_or_none(of.last_message_id),
        "last_pin_timestamp": iso_or_none(of.last_pin_timestamp),
        "recipients": others,
    }


def _guild_channel(of: Channel) -> Json:
    shown: Json = {
        "id": str(of.id),
        "type": of.type,
        "guild_id": text_or_none(of.guild_id),
        "name": of.name,
        "position": of.position,
        "parent_id": text_or_none(of.parent_id),
        "permission_overwrites": [overwrite(one) for one in of.overwrites.values()],
        "flags": of.flags,
        "nsfw": of.nsfw,
    }
    if of.type == ChannelType.CATEGORY:
        return shown
    shown["rate_limit_per_user"] = of.rate_limit_per_user
    shown["last_message_id"] = text_or_none(of.last_message_id)
    if of.type in _VOICE:
        shown.update(_voice(of))
    if of.type in _WITH_TOPIC:
        shown.update(_text(of))
    if of.type in _FORUMS:
        shown.update(_FORUM)
    return shown


def _voice(of: Channel) -> Json:
    return {
        "bitrate": of.bitrate,
        "user_limit": of.user_limit,
        "rtc_region": of.rtc_region,
        "video_quality_mode": of.video_quality_mode,
    }


def _text(of: Channel) -> Json:
    shown: Json = {
        "topic": of.topic,
        "last_pin_timestamp": iso_or_none(of.last_pin_timestamp),
        "default_thread_rate_limit_per_user": of.default_thread_rate_limit_per_user,
    }
    if of.default_auto_archive_duration is not None:
        shown["default_auto_archive_duration"] = of.default_auto_archive_duration
    return shown


def _thread(of: Channel, thread: Thread, for_user: int | None) -> Json:
    shown: Json = {
        "id": str(of.id),
        "type": of.type,
        "guild_id": text_or_none(of.guild_id),
        "parent_id": text_or_none(of.parent_id),
        "owner_id": str(thread.owner_id),
        "name": of.name,
        "last_message_id": text_or_none(of.last_message_id),
        "last_pin_timestamp": iso_or_none(of.last_pin_timestamp),
        "rate_limit_per_user": of.rate_limit_per_user,
        "flags": of.flags,
        "thread_metadata": thread_metadata(of, thread),
        "message_count": min(thread.message_count, 50_000),
        "member_count": min(len(thread.members), 50),
        "total_message_sent": thread.total_message_sent,
    }
    if for_user is not None and (joined := thread.members.get(for_user)):
        shown["member"] = thread_member(of.id, joined)
    return shown


def thread_metadata(of: Channel, thread: Thread) -> Json:
    """Return the part of a thread that says whether it is archived or locked."""
    shown: Json = {
        "archived": thread.archived,
        "archive_timestamp": iso(thread.archive_timestamp),
        "auto_archive_duration": thread.auto_archive_duration,
        "locked": thread.locked,
        "create_timestamp": iso(thread.created_at),
    }
    if of.type == ChannelType.PRIVATE_THREAD:
        shown["invitable"] = thread.invitable
    return shown


def thread_member(thread_id: int, of: ThreadMember) -> Json:
    """Return somebody's membership of a thread."""
    return {
        "id": str(thread_id),
        "user_id": str(of.user_id),
        "join_timestamp": iso(of.joined_at),
        "flags": of.flags,
    }


def overwrite(of: Overwrite) -> Json:
    """Return a permission overwrite."""
    return {"id": str(of.id), "type": of.type, "allow": str(of.allow), "deny": str(of.deny)}


def is_thread(of: Channel) -> bool:
    """Tell whether a channel is a thread."""
    return of.type in THREAD_TYPES
