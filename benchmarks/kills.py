"""What 20 kills lose: nothing, of 300 events a second that one gateway process passes on.

The process gets SIGKILL or SIGTERM at random moments, also while it starts or catches up, and some
of them while the broker goes down too. Then the queue is read: every message has to be in it, in
the order of its guild, and one that is in it twice under the same id.
"""

import asyncio
import random
import secrets
import signal
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import msgspec

from benchmarks.ledger import Crowd, Ledger
from benchmarks.report import CannotMeasureError, Result, alone
from sandbox.app import Serving, serve
from sandbox.gateway import GatewayHub, GatewaySettings
from sandbox.models import Application
from sandbox.world import World
from shared.bus import Bus, QueueSpec, connect
from shared.bus.messages import Delivery
from shared.contracts.topology import DISCORD_EVENTS
from tools.discord import Discord
from tools.stack import Stack

KILLS = 20
BROKER_RESTARTS = 3
GUILDS = 8
RATE = 300.0
MOST_IDENTIFIES = 2
PATIENCE = 60.0
"""Seconds within which everything has to be back after a kill."""
HASTE = 0.25
"""The share of kills that strike before the last one is recovered from."""
QUEUE = QueueSpec("bench.kills", ((DISCORD_EVENTS, "MESSAGE_CREATE.*"),))
LARGE = GatewaySettings(session_limit=1_000_000)


class _Message(msgspec.Struct, frozen=True):
    """What is read of a message that arrived."""

    id: int
    guild_id: int


@dataclass
class Siege:
    """A gateway under attack, and what is seen of it."""

    stack: Stack
    hub: GatewayHub
    http: aiohttp.ClientSession
    chance: random.Random
    recoveries: list[float] = field(default_factory=list[float])

    async def strike(self, number: int, *, broker: bool) -> None:
        """Kill the gateway after a while, and start it again."""
        await asyncio.sleep(self.chance.uniform(0.1, 2.5))
        last = self.chance.choice((signal.SIGKILL, signal.SIGTERM))
        began, goal = time.monotonic(), self._newest()
        if broker:
            await asyncio.gather(self.stack.stop("rabbitmq"), self._end(last, self._moment()))
        else:
            await self._end(last)
        await asyncio.sleep(self._moment())
        self.stack.release("gateway")
        if broker:
            await self.stack.start("rabbitmq")
        hasty = number < KILLS - 1 and self.chance.random() < HASTE
        if not hasty:
            await self._recover(goal)
            self.recoveries.append(time.monotonic() - began)
        print(
            f"  {number + 1:2}. {last.name}{' and the broker restarted' if broker else ''}: "
            + ("not waited for" if hasty else f"recovered in {self.recoveries[-1]:.1f} s"),
            flush=True,
        )

    async def caught_up(self) -> None:
        """Return when the broker has confirmed everything that was sent until now."""
        await self._recover(self._newest())

    def _moment(self) -> float:
        return self.chance.uniform(0, 1)

    async def _end(self, with_signal: signal.Signals, after: float = 0) -> None:
        await asyncio.sleep(after)
        self.stack.hold("gateway")
        if with_signal is signal.SIGKILL:
            await self.stack.kill("gateway")
        else:
            await self.stack.stop("gateway")

    def _newest(self) -> tuple[str, int]:
        """Return the session and the number of its newest event."""
        session = next(iter(self.hub.sessions()), None)
        return (session.id, session.seq) if session else ("", 0)

    async def _recover(self, goal: tuple[str, int]) -> None:
        """Return when the broker has what Discord had sent by then."""
        limit = time.monotonic() + PATIENCE
        while not self._reached(goal, await self._confirmed()):
            if time.monotonic() > limit:
                raise CannotMeasureError(f"the gateway is not back after {PATIENCE:g} s")
            await asyncio.sleep(0.05)

    def _reached(self, goal: tuple[str, int], confirmed: int) -> bool:
        session_id, seq = goal
        same = self._newest()[0] == session_id
        return confirmed >= (seq if same else 1)

    async def _confirmed(self) -> int:
        """Ask the gateway how far it is, 0 while it does not answer."""
        with suppress(aiohttp.ClientError, TimeoutError):
            async with self.http.get(f"{self.stack.url('gateway')}/metrics") as response:
                return confirmed(await response.text())
        return 0


