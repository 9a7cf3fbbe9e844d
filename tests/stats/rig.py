"""Stats as its neighbours see it: events in from RabbitMQ, answers out over HTTP."""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta

import httpx

from services.stats import app
from services.stats.settings import Settings
from shared import bus
from shared.bus import Bus
from shared.contracts.ids import DISCORD_EPOCH_MS
from shared.contracts.topology import DISCORD_EVENTS, event_key
from shared.http import Actor, sign
from shared.settings import Secret

GUILD = 81384788765712384
OTHER = 81384788765712385
SECRET = "a secret that is only known in tests"
MADE = int((datetime.now(UTC) - timedelta(minutes=1)).timestamp() // 3600 * 3_600_000)
"""When messages were written; once for all, as the hour may change while a test runs."""

VIEWER = Actor(user_id=1, guild_id=GUILD, role="viewer")


class Stats:
    """Stats as its neighbours see it: a broker that takes events, and an API that answers."""

    def __init__(self, broker: Bus, client: httpx.AsyncClient) -> None:
        self.broker = broker
        self.client = client
        self._events = 0

    async def hears(self, event: str, body: object, *, message_id: str = "") -> None:
        self._events += 1
        await self.broker.publish(
            DISCORD_EVENTS,
            event_key(event, GUILD),
            body if isinstance(body, bytes) else json.dumps(body).encode(),
            message_id=message_id or f"0:session:{self._events}",
            guild_id=GUILD,
            type=event,
        )

    async def hears_messages(self, count: int, *, first: int = 0) -> None:
        numbers = range(first, first + count)
        await asyncio.gather(*(self.hears("MESSAGE_CREATE", message(one)) for one in numbers))

    async def asks(
        self, path: str, query: Mapping[str, str] | None = None, actor: Actor = VIEWER
    ) -> httpx.Response:
        token = sign(SECRET, actor, "stats")
        return await self.client.get(
            f"/guilds/{GUILD}{path}", params=query, headers={"Authorization": f"Bearer {token}"}
        )

    async def is_ready(self) -> bool:
        return (await self.client.get("/readyz")).is_success

    async def total(self) -> int:
        answer = await self.asks("/messages/hourly")
        assert answer.is_success, answer.text
        found = answer.json()
        assert found["total"] == sum(hour["count"] for hour in found["hours"])
        return found["total"]


def message(number: int) -> dict[str, object]:
    """Return a message of this hour or the last; the same number is the same message."""
    return {
        "id": str((MADE - DISCORD_EPOCH_MS << 22) + number),
        "channel_id": "7",
        "guild_id": str(GUILD),
        "author": {"id": str(100 + number % 10)},
        "type": 0,
    }


def settings_for(database_url: str, amqp_url: str, clickhouse_url: str) -> Settings:
    return Settings(
        database_url=Secret(database_url),
        amqp_url=Secret(amqp_url),
        clickhouse_url=Secret(clickhouse_url),
        token_secret=Secret(SECRET),
        http_port=0,
        batch_wait=timedelta(milliseconds=50),
    )


@asynccontextmanager
async def running(settings: Settings) -> AsyncGenerator[Stats]:
    async with AsyncExitStack() as stack:
        port = await stack.enter_async_context(app.run(settings))
        broker = await stack.enter_async_context(
            bus.connect(settings.amqp_url.reveal(), name="test")
        )
        client = await stack.enter_async_context(
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60)
        )
        yield Stats(broker, client)
