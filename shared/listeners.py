"""Listeners: functions called for each event of a type, Discord's own or a service's."""

from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar, cast

import msgspec
from msgspec import Struct

from shared.bus import Bus, Consumption, Delivery, QueueSpec
from shared.contracts.codec import decode
from shared.contracts.topology import DISCORD_EVENTS, FLOTILLA_EVENTS
from shared.errors import Poison

E = TypeVar("E", bound=Struct)

# Any: each service has deps of its own, and an event is of the type it was registered for
Listener = Callable[[Any, Any], Awaitable[None]]

ANY_GUILD: Final = "*"


class Listeners:
    """The listeners of one service; its queues are bound to what they listen for."""

    def __init__(self, service: str) -> None:
        self._service = service
        self._events: dict[str, list[tuple[type[Struct], Listener]]] = {}
        self._domain: dict[str, list[tuple[type[Struct], Listener]]] = {}

    def on(
        self, event: type[E]
    ) -> Callable[[Callable[[Any, E], Awaitable[None]]], Callable[[Any, E], Awaitable[None]]]:
        """Register a function for an event: a Struct with an EVENT of Discord's, or a KEY of ours.

        Several functions may listen for one event. They are called in order, and all of them again
        when one failed, as an event that comes twice must change nothing anyway.
        """
        table, name = self._table(event)

        def register(listener: Callable[[Any, E], Awaitable[None]]) -> Callable[..., Any]:
            table.setdefault(name, []).append((event, listener))
            return listener

        return register

    def queues(self) -> tuple[QueueSpec, ...]:
        """Return the queues that these listeners need."""
        events = tuple((DISCORD_EVENTS, f"{name}.{ANY_GUILD}") for name in self._events)
        domain = tuple((FLOTILLA_EVENTS, key) for key in self._domain)
        queues = (
            QueueSpec(f"{self._service}.events", events),
            QueueSpec(f"{self._service}.domain", domain),
        )
        return tuple(queue for queue in queues if queue.bindings)

    async def start(
        self, bus: Bus, deps: object, *, prefetch: int = 100, concurrency: int = 50
    ) -> tuple[Consumption, ...]:
        """Consume, calling each listener with `deps` and the event.

        Raises nothing while the broker is away: it waits.
        """

        async def hear(delivery: Delivery) -> None:
            await self._hear(deps, delivery)

        return tuple(
            [
                await bus.consume(queue, hear, prefetch=prefetch, concurrency=concurrency)
                for queue in self.queues()
            ]
        )

    async def _hear(self, deps: object, delivery: Delivery) -> None:
        listeners = self._events.get(delivery.type) or self._domain.get(delivery.type) or ()
        for type_, listener in listeners:
            await listener(deps, _event(delivery, type_))

    def _table(
        self, event: type[Struct]
    ) -> tuple[dict[str, list[tuple[type[Struct], Listener]]], str]:
        """Return where an event's listeners are, and under which name."""
        for table, attribute in ((self._events, "EVENT"), (self._domain, "KEY")):
            name = cast("str | None", getattr(event, attribute, None))
            if name is not None:
                return table, name
        raise TypeError(f"{event.__name__} has neither EVENT nor KEY: nobody could send it")


def _event(delivery: Delivery, type_: type[Struct]) -> Struct:
    try:
        return decode(delivery.body, type_)
    except msgspec.DecodeError as error:
        raise Poison(f"not a {type_.__name__}: {error}") from error
