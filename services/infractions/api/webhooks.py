"""The routes by which a server's webhooks are managed."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from msgspec import Meta, Struct
from pydantic import BaseModel, ConfigDict, Field

from services.infractions import actions
from services.infractions.api.params import After, DepsOf, Limit, OfGuild
from services.infractions.hooks import Delivery, DeliveryState, HookEvent, Webhook
from shared.contracts.ids import GuildId, UserId
from shared.http import Actor, SnowflakeText, decode_cursor, encode_cursor, require

LARGEST_ID = 2**63 - 1
LONGEST_NAME = 100
LONGEST_URL = 2000

MayManage = Annotated[Actor, Depends(require("webhooks:write"))]
HookId = Annotated[int, Path(ge=1, le=LARGEST_ID, description="The webhook's id.")]
DeliveryId = Annotated[int, Path(ge=1, le=LARGEST_ID, description="The delivery's id.")]
InDelivery = Annotated[DeliveryState | None, Query(description="How far it has come.")]
Name = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME, pattern=r"^[^\x00]*$")]
Url = Annotated[
    str,
    Field(
        max_length=LONGEST_URL,
        description="https only, at a public address.",
        examples=["https://example.org/flotilla"],
    ),
]
Events = Annotated[
    list[HookEvent], Field(max_length=10, description="Which events; all of them when empty.")
]

router = APIRouter(
    prefix="/guilds/{guild_id}/webhooks",
    tags=["webhooks"],
)


class Position(Struct, frozen=True, array_like=True):
    """What a cursor says: the delivery that a page ended with."""

    id: Annotated[int, Meta(ge=1, le=LARGEST_ID)]


class NewWebhook(BaseModel):
    """A webhook to add."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    url: Url
    events: Events = []


class WebhookChange(BaseModel):
    """What to change of a webhook; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    url: Url | None = None
    events: Events | None = None
    on: bool | None = Field(default=None, description="Switch it on, or off.")


class WebhookView(BaseModel):
    """A webhook of a server."""

    id: SnowflakeText
    name: str
    url: str
    events: list[HookEvent] = Field(description="All events when empty.")
    created_at: datetime
    created_by: SnowflakeText
    on: bool
    switched_off_at: datetime | None
    switched_off_why: str
    failures: int = Field(description="Failed tries since one worked.")
    failing_since: datetime | None


class WebhookWithSecret(WebhookView):
    """A webhook that was just added, with what its deliveries are signed with."""

    secret: str = Field(description="Shown this once.")


class WebhookList(BaseModel):
    """All webhooks of a server, oldest first."""

    items: list[WebhookView]


class DeliveryView(BaseModel):
    """What was, is or could not be delivered."""

    id: SnowflakeText = Field(description="Stays the same over all tries; grows with time.")
    event: str
    number: int | None = Field(description="The infraction's.")
    state: DeliveryState
    tries: int
    created_at: datetime
    next_at: datetime | None = Field(description="When it is tried next, while it waits.")
    tried_at: datetime | None
    status: int | None = Field(description="The HTTP status of the last try.")
    error: str | None = Field(description="Why the last try failed.")
    body: str = Field(description="What is delivered, as it is signed.")


class DeliveryPage(BaseModel):
    """Some deliveries, newest first, and the cursor of those that follow."""

    items: list[DeliveryView]
    next: str | None


def _view(webhook: Webhook) -> WebhookView:
    return WebhookView(
        id=webhook.id,
        name=webhook.name,
        url=webhook.url,
        events=list(webhook.events),
        created_at=webhook.created_at,
        created_by=webhook.created_by,
        on=webhook.switched_off_at is None,
        switched_off_at=webhook.switched_off_at,
        switched_off_why=webhook.switched_off_why,
        failures=webhook.failures,
        failing_since=webhook.failing_since,
    )


def _delivery_view(delivery: Delivery) -> DeliveryView:
    return DeliveryView(
        id=delivery.id,
        event=delivery.event,
        number=delivery.number,
        state=delivery.state,
        tries=delivery.tries,
        created_at=delivery.created_at,
        next_at=delivery.next_at if delivery.state == "waiting" else None,
        tried_at=delivery.tried_at,
        status=delivery.status,
        error=delivery.error,
        body=delivery.body,
    )


@router.get("")
async def list_webhooks(deps: DepsOf, guild_id: OfGuild, _by: MayManage) -> WebhookList:
    """List a server's webhooks."""
    found = await actions.list_webhooks(deps, GuildId(guild_id))
    return WebhookList(items=[_view(each) for each in found])


