"""Stats on real servers, without its doors: what its actions and reports are given."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import CollectorRegistry

from services.stats import app, clickhouse
from services.stats.counting import Row
from services.stats.deps import Deps
from services.stats.listeners import INGEST
from services.stats.metrics import Metrics
from services.stats.migrate import migrate
from services.stats.progress import Progress
from services.stats.settings import Settings
from shared import bus, postgres
from shared.config import ConfigStore

from .rig import settings_for


@pytest.fixture
def settings(database_url: str, amqp_url: str, clickhouse_url: str) -> Settings:
    return settings_for(database_url, amqp_url, clickhouse_url)


@pytest.fixture
async def deps(settings: Settings) -> AsyncIterator[Deps]:
    async with AsyncExitStack() as stack:
        db = await stack.enter_async_context(
            postgres.connect(
                settings.database_url.reveal(),
                schema="stats",
                migrations=app.MIGRATIONS,
                shared=("config",),
            )
        )
        broker = await stack.enter_async_context(bus.connect(settings.amqp_url.reveal(), name="t"))
        house = await stack.enter_async_context(clickhouse.connect(settings.clickhouse_url))
        await migrate(house, db)
        deps = Deps(
            settings=settings,
            db=db,
            clickhouse=house,
            bus=broker,
            config=await stack.enter_async_context(ConfigStore.open(db)),
            metrics=Metrics(CollectorRegistry()),
            progress=Progress(broker, INGEST),
        )
        deps.migrated.set()
        yield deps


FIRST = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=50)


def at(day: int, hour: int = 12, minute: int = 0) -> datetime:
    """Return a moment of a day that is counted from some weeks ago, as old events expire."""
    return FIRST + timedelta(days=day, hours=hour, minutes=minute)


def message(number: int, moment: datetime, *, user: int = 5, channel: int = 6) -> Row:
    return Row(
        guild_id=1,
        kind="message",
        event_id=number,
        at_ms=int(moment.timestamp() * 1000),
        user_id=user,
        channel_id=channel,
        subkind="person",
    )
