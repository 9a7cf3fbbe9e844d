"""Everything that the sandbox knows, who listens to its changes, and how it is kept in a file."""

import os
import secrets
from base64 import urlsafe_b64encode
from bisect import bisect_left
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
from msgspec import Struct, field

from sandbox.clock import Clock
from sandbox.errors import Code, DiscordError
from sandbox.models import (
    Application,
    BearerToken,
    Channel,
    Guild,
    Invite,
    Json,
    Member,
    Message,
    Presence,
    StoredFile,
    User,
    Webhook,
)
from sandbox.snowflakes import Snowflakes
from sandbox.world.buckets import Buckets


class Event(Struct, frozen=True):
    """Something that Discord would send over the gateway.

    With `users` it goes to just those, members or not; otherwise to everybody in the guild who
    may see the channel, where a channel is named.
    """

    name: str
    data: Json
    guild_id: int | None = None
    channel_id: int | None = None
    users: frozenset[int] | None = None


Subscriber = Callable[[Event], None]


class Settings(Struct):
    """What can be switched while the sandbox runs."""

    base_url: str = "http://127.0.0.1"
    gateway_url: str | None = None
    rate_limits: bool = True
    rate_limit_users: bool = False
    rate_limit_scale: float = 1.0
    history_limit: int = 5000
    audit_log_limit: int = 10_000
    max_file_bytes: int = 10 * 1024 * 1024
    kept_file_bytes: int = 256 * 1024 * 1024


class Records(Struct):
    """What is saved to the state file."""

    users: dict[int, User] = field(default_factory=dict[int, User])
    applications: dict[int, Application] = field(default_factory=dict[int, Application])
    guilds: dict[int, Guild] = field(default_factory=dict[int, Guild])
    channels: dict[int, Channel] = field(default_factory=dict[int, Channel])
    messages: list[Message] = field(default_factory=list[Message])
    invites: dict[str, Invite] = field(default_factory=dict[str, Invite])
    webhooks: dict[int, Webhook] = field(default_factory=dict[int, Webhook])
    bearer_tokens: dict[str, BearerToken] = field(default_factory=dict[str, BearerToken])
    files: dict[str, StoredFile] = field(default_factory=dict[str, StoredFile])
    documents: dict[str, Json] = field(default_factory=dict[str, Json])
    last_snowflake: int = 0
    clock_offset: timedelta = timedelta()


class History:
    """The messages of one channel, oldest first, no more than a limit."""

    def __init__(self) -> None:
        self.ids: list[int] = []
        self.by_id: dict[int, Message] = {}

    def add(self, message: Message, limit: int) -> None:
        """Append the newest message; the oldest goes when there are too many."""
        self.ids.append(message.id)
        self.by_id[message.id] = message
        while len(self.ids) > limit:
            del self.by_id[self.ids.pop(0)]

    def remove(self, message_id: int) -> Message | None:
        """Take a message out."""
        message = self.by_id.pop(message_id, None)
        if message is not None:
            del self.ids[bisect_left(self.ids, message_id)]
        return message

    def before(self, message_id: int | None) -> Iterator[Message]:
        """Yield the messages older than an id (or all), newest first."""
        end = len(self.ids) if message_id is None else bisect_left(self.ids, message_id)
        for index in range(end - 1, -1, -1):
            yield self.by_id[self.ids[index]]

    def after(self, message_id: int) -> Iterator[Message]:
        """Yield the messages newer than an id, oldest first."""
        for index in range(bisect_left(self.ids, message_id + 1), len(self.ids)):
            yield self.by_id[self.ids[index]]


