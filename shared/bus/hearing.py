"""Hearing: what is published reaches every process that is there; for others nothing is kept."""

import secrets
from typing import Protocol

from aiormq.abc import DeliveredMessage
from aiormq.channel import Channel

from shared.bus.link import Link, closed
from shared.bus.messages import Delivery, delivery
from shared.contracts.topology import EXCHANGES


class Hearer(Protocol):
    """Who hears; it must not raise."""

    def begin(self) -> None:
        """Note that from now on everything is heard."""
        ...

    def hear(self, message: Delivery) -> None:
        """Take a message."""
        ...

    def end(self) -> None:
        """Note that from now on nothing is heard, perhaps for some while already."""
        ...


class Hearing:
    """A queue of one process, which the broker forgets with its connection."""

    def __init__(
        self, link: Link, name: str, exchange: str, routing_key: str, hearer: Hearer
    ) -> None:
        self._link = link
        self._name = name
        self._exchange = exchange
        self._routing_key = routing_key
        self._hearer = hearer

    async def run(self) -> None:
        """Hear until cancelled, over every reconnect."""
        await self._link.keep(self._use)

    async def _use(self, channel: Channel) -> None:
        """Hear on this channel until it is lost."""
        queue = f"{self._name}.hears.{secrets.token_hex(8)}"
        kind = EXCHANGES[self._exchange]
        await channel.exchange_declare(self._exchange, exchange_type=kind, durable=True)
        await channel.queue_declare(queue, exclusive=True, auto_delete=True)
        await channel.queue_bind(queue, self._exchange, self._routing_key)
        await channel.basic_consume(queue, self._on_message, no_ack=True)
        self._hearer.begin()
        try:
            await closed(channel)
        finally:
            self._hearer.end()

    async def _on_message(self, message: DeliveredMessage) -> None:
        self._hearer.hear(delivery(message))
