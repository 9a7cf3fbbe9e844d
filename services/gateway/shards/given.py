"""What a shard is given: intents, options, where its events go, and what it must be allowed."""

from contextlib import AbstractAsyncContextManager
from typing import Final, Protocol

from hikari.api.shard import GatewayCompression
from hikari.intents import Intents
from msgspec import Struct

from services.gateway.shards.dispatch import Dispatch, Ready

INTENTS: Final = (
    Intents.GUILDS
    | Intents.GUILD_MEMBERS
    | Intents.GUILD_MODERATION
    | Intents.GUILD_INVITES
    | Intents.GUILD_VOICE_STATES
    | Intents.GUILD_MESSAGES
    | Intents.GUILD_MESSAGE_REACTIONS
    | Intents.DM_MESSAGES
    | Intents.DM_MESSAGE_REACTIONS
    | Intents.MESSAGE_CONTENT
)
"""Everything that a moderation bot reads; no presences, which are most of the traffic."""

COMPRESSIONS: Final = {
    "zstd": GatewayCompression.TRANSPORT_ZSTD_STREAM,
    "zlib": GatewayCompression.TRANSPORT_ZLIB_STREAM,
    "none": None,
}


class Sink(Protocol):
    """Takes what a shard reads; it must not raise."""

    def take(self, event: Dispatch) -> None:
        """Take an event."""
        ...

    def begin(self, shard_id: int, ready: Ready) -> None:
        """Note that a new session began."""
        ...

    def lost(self, shard_id: int) -> None:
        """Note that the session is lost, and with it what happened meanwhile."""
        ...


class Permit(Protocol):
    """What a shard must be allowed before it connects."""

    async def to_connect(self, shard_id: int) -> None:
        """Wait until this process may run the shard."""
        ...

    def to_identify(self, shard_id: int, shard_count: int) -> AbstractAsyncContextManager[None]:
        """Wait for the turn to begin a new session, and hold it meanwhile."""
        ...


class ShardOptions(Struct, frozen=True, kw_only=True):
    """What all shards of a process have in common."""

    token: str
    url: str
    shard_count: int
    compression: str = "zstd"
