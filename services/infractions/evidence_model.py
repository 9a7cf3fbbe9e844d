"""What is kept with an infraction, and how much of it may be."""

from datetime import datetime
from enum import StrEnum
from typing import Final

from msgspec import Struct

from shared.contracts.discord import Attachment, Channel, MessageRef
from shared.contracts.ids import ChannelId, GuildId, MessageId, UserId

LARGEST_FILE: Final = 8 * 2**20
"""Bytes of a file."""

MOST_FILES: Final = 25
MOST_BYTES: Final = 50 * 2**20
"""Bytes of all files of an infraction."""

MOST_MESSAGES: Final = 200
"""Messages that are kept with an infraction."""


class EvidenceKind(StrEnum):
    """What is kept."""

    MESSAGE = "message"
    FILE = "file"


class EvidenceState(StrEnum):
    """How far it has come: a file is wanted until it was fetched."""

    WANTED = "wanted"
    KEPT = "kept"
    FAILED = "failed"
    REMOVED = "removed"
    EXPIRED = "expired"
    ERASED = "erased"


class Evidence(Struct, kw_only=True, frozen=True):
    """A message or a file that is kept with an infraction, or was.

    `sha256` is of the file, or of the message's text; it stays when what it is of is gone.
    `failure` says why a file could not be fetched, yet or for good.
    """

    guild_id: GuildId
    number: int
    id: int
    kind: EvidenceKind
    state: EvidenceState
    added_by_id: UserId
    added_by_name: str
    added_at: datetime
    expires_at: datetime | None = None
    ended_at: datetime | None = None
    channel_id: ChannelId | None = None
    message_id: MessageId | None = None
    attachment_id: int | None = None
    author_id: UserId | None = None
    author_name: str = ""
    content: str = ""
    name: str = ""
    url: str = ""
    size: int = 0
    sha256: str | None = None
    tries: int = 0
    failure: str | None = None

    @property
    def key(self) -> str:
        """What names it among those of all guilds."""
        return f"{self.guild_id}:{self.number}:{self.id}"

    @property
    def link(self) -> str:
        """Where its message was; nothing where there is none."""
        if self.channel_id is None or self.message_id is None:
            return ""
        return f"https://discord.com/channels/{self.guild_id}/{self.channel_id}/{self.message_id}"


class Held(Struct, frozen=True):
    """How much an infraction has: what is kept, and what is wanted by what Discord said of it."""

    messages: int
    files: int
    bytes: int


class Link(Struct, frozen=True):
    """What a link to a message names."""

    guild_id: GuildId
    channel_id: ChannelId
    message_id: MessageId


class Place(Channel, kw_only=True, frozen=True):
    """A channel as Discord answers a question about it."""

    guild_id: GuildId | None = None


Item = MessageRef | Attachment
"""What can be added."""
