"""Discord's gateway frames: decoded as far as needed to pass them on, and no further."""

import re
import time
from typing import Annotated

import msgspec
from msgspec import Meta, Struct, field

_NULL = msgspec.Raw(b"null")

# AMQP's names end at 255 bytes; Discord's are far shorter
_Name = Annotated[str, Meta(max_length=50)]
_SessionId = Annotated[str, Meta(max_length=200)]
_SNOWFLAKE = re.compile(r"[0-9]{1,19}", re.ASCII)
_GuildId = Annotated[int, Meta(le=(1 << 63) - 1)]


class Frame(Struct, frozen=True, gc=False):
    """A frame of the gateway; `d` stays as it came. Only `op` is always there."""

    op: int
    d: msgspec.Raw = _NULL
    s: int | None = None
    t: _Name | None = None


class Ready(Struct, frozen=True):
    """What the gateway needs of READY."""

    session_id: _SessionId
    user: "Named"
    resume_gateway_url: str | None = None
    application: "Named | None" = None
    guilds: tuple["Named", ...] = ()


class Named(Struct, frozen=True):
    """Something with an id."""

    id: int


class Whereabouts(Struct, frozen=True, gc=False):
    """The guild of an event; in events about guilds themselves it is the `id`."""

    guild_id: _GuildId | None = None
    id: int | str | None = None


class Dispatch(Struct, frozen=True, kw_only=True, gc=False):
    """An event as it was read: `body` is Discord's own bytes.

    `replayed` while a resumed session catches up; `read_at` is of the monotonic clock.
    """

    shard_id: int
    session_id: str
    seq: int
    type: str
    body: bytes
    guild_id: int = 0
    replayed: bool = False
    read_at: float = field(default_factory=time.monotonic)

    @property
    def message_id(self) -> str:
        """The same for every delivery of this event, by whichever process."""
        return f"{self.shard_id}:{self.session_id}:{self.seq}"


OF_GUILD = frozenset({"GUILD_CREATE", "GUILD_UPDATE", "GUILD_DELETE"})
"""Events whose `id` is the guild's."""

_frames = msgspec.json.Decoder(Frame)
_whereabouts = msgspec.json.Decoder(Whereabouts, strict=False)


def decode_frame(data: bytes) -> Frame | None:
    """Return the frame, or None when it is none."""
    try:
        return _frames.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def guild_of(type_: str, body: bytes) -> int:
    """Return the guild that an event belongs to, 0 for none."""
    try:
        where = _whereabouts.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return 0
    if type_ in OF_GUILD:
        its_id = str(where.id)
        return int(its_id) if _SNOWFLAKE.fullmatch(its_id) else 0
    return where.guild_id or 0
