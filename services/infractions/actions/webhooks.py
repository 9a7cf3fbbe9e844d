"""Managing a guild's webhooks: adding, changing, trying them, and delivering once more."""

from collections.abc import Sequence
from datetime import UTC, datetime

from services.infractions.actions.hooking import deliver_soon
from services.infractions.deps import Deps
from services.infractions.hooks import (
    MOST_WEBHOOKS,
    PING,
    Delivery,
    DeliveryState,
    HookEvent,
    Webhook,
    new_secret,
)
from services.infractions.queries import deliveries, webhooks
from services.infractions.views import HookBody, HookData
from shared.contracts.ids import GuildId, UserId
from shared.errors import ConflictError, NotFoundError, UserError
from shared.http.posting import PostError
from shared.postgres import transaction
from shared.settings import Secret


async def list_webhooks(deps: Deps, guild_id: GuildId) -> list[Webhook]:
    """Return a guild's webhooks, oldest first."""
    return await webhooks.of_guild(deps.db, guild_id)


async def show_webhook(deps: Deps, guild_id: GuildId, webhook_id: int) -> Webhook:
    """Return one of a guild's webhooks. Raises NotFoundError."""
    webhook = await webhooks.get(deps.db, guild_id, webhook_id)
    if webhook is None:
        raise NotFoundError(f"There is no webhook {webhook_id} in this server.")
    return webhook


async def add_webhook(
    deps: Deps,
    guild_id: GuildId,
    *,
    name: str,
    url: str,
    events: Sequence[HookEvent],
    by: UserId,
) -> tuple[Webhook, Secret]:
    """Add a webhook, and return its secret, which nobody is shown again.

    Raises UserError for an address that can't be, ConflictError when there are as many as may be.
    """
    _check_url(deps, url)
    secret = new_secret()
    webhook = await webhooks.create(
        deps.db, guild_id, name=name, url=url, secret=secret, events=events, created_by=by
    )
    if webhook is None:
        raise ConflictError(
            f"A server has {MOST_WEBHOOKS} webhooks at most: delete one that is not needed."
        )
    return webhook, secret


async def change_webhook(
    deps: Deps,
    guild_id: GuildId,
    webhook_id: int,
    *,
    name: str | None = None,
    url: str | None = None,
    events: Sequence[HookEvent] | None = None,
    on: bool | None = None,
) -> Webhook:
    """Change a webhook, or switch it on or off. Raises NotFoundError, UserError."""
    webhook = await show_webhook(deps, guild_id, webhook_id)
    if url is not None:
        _check_url(deps, url)
    changed = await webhooks.change(deps.db, webhook, name=name, url=url, events=events, on=on)
    return changed or await show_webhook(deps, guild_id, webhook_id)


async def remove_webhook(deps: Deps, guild_id: GuildId, webhook_id: int) -> None:
    """Remove a webhook with all its deliveries. Raises NotFoundError."""
    if not await webhooks.delete(deps.db, guild_id, webhook_id):
        raise NotFoundError(f"There is no webhook {webhook_id} in this server.")


async def ping_webhook(deps: Deps, guild_id: GuildId, webhook_id: int) -> Delivery:
    """Have a test delivered. Raises NotFoundError, ConflictError when it is switched off."""
    webhook = await _switched_on(deps, guild_id, webhook_id)
    body = HookBody(type=PING, timestamp=datetime.now(UTC), data=HookData(guild_id=guild_id))
    async with transaction(deps.db) as tx:
        delivery = await deliveries.add(tx, webhook, PING, body.model_dump_json(exclude_none=True))
        await deliver_soon(tx, delivery)
    return delivery


async def list_deliveries(
    deps: Deps,
    guild_id: GuildId,
    webhook_id: int,
    state: DeliveryState | None,
    *,
    before: int | None,
    limit: int,
) -> tuple[list[Delivery], bool]:
    """Return deliveries, newest first, and whether there are older ones. Raises NotFoundError."""
    webhook = await show_webhook(deps, guild_id, webhook_id)
    found = await deliveries.page(deps.db, webhook, state, before=before, limit=limit + 1)
    return found[:limit], len(found) > limit


async def redeliver(deps: Deps, guild_id: GuildId, webhook_id: int, delivery_id: int) -> Delivery:
    """Deliver something once more, under the same id. Raises NotFoundError, ConflictError."""
    webhook = await _switched_on(deps, guild_id, webhook_id)
    async with transaction(deps.db) as tx:
        delivery = await deliveries.again(tx, webhook, delivery_id)
        if delivery is None:
            raise NotFoundError(f"Webhook {webhook_id} has no delivery {delivery_id}.")
        await deliver_soon(tx, delivery)
    return delivery


async def _switched_on(deps: Deps, guild_id: GuildId, webhook_id: int) -> Webhook:
    webhook = await show_webhook(deps, guild_id, webhook_id)
    if webhook.switched_off_at is not None:
        raise ConflictError("This webhook is switched off: switch it on first.")
    return webhook


def _check_url(deps: Deps, url: str) -> None:
    try:
        deps.courier.check(url)
    except PostError as error:
        raise UserError(error.message, code="bad_url") from error
