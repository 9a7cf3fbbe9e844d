"""Who people are, as Discord names them; kept for a while, so that few questions are asked."""

from datetime import timedelta
from time import monotonic
from typing import Final

from services.infractions.model import Person
from shared.contracts.actions import GetUser
from shared.contracts.codec import decode
from shared.contracts.discord import User
from shared.contracts.ids import UserId
from shared.contracts.topology import INTERACTIVE
from shared.errors import UserError
from shared.gateway import Gateway

PATIENCE: Final = timedelta(seconds=2)
"""The record does not wait longer than this for a name."""

KEPT: Final = 600.0
"""Seconds until a name is asked for again, as people change theirs."""

MOST: Final = 1000
"""People who are kept at most; the oldest go first."""


class People:
    """Names people, from what Discord said lately."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._known: dict[UserId, tuple[float, Person]] = {}

    def keep(self, user: User) -> Person:
        """Remember somebody whom an event named."""
        person = Person(user.id, user.name)
        self._known.pop(user.id, None)
        self._known[user.id] = (monotonic() + KEPT, person)
        if len(self._known) > MOST:
            del self._known[next(iter(self._known))]
        return person

    async def named(self, user_id: UserId) -> Person:
        """Return somebody with their name; without it when Discord does not tell it soon."""
        until, person = self._known.get(user_id, (0.0, Person(user_id, "")))
        if until > monotonic():
            return person
        try:
            result = await self._gateway.do(
                GetUser(user_id=user_id), key=None, timeout=PATIENCE, queue=INTERACTIVE
            )
        except UserError:
            return person
        return person if result.status == "gone" else self.keep(decode(result.data, User))
