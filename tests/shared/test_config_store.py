"""Configurations as a service keeps them: the newest of each guild, on a real database and bus."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from shared import bus as buses
from shared import postgres
from shared.bus import Delivery, QueueSpec
from shared.config import ConfigStore, keep_configs
from shared.contracts.codec import decode
from shared.contracts.config import ConfigDocument, CorePlugin, PermissionEntry, Plugins
from shared.contracts.domain import ConfigChanged, ConfigWanted
from shared.contracts.ids import GuildId
from shared.contracts.topology import FLOTILLA_EVENTS
from shared.listeners import Listeners
from shared.postgres import Db
from tests.support.waiting import eventually

GUILD = GuildId(100000000000000001)
OTHER = GuildId(100000000000000002)


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Db]:
    async with postgres.connect(database_url, schema="stats", shared=("config",)) as db:
        yield db


def changed(revision: int, prefix: str, guild_id: GuildId = GUILD) -> ConfigChanged:
    document = ConfigDocument(
        permissions={5: PermissionEntry(level=50)}, plugins=Plugins(core=CorePlugin(prefix=prefix))
    )
    return ConfigChanged(guild_id=guild_id, revision=revision, document=document)


async def test_a_guild_without_a_configuration_has_the_default_one(db: Db) -> None:
    async with ConfigStore.open(db) as store:
        assert store.get(GUILD) == ConfigDocument()
        assert store.revision(GUILD) == 0


async def test_configurations_are_there_after_a_restart(db: Db) -> None:
    async with ConfigStore.open(db) as store:
        await store.keep(changed(1, "?"))
        await store.keep(changed(4, "$", OTHER))

    async with ConfigStore.open(db) as store:
        assert store.get(GUILD) == changed(1, "?").document
        assert (store.revision(GUILD), store.revision(OTHER)) == (1, 4)


async def test_an_older_revision_changes_nothing(db: Db) -> None:
    async with ConfigStore.open(db) as store:
        await store.keep(changed(2, "$"))
        await store.keep(changed(1, "?"))

        assert store.get(GUILD).plugins.core.prefix == "$"

    async with ConfigStore.open(db) as store:
        assert store.get(GUILD).plugins.core.prefix == "$"


async def sees(store: ConfigStore, revision: int) -> None:
    await eventually(lambda: store.revision(GUILD) == revision)


async def test_another_process_of_the_service_sees_what_one_has_kept(db: Db) -> None:
    async with ConfigStore.open(db) as one, ConfigStore.open(db) as another:
        for revision, prefix in enumerate("?$%", start=1):
            await one.keep(changed(revision, prefix))

            await sees(another, revision)


@dataclass
class Deps:
    config: ConfigStore


async def test_a_service_that_has_nothing_asks_and_keeps_what_it_is_told(
    db: Db, amqp_url: str
) -> None:
    listeners = Listeners("stats")
    keep_configs(listeners)

    async with buses.connect(amqp_url, name="stats") as bus, ConfigStore.open(db) as store:

        async def admin(delivery: Delivery) -> None:
            assert decode(delivery.body, ConfigWanted).service == "stats"
            await bus.publish(
                FLOTILLA_EVENTS,
                ConfigChanged.KEY,
                changed(3, "?"),
                message_id="1",
                guild_id=GUILD,
                type=ConfigChanged.KEY,
            )

        await bus.consume(QueueSpec("admin", ((FLOTILLA_EVENTS, ConfigWanted.KEY),)), admin)
        await listeners.start(bus, Deps(store))
        await store.want(bus, "stats")

        await eventually(lambda: store.revision(GUILD) == 3)


async def test_a_service_that_has_something_does_not_ask(db: Db, amqp_url: str) -> None:
    asked: asyncio.Queue[str] = asyncio.Queue()

    async with buses.connect(amqp_url, name="stats") as bus, ConfigStore.open(db) as store:

        async def admin(delivery: Delivery) -> None:
            asked.put_nowait(decode(delivery.body, ConfigWanted).service)

        await bus.consume(QueueSpec("admin", ((FLOTILLA_EVENTS, ConfigWanted.KEY),)), admin)
        await store.want(bus, "empty")
        await store.keep(changed(1, "?"))
        await store.want(bus, "full")
        async with ConfigStore.open(db) as restarted:
            await restarted.want(bus, "restarted")
        await ConfigStore(db).want(bus, "last")

        async with asyncio.timeout(30):
            assert [await asked.get(), await asked.get()] == ["empty", "last"]
