"""What becomes of a message whose handler failed: a delay queue, and in the end the parked ones."""

from datetime import UTC, datetime, timedelta

import structlog

from shared.bus.link import Link
from shared.bus.messages import (
    ATTEMPT,
    ATTEMPTS,
    DIED_AT,
    QUEUE,
    REASON,
    Delivery,
    QueueSpec,
    copy_of,
)
from shared.bus.metrics import BusMetrics
from shared.bus.publishing import Publisher, Returned
from shared.bus.topology import declare_queue, declare_retry

LONGEST_REASON = 500

log = structlog.get_logger()


class Retries:
    """Moves failed messages of one queue."""

    def __init__(
        self, link: Link, publisher: Publisher, metrics: BusMetrics, spec: QueueSpec
    ) -> None:
        self._link = link
        self._publisher = publisher
        self._metrics = metrics
        self._spec = spec
        self._declared: set[float] = set()

    async def put_off(self, message: Delivery, reason: str, after: timedelta | None) -> str:
        """Have a message come back after the next step, or park it after the last one.

        `after` asks for at least so long; the longest step is the limit.
        """
        steps = self._spec.retry_steps
        if message.attempt >= len(steps):
            return await self.bury(message, reason)
        wait = steps[message.attempt]
        if after is not None:
            enough = (step for step in steps if step >= after.total_seconds())
            wait = min(enough, default=max(steps))
        await self._send_to_retry(message, reason, wait)
        return "retry"

    async def bury(self, message: Delivery, reason: str) -> str:
        """Park a message for an operator."""
        log.error("message_is_dead", queue=self._spec.name, reason=reason)
        copy = copy_of(
            message,
            queue=self._spec.dead,
            headers={
                REASON: reason[:LONGEST_REASON],
                ATTEMPTS: message.attempt + 1,
                QUEUE: self._spec.name,
                DIED_AT: datetime.now(UTC),
            },
        )
        try:
            await self._publisher.publish(copy)
        except Returned:
            await self._declare(None)
            await self._publisher.publish(copy)
        self._metrics.dead.labels(self._spec.name).inc()
        return "dead"

    async def _send_to_retry(self, message: Delivery, reason: str, wait: float) -> None:
        if wait not in self._declared:
            await self._declare(wait)
        copy = copy_of(
            message,
            queue=self._spec.retry(wait),
            headers={ATTEMPT: message.attempt + 1, REASON: reason[:LONGEST_REASON]},
        )
        try:
            await self._publisher.publish(copy)
        except Returned:
            await self._declare(wait)
            await self._publisher.publish(copy)

    async def _declare(self, wait: float | None) -> None:
        """Declare the delay queue of a step, or the queue of the dead."""
        channel = await self._link.channel(confirms=False)
        try:
            if wait is None:
                await declare_queue(channel, self._spec)
            else:
                await declare_retry(channel, self._spec, wait)
                self._declared.add(wait)
        finally:
            await channel.close()
