"""Who is sent an event, and in which form: permissions, shards, intents, message content."""

from typing import Any

import msgspec

from sandbox.gateway.greeting import trimmed_guild
from sandbox.gateway.intents import WITH_CONTENT, sees_content, wanted, without_content
from sandbox.gateway.session import Session
from sandbox.world import Event, World
from sandbox.world.visibility import may_receive

# JSON objects of Discord are open: their values are looked at by name only.
Json = dict[str, Any]


class Outgoing:
    """An event on its way out, encoded once for all who get the same form of it."""

    def __init__(self, event: Event) -> None:
        self.event = event
        self.name = event.name.encode()
        self._whole: bytes | None = None
        self._blank: bytes | None = None

    @property
    def whole(self) -> bytes:
        """The payload as it is."""
        if self._whole is None:
            self._whole = msgspec.json.encode(self.event.data)
        return self._whole

    @property
    def blank(self) -> bytes:
        """The payload without what somebody wrote."""
        if self._blank is None:
            self._blank = msgspec.json.encode(without_content(self.event.data))
        return self._blank


def form_for(world: World, session: Session, outgoing: Outgoing) -> bytes | None:
    """Return the payload that a session is sent for an event, or None when it is not sent."""
    event = outgoing.event
    if not may_receive(world, event, session.account_id):
        return None
    if not session.bot:
        return outgoing.whole
    if not session.holds_shard_of(event.guild_id) or not _wants(session, event):
        return None
    if event.name == "GUILD_CREATE":
        return msgspec.json.encode(trimmed_guild(event.data, session))
    if event.name in WITH_CONTENT and not _reads(session, event):
        return outgoing.blank
    return outgoing.whole


def _wants(session: Session, event: Event) -> bool:
    if wanted(session.intents, event.name, in_guild=event.guild_id is not None):
        return True
    data: Json = event.data
    own_member = event.name == "GUILD_MEMBER_UPDATE"
    return own_member and data["user"]["id"] == str(session.account_id)


def _reads(session: Session, event: Event) -> bool:
    in_guild = event.guild_id is not None
    return sees_content(session.intents, session.account_id, event.data, in_guild=in_guild)
