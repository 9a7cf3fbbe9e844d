"""The words of admin: revisions, who changes them, and keys."""

from datetime import datetime
from typing import Final

from msgspec import Struct

from shared.contracts.ids import GuildId, UserId
from shared.permissions import Person


class Revision(Struct, frozen=True, kw_only=True):
    """A configuration as somebody saved it; revision 0 is empty, each guild's first."""

    guild_id: GuildId
    revision: int
    yaml: str
    note: str
    author_id: UserId
    author_name: str
    created_at: datetime


class Author(Struct, frozen=True, kw_only=True):
    """Who changes something, with what decides about their level."""

    person: Person
    name: str

    @property
    def id(self) -> UserId:
        """The author's user id."""
        return self.person.id


class Key(Struct, frozen=True, kw_only=True):
    """An API key as admin keeps it."""

    guild_id: GuildId
    id: str
    name: str
    sha256: str
    scopes: tuple[str, ...]
    created_by: UserId
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None


BEGINNING: Final = datetime.fromisoformat("2015-01-01T00:00:00+00:00")
"""When revision 0 was made, so to speak: with Discord's first id."""


def no_revision(guild_id: GuildId) -> Revision:
    """Return what a guild has that never saved a configuration."""
    return Revision(
        guild_id=guild_id,
        revision=0,
        yaml="",
        note="",
        author_id=UserId(0),
        author_name="",
        created_at=BEGINNING,
    )