def confirmed(metrics: str) -> int:
    """Read the confirmed sequence number of the one shard."""
    for line in metrics.splitlines():
        if line.startswith("gateway_seq_confirmed{"):
            return int(float(line.rpartition(" ")[2]))
    return 0


async def run() -> list[Result]:
    """Kill, and count."""
    seed = secrets.randbelow(1_000_000)
    print(f"seed {seed}: {KILLS} kills, {BROKER_RESTARTS} of them with a restart of the broker")
    world, ledger = World(), Ledger()
    world.settings.rate_limits = False
    application = world.create_application("Flotilla")
    application.privileged_intents = True
    crowd = Crowd.gather(world, GUILDS, application)
    async with _siege(world, application, random.Random(seed)) as (siege, bus):  # noqa: S311 - no secret
        talking = asyncio.create_task(crowd.talk(ledger, RATE))
        for number in range(KILLS):
            await siege.strike(number, broker=number in _restarts(seed))
        if talking.done():
            raise CannotMeasureError(f"nobody talks: {talking.exception()!r}")
        talking.cancel()
        await siege.caught_up()
        await _read(bus, ledger)
        return _judge(siege, ledger)


def _restarts(seed: int) -> set[int]:
    """Choose the kills during which the broker is restarted."""
    return set(random.Random(seed).sample(range(KILLS), BROKER_RESTARTS))  # noqa: S311 - no secret


def _judge(siege: Siege, ledger: Ledger) -> list[Result]:
    identifies = siege.hub.record.counts["identify"]
    counts = {
        "events sent": ledger.sent,
        "missing": ledger.missing,
        "out of order in a guild": ledger.out_of_order,
        "duplicates": ledger.duplicates,
        "duplicates under another id": ledger.renamed,
        "identifies": identifies,
    }
    results = [_one(case, number, "") for case, number in counts.items()]
    results.append(_one("slowest recovery", max(siege.recoveries), "s"))
    wrong = [case for case in counts if case in _NONE and counts[case]]
    if identifies > MOST_IDENTIFIES:
        wrong.append("identifies")
    if wrong:
        raise CannotMeasureError(", ".join(f"{case}: {counts[case]}" for case in wrong))
    return results


_NONE = ("missing", "out of order in a guild", "duplicates under another id")


def _one(case: str, value: float, unit: str) -> Result:
    return alone("kills", case, ours=[value], unit=unit or "events")


async def _read(bus: Bus, ledger: Ledger) -> None:
    """Read the queue to its end."""
    there, _ = await bus.queue_stats(QUEUE.name)
    read = asyncio.Event()

    async def take(delivery: Delivery) -> None:
        message = msgspec.json.decode(delivery.body, type=_Message, strict=False)
        ledger.arrive(message.guild_id, message.id, delivery.message_id)
        if ledger.total >= there:
            read.set()

    consumption = await bus.consume(QUEUE, take, prefetch=1000, concurrency=1, key=lambda _: 0)
    async with asyncio.timeout(PATIENCE):
        await read.wait()
    await consumption.drain()


@asynccontextmanager
async def _siege(
    world: World, application: Application, chance: random.Random
) -> AsyncGenerator[tuple[Siege, Bus]]:
    """Run the sandbox, the servers and one gateway, with a queue for what it passes on."""
    with tempfile.TemporaryDirectory(prefix="flotilla-bench-") as folder:
        async with (
            serve(world, settings=LARGE) as serving,
            _stack(Path(folder), serving, world.token_of(application)) as stack,
            connect(stack.manifest.amqp_url, name="bench") as bus,
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as http,
        ):
            await _declare(bus)
            yield Siege(stack, serving.hub, http, chance), bus


async def _declare(bus: Bus) -> None:
    """Declare the queue, and leave it without a consumer."""

    async def ignore(_: Delivery) -> None: ...

    await (await bus.consume(QUEUE, ignore)).drain()


def _stack(folder: Path, serving: Serving, token: str) -> Stack:
    discord = Discord(f"{serving.url}/api/v10", "", token, "", "")
    return Stack(folder, discord=discord, services=("gateway",), thrown_away=True)
