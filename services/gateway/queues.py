"""What waits in the queues of all services, and for how long nobody has taken it."""

import asyncio
import time
from collections.abc import Iterable
from typing import Final

import structlog
from msgspec import Struct

from services.gateway.metrics import Metrics
from services.gateway.recognition.book import CommandBook
from shared.bus import Bus, Depth, QueueSpec
from shared.bus.messages import dead_queue
from shared.contracts.topology import ACTION_CLASSES, GATEWAY_ACTIONS, PURPOSES
from shared.errors import UnavailableError

EVERY: Final = 10.0
"""Seconds between two looks."""

PATIENCE: Final = 5.0
"""Seconds that a look may take."""


def queue_of(name: str) -> QueueSpec:
    """Return the queue of a class of actions."""
    return QueueSpec(f"{GATEWAY_ACTIONS}.{name}", ((GATEWAY_ACTIONS, name),))


OWN: Final = (*(queue_of(name).name for name in ACTION_CLASSES), "gateway.domain")
"""The gateway's own queues."""

NOTHING: Final = Depth(0, 0)

log = structlog.get_logger()


class Watched(Struct, frozen=True, kw_only=True):
    """A queue: what waits, who takes it, what is parked, and for how many seconds nobody takes."""

    name: str
    messages: int
    consumers: int
    dead: int
    stalled: float


class QueueWatch:
    """Looks at the gateway's queues and at those of every service that has announced commands."""

    def __init__(self, bus: Bus, book: CommandBook, metrics: Metrics) -> None:
        self._bus = bus
        self._book = book
        self._metrics = metrics
        self._stalled_since: dict[str, float] = {}

    async def run(self) -> None:
        """Look every ten seconds, until cancelled; not while the broker is away."""
        while True:
            try:
                await self.look()
            except UnavailableError as error:
                log.warning("queues_not_seen", error=repr(error))
            await asyncio.sleep(EVERY)

    async def look(self) -> list[Watched]:
        """Return the queues that are there, by name. Raises UnavailableError."""
        names = self._names()
        try:
            async with asyncio.timeout(PATIENCE):
                depths = await self._bus.depths(_with_dead(names))
        except TimeoutError as error:
            raise UnavailableError("RabbitMQ does not answer at the moment.") from error
        seen = [self._watched(name, depths) for name in names if name in depths]
        self._measure(seen)
        return seen

    def stalled_for(self, queue: str) -> float:
        """Return for how many seconds messages have waited in a queue that nobody takes from."""
        since = self._stalled_since.get(queue)
        return 0.0 if since is None else time.monotonic() - since

    def _names(self) -> list[str]:
        services = {entry.service for entry in self._book.entries}
        theirs = {f"{service}.{purpose}" for service in services for purpose in PURPOSES}
        return sorted({*OWN, *theirs})

    def _watched(self, name: str, depths: dict[str, Depth]) -> Watched:
        depth = depths[name]
        if depth.messages and not depth.consumers:
            self._stalled_since.setdefault(name, time.monotonic())
        else:
            self._stalled_since.pop(name, None)
        return Watched(
            name=name,
            messages=depth.messages,
            consumers=depth.consumers,
            dead=depths.get(dead_queue(name), NOTHING).messages,
            stalled=self.stalled_for(name),
        )

    def _measure(self, seen: list[Watched]) -> None:
        """Show what was seen, and nothing of queues that are gone."""
        gauges = self._metrics.queue_messages, self._metrics.queue_consumers
        for gauge in (*gauges, self._metrics.queue_dead, self._metrics.queue_stalled):
            gauge.clear()
        for queue in seen:
            self._metrics.queue_messages.labels(queue.name).set(queue.messages)
            self._metrics.queue_consumers.labels(queue.name).set(queue.consumers)
            self._metrics.queue_dead.labels(queue.name).set(queue.dead)
            self._metrics.queue_stalled.labels(queue.name).set(queue.stalled)


def _with_dead(names: Iterable[str]) -> list[str]:
    return [each for name in names for each in (name, dead_queue(name))]
