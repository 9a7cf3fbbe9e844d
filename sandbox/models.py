"""What the sandbox's world is made of: plain records, ids as ints, times as aware datetimes."""

from datetime import datetime
from enum import IntEnum, IntFlag

from msgspec import Struct, field

Json = dict[str, object]


class ChannelType(IntEnum):
    """The kinds of channels that the sandbox knows."""

    TEXT = 0
    DM = 1
    VOICE = 2
    GROUP_DM = 3
    CATEGORY = 4
    ANNOUNCEMENT = 5
    ANNOUNCEMENT_THREAD = 10
    PUBLIC_THREAD = 11
    PRIVATE_THREAD = 12
    STAGE = 13
    FORUM = 15
    MEDIA = 16


THREAD_TYPES = frozenset(
    {ChannelType.ANNOUNCEMENT_THREAD, ChannelType.PUBLIC_THREAD, ChannelType.PRIVATE_THREAD}
)


class MessageType(IntEnum):
    """The kinds of messages that the sandbox makes."""

    DEFAULT = 0
    CHANNEL_NAME_CHANGE = 4
    CHANNEL_PINNED_MESSAGE = 6
    USER_JOIN = 7
    THREAD_CREATED = 18
    REPLY = 19
    CHAT_INPUT_COMMAND = 20
    THREAD_STARTER_MESSAGE = 21
    CONTEXT_MENU_COMMAND = 23


class MessageFlag(IntFlag):
    """The flags of a message."""

    CROSSPOSTED = 1 << 0
    SUPPRESS_EMBEDS = 1 << 2
    HAS_THREAD = 1 << 5
    EPHEMERAL = 1 << 6
    LOADING = 1 << 7
    SUPPRESS_NOTIFICATIONS = 1 << 12
    IS_VOICE_MESSAGE = 1 << 13
    IS_COMPONENTS_V2 = 1 << 15


class By(Struct, frozen=True):
    """Who does something, and the reason given for the audit log."""

    user_id: int
    reason: str | None = None


class User(Struct):
    """A person, or a bot's user."""

    id: int
    username: str
    token: str
    global_name: str | None = None
    discriminator: str = "0"
    avatar: str | None = None
    banner: str | None = None
    accent_color: int | None = None
    bot: bool = False
    public_flags: int = 0
    email: str | None = None
    locale: str = "en-US"
    mfa_enabled: bool = False
    accepts_dms: bool = True


class Application(Struct):
    """A developer's application; its bot's user has the same id."""

    id: int
    name: str
    secret: str
    public_key: str
    owner_id: int | None = None
    description: str = ""
    flags: int = 0
    redirect_uris: list[str] = field(default_factory=list[str])
    bot_public: bool = True
    privileged_intents: bool = True
    max_concurrency: int = 1
    recommended_shards: int = 1
    session_starts_total: int = 1000
    session_starts_used: int = 0
    session_starts_reset_at: datetime | None = None


class BearerToken(Struct):
    """An OAuth2 grant of a user to an application."""

    access_token: str
    refresh_token: str
    user_id: int
    application_id: int
    scopes: list[str]
    expires_at: datetime


class Overwrite(Struct):
    """What a channel allows and denies to a role (type 0) or a member (type 1)."""

    id: int
    type: int
    allow: int = 0
    deny: int = 0


class ThreadMember(Struct):
    """Somebody who joined a thread."""

    user_id: int
    joined_at: datetime
    flags: int = 0


class Thread(Struct):
    """What a thread has beyond other channels."""

    owner_id: int
    created_at: datetime
    archive_timestamp: datetime
    archived: bool = False
    auto_archive_duration: int = 4320
    locked: bool = False
    invitable: bool = True
    message_count: int = 0
    total_message_sent: int = 0
    members: dict[int, ThreadMember] = field(default_factory=dict[int, ThreadMember])
    applied_tags: list[int] = field(default_factory=list[int])


class Channel(Struct):
    """A channel of any kind, threads and direct messages among them."""

    id: int
    type: int
    guild_id: int | None = None
    name: str = ""
    topic: str | None = None
    position: int = 0
    nsfw: bool = False
    parent_id: int | None = None
    overwrites: dict[int, Overwrite] = field(default_factory=dict[int, Overwrite])
    rate_limit_per_user: int = 0
    bitrate: int = 64000
    user_limit: int = 0
    rtc_region: str | None = None
    video_quality_mode: int = 1
    last_message_id: int | None = None
    last_pin_timestamp: datetime | None = None
    default_auto_archive_duration: int | None = None
    default_thread_rate_limit_per_user: int = 0
    flags: int = 0
    recipients: list[int] = field(default_factory=list[int])
    thread: Thread | None = None


