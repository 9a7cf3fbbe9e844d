"""Kills: at random moments, amid 300 events a second of several guilds, and nothing is missing."""

from __future__ import annotations

import asyncio
import random
import secrets
from dataclasses import dataclass

import msgspec

from benchmarks.ledger import Crowd, Ledger
from shared.bus import Delivery
from tests.gateway.rig import Rig
from tests.support.proxy import Proxy, proxied
from tests.support.waiting import eventually

KILLS = 5
WITHOUT_BROKER = 2
"""The kill during which the broker is away."""


async def test_five_kills_under_traffic_lose_nothing_and_keep_the_order(
    rig: Rig, amqp_url: str
) -> None:
    seed = secrets.randbelow(1_000_000)
    chance = random.Random(seed)  # noqa: S311 - moments, no secrets
    world, ledger = rig.sandbox.world, Ledger()
    crowd = Crowd.gather(world, 4, world.applications[rig.bot.id])
    async with rig.process():
        pass
    talking = rig.start(crowd.talk(ledger, rate=300))

    async with proxied(amqp_url) as broker:
        siege = Siege(rig, broker, ledger, chance)
        for number in range(KILLS):
            await siege.strike(at_work=number % 2 == 0, without_broker=number == WITHOUT_BROKER)
        async with rig.process():
            talking.cancel()
            await eventually(siege.caught_up, within=60)

    siege.count()
    found = (ledger.missing, ledger.out_of_order, ledger.renamed)
    assert found == (0, 0, 0), f"missing, out of order, renamed with seed {seed}"
    assert ledger.sent > 1000
    assert await rig.identifies() <= 2


@dataclass
class Siege:
    """A gateway that is killed again and again, and what arrives in its queue."""

    rig: Rig
    broker: Proxy
    ledger: Ledger
    chance: random.Random
    counted: int = 0

    async def strike(self, *, at_work: bool, without_broker: bool) -> None:
        """Run a gateway, and kill it while it catches up or earlier, while it starts."""
        async with self.rig.process_at_start(AMQP_URL=self.broker.url) as process:
            if at_work:
                await eventually(process.ready, within=60)
            await asyncio.sleep(self.chance.uniform(0, 1.5))
            if without_broker:
                await self.broker.shut()
                await asyncio.sleep(self.chance.uniform(0, 0.5))
            if self.chance.random() < 0.5:
                await process.terminate()
            else:
                await process.kill()
        if without_broker:
            await self.broker.open()

    def caught_up(self) -> bool:
        """Say whether the newest message of every guild has arrived."""
        self.count()
        return all(ids[-1] in self.ledger.names for ids in self.ledger.posted.values())

    def count(self) -> None:
        """Enter what has arrived since the last time."""
        deliveries = self.rig.events.deliveries
        while self.counted < len(deliveries):
            self._enter(deliveries[self.counted])
            self.counted += 1

    def _enter(self, delivery: Delivery) -> None:
        if delivery.type == "MESSAGE_CREATE":
            message_id = int(msgspec.json.decode(delivery.body)["id"])
            self.ledger.arrive(delivery.guild_id, message_id, delivery.message_id)
