"""Declaring exchanges and queues; every queue is a quorum queue."""

from aiormq.abc import ArgumentsType
from aiormq.channel import Channel

from shared.bus.messages import QueueSpec
from shared.contracts.topology import EXCHANGES

NO_LIMIT = 1_000_000
"""Deliveries of a parked message; RabbitMQ 4 would drop it after 20 looks by an operator."""

SAFE = {"x-dead-letter-strategy": "at-least-once", "x-overflow": "reject-publish"}
"""A message moves between queues only once the next one has it (RabbitMQ, "Quorum Queues")."""


async def declare_exchanges(channel: Channel) -> None:
    """Declare the exchanges that all services share."""
    for name, kind in EXCHANGES.items():
        await channel.exchange_declare(name, exchange_type=kind, durable=True)


async def declare_queue(channel: Channel, spec: QueueSpec) -> None:
    """Declare a queue with its bindings, and the one where its dead messages are parked."""
    await _declare(channel, spec.dead, {"x-delivery-limit": NO_LIMIT})
    arguments: ArgumentsType = {
        "x-delivery-limit": spec.delivery_limit,
        "x-dead-letter-exchange": "",
        "x-dead-letter-routing-key": spec.dead,
        **SAFE,
    }
    await _declare(channel, spec.name, arguments)
    for exchange, routing_key in spec.bindings:
        if exchange in EXCHANGES:
            kind = EXCHANGES[exchange]
            await channel.exchange_declare(exchange, exchange_type=kind, durable=True)
        await channel.queue_bind(spec.name, exchange, routing_key)


async def declare_retry(channel: Channel, spec: QueueSpec, seconds: float) -> None:
    """Declare the queue where messages wait that long before they come back."""
    arguments: ArgumentsType = {
        "x-message-ttl": int(seconds * 1000),
        "x-dead-letter-exchange": "",
        "x-dead-letter-routing-key": spec.name,
        **SAFE,
    }
    await _declare(channel, spec.retry(seconds), arguments)


async def _declare(channel: Channel, name: str, arguments: ArgumentsType) -> None:
    quorum: ArgumentsType = {"x-queue-type": "quorum", **arguments}
    await channel.queue_declare(name, durable=True, arguments=quorum)
