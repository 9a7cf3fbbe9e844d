"""Putting down what webhooks are to hear, in the transaction of what happened."""

from services.infractions.hooks import Delivery
from services.infractions.model import Infraction, Person
from services.infractions.queries import deliveries
from services.infractions.timers import Deliver
from services.infractions.views import HookBody, HookChange, HookData, person, view
from shared import jobs
from shared.postgres import Connection


async def hook(
    tx: Connection, infraction: Infraction, event: str, actor: Person, change: str, detail: str
) -> None:
    """Have an event delivered to the webhooks of the guild that want it."""
    assert infraction.updated_at is not None
    body = HookBody(
        type=event,
        timestamp=infraction.updated_at,
        data=HookData(
            guild_id=infraction.guild_id,
            change=HookChange(change=change, detail=detail, actor=person(actor.id, actor.name)),
            infraction=view(infraction),
        ),
    )
    text = body.model_dump_json()
    waiting = await deliveries.add_for_all(tx, infraction.guild_id, event, infraction.number, text)
    for delivery in waiting:
        await deliver_soon(tx, delivery)


async def deliver_soon(tx: Connection, delivery: Delivery) -> None:
    """Have a job deliver it when it is due; each try has a job of its own."""
    await jobs.schedule(
        tx,
        Deliver(guild_id=delivery.guild_id, webhook_id=delivery.webhook_id),
        at=delivery.next_at,
        key=f"{delivery.guild_id}:{delivery.id}:{delivery.tries}",
    )
