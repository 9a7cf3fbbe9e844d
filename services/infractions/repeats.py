"""Requests that may be repeated: by whom, under which key, and what was answered."""

from msgspec import Struct

from shared.contracts.ids import GuildId


class Repeatable(Struct, kw_only=True, frozen=True):
    """A request with an idempotency key; `request` is the hash of what it asks for."""

    guild_id: GuildId
    who: str
    key: str
    request: str


class Kept(Struct, kw_only=True, frozen=True):
    """What is known of a request: its answer, or for how many seconds it may still be worked on."""

    request: str
    wait: int
    status: int | None
    headers: dict[str, str]
    body: str
