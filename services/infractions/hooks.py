"""Webhooks of a guild, what is delivered to them, and how it is signed (standardwebhooks.com)."""

import base64
import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from typing import Final, Literal, get_args

from msgspec import Struct

from shared.contracts.domain import InfractionChanged, InfractionCreated, InfractionEnded
from shared.contracts.ids import GuildId, UserId
from shared.settings import Secret

HookEvent = Literal["infraction.created", "infraction.ended", "infraction.changed"]
"""What a webhook can ask for: the domain events about infractions."""

EVENTS: Final[tuple[HookEvent, ...]] = get_args(HookEvent)
assert set(EVENTS) == {InfractionCreated.KEY, InfractionEnded.KEY, InfractionChanged.KEY}

PING: Final = "ping"
"""The event of a test."""

DeliveryState = Literal["waiting", "delivered", "dead"]

MOST_WEBHOOKS: Final = 10
"""Webhooks of one guild."""

MOST_TRIES: Final = 12
WAITS: Final = tuple(
    timedelta(seconds=seconds)
    for seconds in (10, 30, 120, 300, 900, 1800, 3600, 7200, 14_400, 21_600, 36_000)
)
"""Between the tries: a bit more than a day in all."""

SWITCHED_OFF_AFTER: Final = timedelta(days=3)
"""Of failures without a single success between them."""

SECRET_BYTES: Final = 32
SECRET_PREFIX: Final = "whsec_"  # noqa: S105 - by which people know a secret


class Webhook(Struct, kw_only=True, frozen=True):
    """An address that hears of a guild's infractions; of every event when `events` is empty.

    `failing_since` is when the last try that worked was followed by one that did not.
    """

    guild_id: GuildId
    id: int
    name: str
    url: str
    events: tuple[HookEvent, ...]
    created_at: datetime
    created_by: UserId
    failures: int = 0
    failing_since: datetime | None = None
    switched_off_at: datetime | None = None
    switched_off_why: str = ""


class Delivery(Struct, kw_only=True, frozen=True):
    """One event for one webhook; `status` and `error` are of the last try.

    It keeps its id over all tries, by which a receiver knows it again.
    """

    guild_id: GuildId
    id: int
    webhook_id: int
    event: str
    number: int | None
    body: str
    state: DeliveryState
    tries: int
    created_at: datetime
    next_at: datetime
    tried_at: datetime | None = None
    status: int | None = None
    error: str | None = None


def new_secret() -> Secret:
    """Make what deliveries are signed with."""
    return Secret(SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode())


def signed(secret: Secret, delivery: Delivery, at: datetime) -> dict[str, str]:
    """Return the headers that say which delivery it is, and prove that it is ours."""
    timestamp = str(int(at.timestamp()))
    key = base64.b64decode(secret.reveal().removeprefix(SECRET_PREFIX))
    text = f"{delivery.id}.{timestamp}.{delivery.body}"
    digest = hmac.new(key, text.encode(), hashlib.sha256).digest()
    return {
        "Webhook-Id": str(delivery.id),
        "Webhook-Timestamp": timestamp,
        "Webhook-Signature": f"v1,{base64.b64encode(digest).decode()}",
    }
