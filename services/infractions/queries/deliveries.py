"""What was, is or could not be delivered to webhooks."""

from datetime import timedelta

from services.infractions.hooks import Delivery, DeliveryState, Webhook
from shared.contracts.ids import GuildId
from shared.postgres import Connection, Executor, execute, fetch_all, fetch_one, fetch_value


async def add_for_all(
    tx: Connection, guild_id: GuildId, event: str, number: int, body: str
) -> list[Delivery]:
    """Have an event delivered to every webhook of a guild that wants it."""
    return await fetch_all(
        tx,
        Delivery,
        """
        INSERT INTO deliveries (guild_id, webhook_id, event, number, body)
        SELECT guild_id, id, $2, $3, $4 FROM webhooks
         WHERE guild_id = $1 AND switched_off_at IS NULL AND (events = '{}' OR $2 = ANY(events))
         ORDER BY id
        RETURNING *
        """,
        guild_id,
        event,
        number,
        body,
    )


async def add(tx: Connection, webhook: Webhook, event: str, body: str) -> Delivery:
    """Have an event delivered to one webhook."""
    row = await fetch_one(
        tx,
        Delivery,
        """
        INSERT INTO deliveries (guild_id, webhook_id, event, body) VALUES ($1, $2, $3, $4)
        RETURNING *
        """,
        webhook.guild_id,
        webhook.id,
        event,
        body,
    )
    assert row is not None
    return row


async def page(
    db: Executor,
    webhook: Webhook,
    state: DeliveryState | None,
    *,
    before: int | None,
    limit: int,
) -> list[Delivery]:
    """Return deliveries to a webhook, newest first, below the id `before`."""
    return await fetch_all(
        db,
        Delivery,
        """
        SELECT * FROM deliveries
         WHERE guild_id = $1 AND webhook_id = $2 AND ($3::text IS NULL OR state = $3)
           AND ($4::bigint IS NULL OR id < $4)
         ORDER BY id DESC LIMIT $5
        """,
        webhook.guild_id,
        webhook.id,
        state,
        before,
        limit,
    )


async def next_due(db: Executor, webhook: Webhook) -> Delivery | None:
    """Return what to deliver next: in order, but what failed before last."""
    return await fetch_one(
        db,
        Delivery,
        """
        SELECT * FROM deliveries
         WHERE guild_id = $1 AND webhook_id = $2 AND state = 'waiting' AND next_at <= now()
         ORDER BY tries, id LIMIT 1
        """,
        webhook.guild_id,
        webhook.id,
    )


async def is_due(db: Executor, guild_id: GuildId, webhook_id: int) -> bool:
    """Say whether something is to be delivered."""
    return await fetch_value(
        db,
        bool,
        """
        SELECT EXISTS (SELECT FROM deliveries WHERE guild_id = $1 AND webhook_id = $2
                          AND state = 'waiting' AND next_at <= now())
        """,
        guild_id,
        webhook_id,
    )


async def note_try(
    db: Executor,
    delivery: Delivery,
    state: DeliveryState,
    *,
    status: int | None,
    error: str | None,
    again_after: timedelta = timedelta(),
) -> Delivery | None:
    """Note what came of a try; None when the delivery is gone."""
    return await fetch_one(
        db,
        Delivery,
        """
        UPDATE deliveries SET
               state = $3, tries = tries + 1, tried_at = now(), status = $4, error = $5,
               next_at = now() + $6::interval
         WHERE guild_id = $1 AND id = $2
        RETURNING *
        """,
        delivery.guild_id,
        delivery.id,
        state,
        status,
        error,
        again_after,
    )


async def again(tx: Connection, webhook: Webhook, delivery_id: int) -> Delivery | None:
    """Have something delivered once more, with all its tries."""
    return await fetch_one(
        tx,
        Delivery,
        """
        UPDATE deliveries SET state = 'waiting', tries = 0, next_at = now()
         WHERE guild_id = $1 AND webhook_id = $2 AND id = $3
        RETURNING *
        """,
        webhook.guild_id,
        webhook.id,
        delivery_id,
    )


async def bury_waiting(db: Executor, webhook: Webhook, why: str) -> int:
    """Deliver nothing of what waits for a webhook; return how much it was."""
    return await execute(
        db,
        """
        UPDATE deliveries SET state = 'dead', error = $3
         WHERE guild_id = $1 AND webhook_id = $2 AND state = 'waiting'
        """,
        webhook.guild_id,
        webhook.id,
        why,
    )


async def forget(db: Executor, webhook: Webhook, older_than: timedelta) -> None:
    """Delete old deliveries that came to an end."""
    await execute(
        db,
        """
        DELETE FROM deliveries
         WHERE guild_id = $1 AND webhook_id = $2 AND state <> 'waiting'
           AND created_at < now() - $3::interval
        """,
        webhook.guild_id,
        webhook.id,
        older_than,
    )