class Role(Struct):
    """A role of a guild; the one with the guild's id is @everyone."""

    id: int
    guild_id: int
    name: str
    permissions: int = 0
    position: int = 0
    color: int = 0
    hoist: bool = False
    managed: bool = False
    mentionable: bool = False
    icon: str | None = None
    unicode_emoji: str | None = None
    flags: int = 0
    bot_id: int | None = None


class Member(Struct):
    """A user's membership of a guild."""

    guild_id: int
    user_id: int
    joined_at: datetime
    nick: str | None = None
    avatar: str | None = None
    roles: list[int] = field(default_factory=list[int])
    premium_since: datetime | None = None
    deaf: bool = False
    mute: bool = False
    pending: bool = False
    flags: int = 0
    communication_disabled_until: datetime | None = None


class Ban(Struct):
    """A ban from a guild."""

    user_id: int
    reason: str | None = None


class VoiceState(Struct):
    """Where somebody is connected to voice."""

    guild_id: int
    channel_id: int
    user_id: int
    session_id: str
    self_deaf: bool = False
    self_mute: bool = False
    self_video: bool = False
    self_stream: bool = False
    suppress: bool = False


class Invite(Struct):
    """An invitation to a channel of a guild."""

    code: str
    guild_id: int
    channel_id: int
    inviter_id: int | None
    created_at: datetime
    max_age: int = 86400
    max_uses: int = 0
    temporary: bool = False
    uses: int = 0
    expires_at: datetime | None = None


class AuditEntry(Struct):
    """One line of a guild's audit log."""

    id: int
    action_type: int
    user_id: int | None
    target_id: int | None = None
    changes: list[Json] = field(default_factory=list[Json])
    options: Json | None = None
    reason: str | None = None


class Webhook(Struct):
    """A webhook (type 1 incoming, 3 of an application)."""

    id: int
    token: str
    name: str | None
    channel_id: int | None
    guild_id: int | None
    type: int = 1
    avatar: str | None = None
    application_id: int | None = None
    user_id: int | None = None


class Guild(Struct):
    """A guild with its roles, members and history; its channels are kept by the world."""

    id: int
    name: str
    owner_id: int
    joined_at: datetime
    icon: str | None = None
    description: str | None = None
    verification_level: int = 0
    default_message_notifications: int = 0
    explicit_content_filter: int = 0
    afk_channel_id: int | None = None
    afk_timeout: int = 300
    system_channel_id: int | None = None
    system_channel_flags: int = 0
    rules_channel_id: int | None = None
    public_updates_channel_id: int | None = None
    safety_alerts_channel_id: int | None = None
    preferred_locale: str = "en-US"
    mfa_level: int = 0
    premium_progress_bar_enabled: bool = False
    unavailable: bool = False
    features: list[str] = field(default_factory=list[str])
    roles: dict[int, Role] = field(default_factory=dict[int, Role])
    members: dict[int, Member] = field(default_factory=dict[int, Member])
    bans: dict[int, Ban] = field(default_factory=dict[int, Ban])
    voice_states: dict[int, VoiceState] = field(default_factory=dict[int, VoiceState])
    channel_ids: list[int] = field(default_factory=list[int])
    thread_ids: list[int] = field(default_factory=list[int])
    audit_log: list[AuditEntry] = field(default_factory=list[AuditEntry])


class Attachment(Struct):
    """A file of a message; `path` is where the sandbox serves it below /cdn."""

    id: int
    filename: str
    size: int
    path: str
    content_type: str | None = None
    description: str | None = None
    title: str | None = None
    ephemeral: bool = False


class StoredFile(Struct):
    """The bytes of an attachment."""

    content: bytes
    content_type: str


class Reaction(Struct):
    """An emoji under a message and who put it there."""

    name: str
    emoji_id: int | None = None
    user_ids: list[int] = field(default_factory=list[int])


class Message(Struct):
    """A message; `visible_to` is set for an ephemeral one."""

    id: int
    channel_id: int
    guild_id: int | None
    author_id: int
    timestamp: datetime
    content: str = ""
    type: int = 0
    edited_at: datetime | None = None
    tts: bool = False
    flags: int = 0
    pinned_at: datetime | None = None
    mention_everyone: bool = False
    mentions: list[int] = field(default_factory=list[int])
    mention_roles: list[int] = field(default_factory=list[int])
    attachments: list[Attachment] = field(default_factory=list[Attachment])
    embeds: list[Json] = field(default_factory=list[Json])
    components: list[Json] = field(default_factory=list[Json])
    reactions: list[Reaction] = field(default_factory=list[Reaction])
    nonce: str | int | None = None
    webhook_id: int | None = None
    webhook_name: str | None = None
    webhook_avatar: str | None = None
    application_id: int | None = None
    reference: Json | None = None
    interaction_metadata: Json | None = None
    visible_to: int | None = None


class Presence(Struct):
    """How somebody shows up in the member list."""

    status: str = "online"
    activities: list[Json] = field(default_factory=list[Json])
    since: int | None = None
    afk: bool = False
