"""Who may do what: Discord's permission bits, computed as Discord computes them."""

from datetime import datetime
from enum import IntFlag

from sandbox.models import Channel, Guild, Member, Overwrite


class Permission(IntFlag):
    """The permission bits."""

    CREATE_INSTANT_INVITE = 1 << 0
    KICK_MEMBERS = 1 << 1
    BAN_MEMBERS = 1 << 2
    ADMINISTRATOR = 1 << 3
    MANAGE_CHANNELS = 1 << 4
    MANAGE_GUILD = 1 << 5
    ADD_REACTIONS = 1 << 6
    VIEW_AUDIT_LOG = 1 << 7
    PRIORITY_SPEAKER = 1 << 8
    STREAM = 1 << 9
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    SEND_TTS_MESSAGES = 1 << 12
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    USE_EXTERNAL_EMOJIS = 1 << 18
    VIEW_GUILD_INSIGHTS = 1 << 19
    CONNECT = 1 << 20
    SPEAK = 1 << 21
    MUTE_MEMBERS = 1 << 22
    DEAFEN_MEMBERS = 1 << 23
    MOVE_MEMBERS = 1 << 24
    USE_VAD = 1 << 25
    CHANGE_NICKNAME = 1 << 26
    MANAGE_NICKNAMES = 1 << 27
    MANAGE_ROLES = 1 << 28
    MANAGE_WEBHOOKS = 1 << 29
    MANAGE_GUILD_EXPRESSIONS = 1 << 30
    USE_APPLICATION_COMMANDS = 1 << 31
    REQUEST_TO_SPEAK = 1 << 32
    MANAGE_EVENTS = 1 << 33
    MANAGE_THREADS = 1 << 34
    CREATE_PUBLIC_THREADS = 1 << 35
    CREATE_PRIVATE_THREADS = 1 << 36
    USE_EXTERNAL_STICKERS = 1 << 37
    SEND_MESSAGES_IN_THREADS = 1 << 38
    USE_EMBEDDED_ACTIVITIES = 1 << 39
    MODERATE_MEMBERS = 1 << 40
    VIEW_CREATOR_MONETIZATION_ANALYTICS = 1 << 41
    USE_SOUNDBOARD = 1 << 42
    CREATE_GUILD_EXPRESSIONS = 1 << 43
    CREATE_EVENTS = 1 << 44
    USE_EXTERNAL_SOUNDS = 1 << 45
    SEND_VOICE_MESSAGES = 1 << 46
    SEND_POLLS = 1 << 49
    USE_EXTERNAL_APPS = 1 << 50
    PIN_MESSAGES = 1 << 51
    BYPASS_SLOWMODE = 1 << 52


P = Permission
ALL = sum(int(permission) for permission in Permission)
DEFAULT = int(
    P.CREATE_INSTANT_INVITE
    | P.ADD_REACTIONS
    | P.STREAM
    | P.VIEW_CHANNEL
    | P.SEND_MESSAGES
    | P.EMBED_LINKS
    | P.ATTACH_FILES
    | P.READ_MESSAGE_HISTORY
    | P.USE_EXTERNAL_EMOJIS
    | P.CONNECT
    | P.SPEAK
    | P.USE_VAD
    | P.CHANGE_NICKNAME
    | P.USE_APPLICATION_COMMANDS
    | P.REQUEST_TO_SPEAK
    | P.CREATE_PUBLIC_THREADS
    | P.CREATE_PRIVATE_THREADS
    | P.USE_EXTERNAL_STICKERS
    | P.SEND_MESSAGES_IN_THREADS
    | P.USE_EMBEDDED_ACTIVITIES
    | P.USE_SOUNDBOARD
    | P.USE_EXTERNAL_SOUNDS
    | P.SEND_VOICE_MESSAGES
    | P.SEND_POLLS
    | P.USE_EXTERNAL_APPS
)
"""What @everyone may do in a new guild."""

IN_DM = int(
    P.ADD_REACTIONS
    | P.STREAM
    | P.VIEW_CHANNEL
    | P.SEND_MESSAGES
    | P.EMBED_LINKS
    | P.ATTACH_FILES
    | P.READ_MESSAGE_HISTORY
    | P.USE_EXTERNAL_EMOJIS
    | P.USE_APPLICATION_COMMANDS
    | P.USE_EXTERNAL_STICKERS
    | P.SEND_VOICE_MESSAGES
    | P.SEND_POLLS
    | P.USE_EXTERNAL_APPS
    | P.PIN_MESSAGES
)
WHILE_TIMED_OUT = int(P.VIEW_CHANNEL | P.READ_MESSAGE_HISTORY)

_ADMINISTRATOR = int(P.ADMINISTRATOR)
_VIEW = int(P.VIEW_CHANNEL)


def is_timed_out(member: Member, now: datetime) -> bool:
    """Tell whether somebody is under a timeout."""
    until = member.communication_disabled_until
    return until is not None and until > now


def in_guild(guild: Guild, member: Member, now: datetime | None = None) -> int:
    """Return what a member may do in the guild, before any channel's overwrites."""
    if member.user_id == guild.owner_id:
        return ALL
    bits = guild.roles[guild.id].permissions
    for role_id in member.roles:
        bits |= guild.roles[role_id].permissions
    if bits & _ADMINISTRATOR:
        return ALL
    if now is not None and is_timed_out(member, now):
        bits &= WHILE_TIMED_OUT
    return bits


def in_channel(guild: Guild, channel: Channel, member: Member, now: datetime | None = None) -> int:
    """Return what a member may do in a channel (for a thread: give the parent)."""
    bits = in_guild(guild, member)
    if bits & _ADMINISTRATOR:
        return ALL
    bits = _overwritten(bits, channel.overwrites, guild.id, member)
    if not bits & _VIEW:
        return 0
    if now is not None and is_timed_out(member, now):
        bits &= WHILE_TIMED_OUT
    return bits


def _overwritten(bits: int, overwrites: dict[int, Overwrite], everyone: int, member: Member) -> int:
    if not overwrites:
        return bits
    if found := overwrites.get(everyone):
        bits = bits & ~found.deny | found.allow
    of_roles = [overwrites[role] for role in member.roles if role in overwrites]
    for overwrite in of_roles:
        bits &= ~overwrite.deny
    for overwrite in of_roles:
        bits |= overwrite.allow
    if found := overwrites.get(member.user_id):
        bits = bits & ~found.deny | found.allow
    return bits


def can_send(bits: int, *, in_thread: bool) -> bool:
    """Tell whether these bits allow messages to be sent."""
    needed = P.SEND_MESSAGES_IN_THREADS if in_thread else P.SEND_MESSAGES
    return bool(bits & needed)


def top_position(guild: Guild, member: Member) -> tuple[int, int]:
    """Return the rank of a member's highest role; greater is higher (of two, the older)."""
    return max((role_rank(guild, role) for role in member.roles), default=(0, 0))


def role_rank(guild: Guild, role_id: int) -> tuple[int, int]:
    """Return the rank of a role; greater is higher (of two at one position, the older)."""
    return guild.roles[role_id].position, -role_id


def outranks(guild: Guild, actor: Member, target: Member) -> bool:
    """Tell whether an actor stands above a target: the owner above all, then by top role."""
    if target.user_id == guild.owner_id:
        return False
    if actor.user_id == guild.owner_id:
        return True
    return top_position(guild, actor) > top_position(guild, target)


def outranks_role(guild: Guild, actor: Member, role_id: int) -> bool:
    """Tell whether an actor stands above a role."""
    if actor.user_id == guild.owner_id:
        return True
    return top_position(guild, actor) > role_rank(guild, role_id)
