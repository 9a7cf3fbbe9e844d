"""The door of events: a batch off the queue, read, counted and only then acknowledged."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec
import structlog

from services.stats import actions
from services.stats.counting import Readers, Row
from services.stats.deps import Deps
from shared.bus import BatchConsumption, Delivery, QueueSpec
from shared.bus.messages import ATTEMPTS, DIED_AT, QUEUE, REASON, ROUTING_KEY
from shared.contracts.topology import DISCORD_EVENTS

INGEST: Final = "stats.ingest"

log = structlog.get_logger()


async def start(deps: Deps, readers: Readers) -> BatchConsumption:
    """Begin to count what arrives; while ClickHouse is away the queue keeps it."""

    async def count(batch: Sequence[Delivery]) -> None:
        await count_batch(deps, readers, batch)

    return await deps.bus.consume_batches(
        queue_of(readers),
        count,
        size=deps.settings.batch_size,
        wait=deps.settings.batch_wait,
        prefetch=2 * deps.settings.batch_size,
    )


def queue_of(readers: Readers) -> QueueSpec:
    """Return the queue of events; a batch is tried for ever, so retries have no steps."""
    bindings = tuple((DISCORD_EVENTS, f"{event}.*") for event in readers.events)
    return QueueSpec(INGEST, bindings, retry_steps=())


async def count_batch(deps: Deps, readers: Readers, batch: Sequence[Delivery]) -> None:
    """Count a batch; what can't be read is parked. Raises when it has to be tried again."""
    deps.progress.begin(len(batch))
    deps.check_migrated()
    rows: list[tuple[Row, datetime]] = []
    unreadable: list[tuple[Delivery, str]] = []
    for delivery in batch:
        try:
            row = readers.row(delivery.type, delivery.body, delivery.message_id)
        except (msgspec.DecodeError, LookupError) as error:
            unreadable.append((delivery, f"not a countable {delivery.type}: {error}"))
            continue
        if row is not None:
            rows.append((row, delivery.timestamp or datetime.now(UTC)))
    await actions.count(deps, rows, datetime.now(UTC))
    for delivery, reason in unreadable:
        await park(deps, delivery, reason)
    deps.progress.end()
    _observe_lag(deps, rows)


async def park(deps: Deps, delivery: Delivery, reason: str) -> None:
    """Put an event that nobody can read where operators find it."""
    log.error("message_is_dead", queue=INGEST, reason=reason, message_id=delivery.message_id)
    deps.metrics.poison.labels(delivery.type).inc()
    await deps.bus.publish(
        "",
        f"{INGEST}.dead",
        delivery.body,
        message_id=delivery.message_id,
        type=delivery.type,
        guild_id=delivery.guild_id,
        headers={
            ROUTING_KEY: delivery.routing_key,
            REASON: reason[:500],
            ATTEMPTS: 1,
            QUEUE: INGEST,
            DIED_AT: datetime.now(UTC),
        },
    )


def _observe_lag(deps: Deps, rows: Sequence[tuple[Row, datetime]]) -> None:
    if rows:
        newest = max(at for _, at in rows)
        deps.metrics.lag.set(max(0.0, (datetime.now(UTC) - newest).total_seconds()))
