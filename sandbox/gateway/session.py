"""A gateway session: what it is sent, in order, kept for a while so that a client can resume."""

from collections import deque
from collections.abc import Iterator
from datetime import datetime

_RESUMED = b"RESUMED"


class Overflow(Exception):  # noqa: N818 - names what happened to the buffer, like StopIteration
    """A session's client reads so slowly that its unread events no longer fit."""


class Session:
    """One identified client: who it is, what it wants, and its numbered events."""

    def __init__(
        self,
        session_id: str,
        account_id: int,
        *,
        bot: bool,
        intents: int = 0,
        shard: tuple[int, int] = (0, 1),
        limit: int = 100_000,
    ) -> None:
        self.id = session_id
        self.account_id = account_id
        self.bot = bot
        self.intents = intents
        self.shard = shard
        self.large_threshold = 50
        self.lost_at: datetime | None = None
        self.heartbeats = 0
        self.acknowledged: int | None = None
        self.resumes = 0
        self.sent = 0
        self._limit = limit
        self._resumed_at = 0
        self._read: deque[tuple[bytes, bytes]] = deque()
        self._unread: deque[tuple[bytes, bytes]] = deque()

    @property
    def seq(self) -> int:
        """The number of the newest event."""
        return self.sent + len(self._unread)

    @property
    def unsent(self) -> int:
        """How many events no connection has been given yet."""
        return len(self._unread)

    def holds_shard_of(self, guild_id: int | None) -> bool:
        """Say whether a guild's events are this shard's; those of no guild are shard 0's."""
        number, count = self.shard
        return (guild_id >> 22) % count == number if guild_id else number == 0

    def push(self, name: bytes, data: bytes) -> None:
        """Append an event; raises Overflow when there are more unread ones than the limit."""
        if len(self._unread) >= self._limit:
            raise Overflow
        self._unread.append((name, data))
        if len(self._read) + len(self._unread) > self._limit and self._read:
            self._read.popleft()

    def can_replay(self, after: int) -> bool:
        """Say whether everything after an event's number is still kept."""
        return self.sent - len(self._read) <= after <= self.seq

    def resume(self, after: int) -> None:
        """Send again from an event's number on, and a RESUMED after the replay."""
        while self.sent > after:
            self._unread.appendleft(self._read.pop())
            self.sent -= 1
        while self.sent < after:
            self._read.append(self._unread.popleft())
            self.sent += 1
        self.lost_at = None
        self.resumes += 1
        self._unread.append((_RESUMED, b'{"_trace":["sandbox"]}'))
        self._resumed_at = self.seq

    def take(self, size: int) -> Iterator[bytes]:
        """Yield the next unsent events as payloads, until about `size` bytes were given."""
        while self._unread and size > 0:
            event = self._unread.popleft()
            self._read.append(event)
            self.sent += 1
            name, data = event
            if name is _RESUMED and self.sent != self._resumed_at:
                continue
            yield b'{"t":"%b","s":%d,"op":0,"d":%b}' % (name, self.sent, data)
            size -= len(data)
