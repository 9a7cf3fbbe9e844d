"""Whom a command is about, and whether the moderator may act on them."""


from msgspec import Struct

from services.infractions.model import Person
from shared.contracts.discord import Member, User


class Target(Struct, kw_only=True, frozen=True):
    """Somebody that a measure is about; `member` is None when they are not in the guild."""

    user: User
    member: Member | None

    @property
    def person(self) -> Person:
        """The target as the record names them."""
        return Person(id=self.user.id, name=self.user.name)