@router.post("", status_code=201)
async def add_webhook(
    deps: DepsOf, guild_id: OfGuild, by: MayManage, new: NewWebhook
) -> WebhookWithSecret:
    """Add a webhook. The answer holds its secret, which is not shown again."""
    webhook, secret = await actions.add_webhook(
        deps,
        GuildId(guild_id),
        name=new.name,
        url=new.url,
        events=new.events,
        by=UserId(by.user_id),
    )
    return WebhookWithSecret(**_view(webhook).model_dump(), secret=secret.reveal())


@router.get("/{webhook_id}")
async def read_webhook(
    deps: DepsOf, guild_id: OfGuild, webhook_id: HookId, _by: MayManage
) -> WebhookView:
    """Show a webhook, and how it fares."""
    return _view(await actions.show_webhook(deps, GuildId(guild_id), webhook_id))


@router.patch("/{webhook_id}")
async def change_webhook(
    deps: DepsOf, guild_id: OfGuild, webhook_id: HookId, _by: MayManage, change: WebhookChange
) -> WebhookView:
    """Change a webhook, or switch it on or off."""
    webhook = await actions.change_webhook(
        deps,
        GuildId(guild_id),
        webhook_id,
        name=change.name,
        url=change.url,
        events=change.events,
        on=change.on,
    )
    return _view(webhook)


@router.delete("/{webhook_id}", status_code=204)
async def remove_webhook(
    deps: DepsOf, guild_id: OfGuild, webhook_id: HookId, _by: MayManage
) -> None:
    """Remove a webhook, with all its deliveries."""
    await actions.remove_webhook(deps, GuildId(guild_id), webhook_id)


@router.post("/{webhook_id}/test", status_code=202)
async def ping_webhook(
    deps: DepsOf, guild_id: OfGuild, webhook_id: HookId, _by: MayManage
) -> DeliveryView:
    """Have a `ping` delivered; what came of it is then among the deliveries."""
    return _delivery_view(await actions.ping_webhook(deps, GuildId(guild_id), webhook_id))


@router.get("/{webhook_id}/deliveries")
async def list_deliveries(
    deps: DepsOf,
    guild_id: OfGuild,
    webhook_id: HookId,
    _by: MayManage,
    state: InDelivery = None,
    cursor: After = None,
    limit: Limit = 25,
) -> DeliveryPage:
    """List what was, is or could not be delivered to a webhook, newest first."""
    before = None if cursor is None else decode_cursor(cursor, Position).id
    found, more = await actions.list_deliveries(
        deps, GuildId(guild_id), webhook_id, state, before=before, limit=limit
    )
    following = encode_cursor(Position(found[-1].id)) if more else None
    return DeliveryPage(items=[_delivery_view(each) for each in found], next=following)


@router.post("/{webhook_id}/deliveries/{delivery_id}/redeliver", status_code=202)
async def redeliver(
    deps: DepsOf, guild_id: OfGuild, webhook_id: HookId, delivery_id: DeliveryId, _by: MayManage
) -> DeliveryView:
    """Deliver something once more, under the same id, with all its tries."""
    delivery = await actions.redeliver(deps, GuildId(guild_id), webhook_id, delivery_id)
    return _delivery_view(delivery)