class State:
    """The records, indexes over them, the clock and the subscribers."""

    def __init__(self, clock: Clock | None = None, records: Records | None = None) -> None:
        records = records or Records()
        self.clock = clock or Clock(records.clock_offset)
        self.settings = Settings()
        self.snowflakes = Snowflakes(self.clock, records.last_snowflake)
        self.users = records.users
        self.applications = records.applications
        self.guilds = records.guilds
        self.channels = records.channels
        self.invites = records.invites
        self.webhooks = records.webhooks
        self.bearer_tokens = records.bearer_tokens
        self.files = records.files
        # Other parts keep their own JSON here by name (the application commands, for one).
        self.documents = records.documents
        self.histories: dict[int, History] = {}
        self.ephemeral: dict[int, Message] = {}
        self.presences: dict[int, Presence] = {}
        self.nonces: dict[tuple[int, str], tuple[float, int, int]] = {}
        self.slowmodes: dict[tuple[int, int], float] = {}
        self.buckets = Buckets()
        self.dms: dict[frozenset[int], int] = {}
        self.ids_by_token: dict[str, int] = {}
        self._subscribers: list[Subscriber] = []
        self._index(records)

    def _index(self, records: Records) -> None:
        self.ids_by_token.update({user.token: user.id for user in self.users.values()})
        for channel in self.channels.values():
            if channel.guild_id is None:
                self.dms[frozenset(channel.recipients)] = channel.id
        for message in records.messages:
            self.history(message.channel_id).add(message, self.settings.history_limit)

    # Events

    def subscribe(self, callback: Subscriber) -> Callable[[], None]:
        """Call back, at once and in order, with every event; return what ends it."""
        self._subscribers.append(callback)
        return lambda: self._subscribers.remove(callback)

    def dispatch(
        self,
        name: str,
        data: Json,
        *,
        guild_id: int | None = None,
        channel_id: int | None = None,
        users: frozenset[int] | None = None,
    ) -> None:
        """Tell every subscriber that something happened."""
        event = Event(name, data, guild_id, channel_id, users)
        for subscriber in tuple(self._subscribers):
            subscriber(event)

    # Looking things up

    def user(self, user_id: int) -> User:
        """Return a user, or answer 10013."""
        if found := self.users.get(user_id):
            return found
        raise DiscordError.of(Code.UNKNOWN_USER)

    def guild(self, guild_id: int) -> Guild:
        """Return a guild, or answer 10004."""
        if found := self.guilds.get(guild_id):
            return found
        raise DiscordError.of(Code.UNKNOWN_GUILD)

    def channel(self, channel_id: int) -> Channel:
        """Return a channel, or answer 10003."""
        if found := self.channels.get(channel_id):
            return found
        raise DiscordError.of(Code.UNKNOWN_CHANNEL)

    def member(self, guild_id: int, user_id: int) -> Member:
        """Return a member, or answer 10007 (10013 if there is no such user at all)."""
        if found := self.guild(guild_id).members.get(user_id):
            return found
        self.user(user_id)
        raise DiscordError.of(Code.UNKNOWN_MEMBER)

    def history(self, channel_id: int) -> History:
        """Return the messages of a channel."""
        found = self.histories.get(channel_id)
        if found is None:
            found = self.histories[channel_id] = History()
        return found

    def message(self, channel_id: int, message_id: int) -> Message:
        """Return a message, ephemeral ones too, or answer 10008."""
        found = self.history(channel_id).by_id.get(message_id) or self.ephemeral.get(message_id)
        if found is None or found.channel_id != channel_id:
            raise DiscordError.of(Code.UNKNOWN_MESSAGE)
        return found

    def user_by_token(self, token: str) -> User | None:
        """Return whose token this is: a user's own, or a bot's."""
        return self.users.get(self.ids_by_token.get(token, 0))

    def guilds_of(self, user_id: int) -> list[Guild]:
        """Return the guilds that somebody is in, oldest first."""
        return [guild for guild in self.guilds.values() if user_id in guild.members]

    # Keeping it

    def records(self) -> Records:
        """Return what is to be saved."""
        return Records(
            users=self.users,
            applications=self.applications,
            guilds=self.guilds,
            channels=self.channels,
            messages=[m for history in self.histories.values() for m in history.by_id.values()],
            invites=self.invites,
            webhooks=self.webhooks,
            bearer_tokens=self.bearer_tokens,
            files=self.files,
            documents=self.documents,
            last_snowflake=self.snowflakes.last,
            clock_offset=self.clock.offset,
        )

    def save(self, path: Path) -> None:
        """Write everything to a file; a crash in between leaves the former file."""
        unfinished = path.with_name(f"{path.name}.{os.getpid()}.tmp")
        unfinished.write_bytes(msgspec.json.encode(self.records()))
        unfinished.replace(path)


def read_records(path: Path) -> Records:
    """Read what `State.save` wrote."""
    return msgspec.json.decode(path.read_bytes(), type=Records)


def new_token(user_id: int) -> str:
    """Return a token of the shape of Discord's: the id, a time and a secret."""
    first = urlsafe_b64encode(str(user_id).encode()).decode().rstrip("=")
    return f"{first}.{secrets.token_urlsafe(4)}.{secrets.token_urlsafe(27)}"
