"""What goes over the bus: queues with their retries, messages that leave and that arrive."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from aiormq.abc import DeliveredMessage
from msgspec import Struct
from pamqp.commands import Basic
from pamqp.common import FieldValue

ATTEMPT: Final = "x-flotilla-attempt"
ATTEMPTS: Final = "x-flotilla-attempts"
REASON: Final = "x-flotilla-reason"
QUEUE: Final = "x-flotilla-queue"
ROUTING_KEY: Final = "x-flotilla-routing-key"
DIED_AT: Final = "x-flotilla-died-at"
ASK: Final = "x-flotilla-ask"

Headers = dict[str, FieldValue]


class QueueSpec(Struct, frozen=True):
    """A queue, what is routed to it, and when a failed message comes back to it.

    `bindings` are pairs of exchange and routing key; `retry_steps` are seconds, one for each try
    after the first. After the last step a message is parked in `<name>.dead`.
    """

    name: str
    bindings: tuple[tuple[str, str], ...] = ()
    delivery_limit: int = 20
    retry_steps: tuple[float, ...] = (1, 10, 60, 300)

    @property
    def dead(self) -> str:
        """The queue where messages are parked that failed for good."""
        return dead_queue(self.name)

    def retry(self, seconds: float) -> str:
        """Name the queue in which a message waits that long before it comes back."""
        return f"{self.name}.retry.{seconds:g}"


def dead_queue(name: str) -> str:
    """Name the queue where another one's dead messages are parked."""
    return f"{name}.dead"


class Delivery(Struct, frozen=True):
    """A message that arrived. `attempt` is 0 the first time, then counts the retries."""

    body: bytes
    routing_key: str
    type: str
    message_id: str
    guild_id: int
    reply_to: str
    headers: Mapping[str, FieldValue]
    timestamp: datetime | None
    redelivered: bool
    attempt: int


class Outgoing(Struct, frozen=True):
    """A message that is to leave."""

    exchange: str
    routing_key: str
    body: bytes
    properties: Basic.Properties
    mandatory: bool = False


def properties(
    *,
    message_id: str,
    guild_id: int,
    type_: str,
    headers: Headers | None = None,
    reply_to: str | None = None,
    expires: timedelta | None = None,
) -> Basic.Properties:
    """Fill in the properties that every message carries."""
    return Basic.Properties(
        content_type="application/json",
        delivery_mode=2,
        message_id=message_id,
        correlation_id=str(guild_id),
        message_type=type_,
        timestamp=datetime.now(UTC),
        headers=headers,
        reply_to=reply_to,
        expiration=None if expires is None else str(max(0, int(expires.total_seconds() * 1000))),
    )


def delivery(message: DeliveredMessage) -> Delivery:
    """Read a message as it came from the broker."""
    properties = message.header.properties
    headers = properties.headers or {}
    return Delivery(
        body=message.body,
        routing_key=str(headers.get(ROUTING_KEY, message.routing_key or "")),
        type=properties.message_type or "",
        message_id=properties.message_id or "",
        guild_id=_number(properties.correlation_id),
        reply_to=properties.reply_to or "",
        headers=headers,
        timestamp=properties.timestamp,
        redelivered=bool(getattr(message.delivery, "redelivered", False)),
        attempt=_number(headers.get(ATTEMPT)),
    )


def copy_of(message: Delivery, *, queue: str, headers: Headers) -> Outgoing:
    """Make a copy for another queue, with `headers` added."""
    kept: Headers = {**message.headers, ROUTING_KEY: message.routing_key, **headers}
    return Outgoing(
        exchange="",
        routing_key=queue,
        body=message.body,
        mandatory=True,
        properties=properties(
            message_id=message.message_id,
            guild_id=message.guild_id,
            type_=message.type,
            headers=kept,
            reply_to=message.reply_to or None,
        ),
    )


def _number(value: object) -> int:
    """Read a whole number that somebody else wrote, 0 where it is none."""
    if isinstance(value, int):
        return int(value)
    text = value if isinstance(value, str) else ""
    return int(text) if text.isascii() and text.isdigit() else 0
