"""Delivering to webhooks: signed, one by one, again for a day, and not for ever in vain."""

import random
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog
from msgspec import Struct

from services.infractions.actions.hooking import deliver_soon
from services.infractions.actions.turns import in_turn
from services.infractions.deps import Deps
from services.infractions.hooks import (
    MOST_TRIES,
    SWITCHED_OFF_AFTER,
    WAITS,
    Delivery,
    Webhook,
    signed,
)
from services.infractions.queries import deliveries, webhooks
from shared.contracts.ids import GuildId
from shared.errors import Retry
from shared.http.posting import PostError
from shared.postgres import transaction

FULL_AGAIN: Final = timedelta(seconds=2)
FIRST_PAUSE: Final = timedelta(seconds=5)
LONGEST_PAUSE: Final = timedelta(minutes=10)
"""How long a webhook is left alone after failures one after the other."""

KEPT: Final = timedelta(days=30)
"""How long what was delivered, or never could be, is kept to be looked at."""

SPREAD: Final = 0.1
FINE: Final = range(200, 300)
GONE: Final = 410

log = structlog.get_logger()


class Answer(Struct, frozen=True):
    """What came of a try: an HTTP status, or why there is none."""

    status: int | None
    error: str | None

    @property
    def fine(self) -> bool:
        """Whether the receiver took it."""
        return self.status in FINE


async def deliver(deps: Deps, guild_id: GuildId, webhook_id: int) -> None:
    """Deliver in their order what is due for a webhook.

    Raises Retry while somebody else is at it, and while it is left alone after a failure.
    """

    async def step() -> bool:
        return await _deliver_next(deps, guild_id, webhook_id)

    async def more() -> bool:
        return await deliveries.is_due(deps.db, guild_id, webhook_id)

    if deps.courier.busy:
        raise Retry(after=FULL_AGAIN, reason="too many receivers are being waited for")
    async with deps.courier.place():
        await in_turn(deps.db, guild_id, f"webhook:{webhook_id}", step, more)


async def _deliver_next(deps: Deps, guild_id: GuildId, webhook_id: int) -> bool:
    webhook = await webhooks.get(deps.db, guild_id, webhook_id)
    if webhook is None:
        return False
    if webhook.switched_off_at is not None:
        why = f"The webhook was switched off: {webhook.switched_off_why}"
        await deliveries.bury_waiting(deps.db, webhook, why)
        return False
    delivery = await deliveries.next_due(deps.db, webhook)
    if delivery is None:
        await deliveries.forget(deps.db, webhook, KEPT)
        return False
    paused = await webhooks.seconds_paused(deps.db, guild_id, webhook_id)
    if paused:
        raise Retry(after=timedelta(seconds=paused), reason="the webhook failed just now")
    await _settle(deps, webhook, delivery, await _post(deps, webhook, delivery))
    return True


async def _post(deps: Deps, webhook: Webhook, delivery: Delivery) -> Answer:
    secret = await webhooks.secret_of(deps.db, webhook)
    headers = {"Content-Type": "application/json", "User-Agent": "Flotilla"}
    headers |= signed(secret, delivery, datetime.now(UTC))
    try:
        answered = await deps.courier.post(webhook.url, headers, delivery.body.encode())
    except PostError as error:
        return Answer(None, error.message)
    if answered.status in FINE:
        return Answer(answered.status, None)
    return Answer(answered.status, f"It answered {answered.status}: {answered.excerpt}")


async def _settle(deps: Deps, webhook: Webhook, delivery: Delivery, answer: Answer) -> None:
    """Write down what came of a try, with what follows of it."""
    state = "delivered" if answer.fine else ("dead" if _is_last(delivery) else "waiting")
    deps.metrics.deliveries.labels("retry" if state == "waiting" else state).inc()
    async with transaction(deps.db) as tx:
        tried = await deliveries.note_try(
            tx,
            delivery,
            state,
            status=answer.status,
            error=answer.error,
            again_after=_wait_after(delivery),
        )
        if answer.fine:
            await webhooks.note_success(tx, webhook)
            return
        if tried is not None and state == "waiting":
            await deliver_soon(tx, tried)
        failing = await webhooks.note_failure(tx, webhook, first=FIRST_PAUSE, longest=LONGEST_PAUSE)
    if failing is not None:
        await _switch_off_if_hopeless(deps, failing, answer)


def _is_last(delivery: Delivery) -> bool:
    return delivery.tries + 1 >= MOST_TRIES


def _wait_after(delivery: Delivery) -> timedelta:
    """Return how long to wait before the next try, a little spread."""
    wait = WAITS[min(delivery.tries, len(WAITS) - 1)]
    return wait * random.uniform(1 - SPREAD, 1 + SPREAD)  # noqa: S311 - only to spread


async def _switch_off_if_hopeless(deps: Deps, webhook: Webhook, answer: Answer) -> None:
    """Stop delivering to who has not taken anything for days, or asked to be left alone."""
    since = webhook.failing_since
    if answer.status == GONE:
        why = "It answered 410, which asks for no more."
    elif since is not None and since <= datetime.now(UTC) - SWITCHED_OFF_AFTER:
        why = f"Nothing could be delivered since {since:%Y-%m-%d %H:%M} UTC. {answer.error}"
    else:
        return
    async with transaction(deps.db) as tx:
        await webhooks.switch_off(tx, webhook, why)
        await deliveries.bury_waiting(tx, webhook, f"The webhook was switched off: {why}")
    deps.metrics.switched_off.inc()
    log.warning("webhook_switched_off", guild_id=webhook.guild_id, webhook=webhook.id, reason=why)
