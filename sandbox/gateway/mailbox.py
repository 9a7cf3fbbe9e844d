"""What users' clients would have been told, kept for those who have no websocket."""

import asyncio
from collections import deque

from msgspec import Struct

from sandbox.models import Json
from sandbox.world.state import Event


class ClientEvent(Struct, frozen=True):
    """One event as a user's client gets it; numbers grow over all users."""

    number: int
    name: str
    data: Json


class Mailboxes:
    """A bounded list of client events per user.

    Events meant for a user alone are always kept; those of guilds from the first time that the
    user's mailbox is read, as long as somebody reads it.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._number = 0
        self._boxes: dict[int, deque[ClientEvent]] = {}
        self._open: set[int] = set()
        self._arrived: dict[int, asyncio.Event] = {}

    @property
    def number(self) -> int:
        """The number of the newest client event of anybody: what to read after from now on."""
        return self._number

    def reading(self) -> frozenset[int]:
        """Return whose guild events are kept."""
        return frozenset(self._open)

    def open(self, user_id: int) -> None:
        """Keep a user's guild events from now on."""
        self._open.add(user_id)

    def put(self, user_id: int, event: Event) -> None:
        """Keep an event for a user."""
        self._number += 1
        box = self._boxes.setdefault(user_id, deque(maxlen=self._limit))
        box.append(ClientEvent(self._number, event.name, event.data))
        if arrived := self._arrived.pop(user_id, None):
            arrived.set()

    def read(self, user_id: int, after: int) -> list[ClientEvent]:
        """Return a user's events with a number greater than `after`, oldest first."""
        self.open(user_id)
        return [event for event in self._boxes.get(user_id, ()) if event.number > after]

    async def wait(self, user_id: int, after: int) -> list[ClientEvent]:
        """Return a user's events after a number as soon as there are any."""
        while not (events := self.read(user_id, after)):
            arrived = self._arrived.setdefault(user_id, asyncio.Event())
            await arrived.wait()
        return events
