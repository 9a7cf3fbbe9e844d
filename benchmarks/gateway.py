"""How fast events get from Discord's gateway into a queue, and what each costs.

The sandbox sends recorded frames as fast as they are taken, zstd compressed; one gateway process
publishes them with confirms into one quorum queue. In turn, hikari's GatewayBot does the same
with one listener that publishes by plain aio-pika.
"""

import asyncio
import os
import sys
import tempfile
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path

import aio_pika
import psutil

from benchmarks.recording import Frame, describe, record
from benchmarks.report import CannotMeasureError, Result, alone, compare
from sandbox.app import Serving, serve
from sandbox.gateway import GatewaySettings
from sandbox.gateway.session import Session
from sandbox.world import World
from shared.bus import Bus, QueueSpec, connect
from shared.bus.messages import Delivery
from shared.contracts.topology import DISCORD_EVENTS
from tools.discord import Discord
from tools.stack import Stack

EVENTS = 20_000
ROUNDS = 5
WARM_UP = 2_000
PATIENCE = 120.0
PEER = "hikari GatewayBot, plain aio-pika"
LARGE = GatewaySettings(session_limit=10 * EVENTS)
QUEUE = QueueSpec("bench.events", ((DISCORD_EVENTS, "#"),))


@dataclass
class Figures:
    """What the rounds of one side gave."""

    rate: list[float] = field(default_factory=list[float])
    cpu: list[float] = field(default_factory=list[float])
    broker: list[float] = field(default_factory=list[float])


@dataclass
class Bench:
    """Where everything is while it is measured."""

    serving: Serving
    stack: Stack
    bus: Bus
    frames: list[Frame]
    token: str


async def run() -> list[Result]:
    """Measure both, in turn."""
    world = World()
    world.settings.rate_limits = False
    token, frames = record(world)
    print(describe(frames))
    ours, peer = Figures(), Figures()
    with tempfile.TemporaryDirectory(prefix="flotilla-bench-") as folder:
        async with (
            serve(world, settings=LARGE) as serving,
            _stack(Path(folder), serving, token) as stack,
            connect(stack.manifest.amqp_url, name="bench") as bus,
        ):
            bench = Bench(serving, stack, bus, frames, token)
            await _declare(bus)
            for _ in range(ROUNDS):
                await _measure(bench, _gateway, ours)
                await _measure(bench, _plain, peer)
    return _results(ours, peer)


def _results(ours: Figures, peer: Figures) -> list[Result]:
    def both(case: str, mine: list[float], theirs: list[float], unit: str) -> Result:
        return compare("gateway", case, ours=mine, peer=theirs, peer_name=PEER, unit=unit)

    return [
        both("events", ours.rate, peer.rate, "events/s"),
        both("CPU of the process", ours.cpu, peer.cpu, "us/event"),
        both("CPU of the broker", ours.broker, peer.broker, "us/event"),
        alone(
            "gateway",
            "broker's share of a core",
            ours=[rate * cpu / 1e4 for rate, cpu in zip(ours.rate, ours.broker, strict=True)],
            unit="%",
        ),
    ]


Runner = Callable[[Bench], "AsyncGenerator[psutil.Process]"]


async def _measure(bench: Bench, start: Runner, figures: Figures) -> None:
    """Send the recording through one side, and add what it took to its figures."""
    async with asynccontextmanager(start)(bench) as process:
        session = await _session(bench.serving)
        broker = psutil.Process(bench.stack.pids["rabbitmq"])
        await _send(bench, session, WARM_UP)
        before = _cpu(process), _cpu(broker), time.perf_counter()
        await _send(bench, session, EVENTS)
        seconds = time.perf_counter() - before[2]
        figures.rate.append(EVENTS / seconds)
        figures.cpu.append((_cpu(process) - before[0]) / EVENTS * 1e6)
        figures.broker.append((_cpu(broker) - before[1]) / EVENTS * 1e6)


async def _send(bench: Bench, session: Session, number: int) -> None:
    """Send events, and return when all of them are in the queue, which is then emptied."""
    already, _ = await bench.bus.queue_stats(QUEUE.name)
    for sent, (name, data) in enumerate(islice(cycle(bench.frames), number)):
        bench.serving.hub.send_raw(session, name, data)
        if sent % 100 == 0:
            await asyncio.sleep(0)
    await _until(lambda: _queued(bench, already + number))


async def _queued(bench: Bench, number: int) -> bool:
    messages, _ = await bench.bus.queue_stats(QUEUE.name)
    return messages >= number


async def _until(condition: Callable[[], Awaitable[bool]]) -> None:
    limit = time.monotonic() + PATIENCE
    while not await condition():
        if time.monotonic() > limit:
            raise CannotMeasureError(f"not done within {PATIENCE:g} s")
        await asyncio.sleep(0.02)


async def _session(serving: Serving) -> Session:
    """Wait until the bot is connected."""

    async def there() -> bool:
        return any(connection.session for connection in serving.hub.connections())

    await _until(there)
    found = next(each.session for each in serving.hub.connections() if each.session)
    assert found is not None
    return found


async def _gateway(bench: Bench) -> AsyncGenerator[psutil.Process]:
    """Run Flotilla's gateway for one round."""
    await bench.stack.start("gateway")
    yield psutil.Process(bench.stack.pids["gateway"])
    await bench.stack.stop("gateway")
    await _empty(bench)


async def _plain(bench: Bench) -> AsyncGenerator[psutil.Process]:
    """Run the peer for one round."""
    env = {
        **os.environ,
        "DISCORD_TOKEN": bench.token,
        "DISCORD_API_URL": f"{bench.serving.url}/api/v10",
        "AMQP_URL": bench.stack.manifest.amqp_url,
        "EXCHANGE": DISCORD_EVENTS,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.plain_publisher", env=env, stdout=PIPE
    )
    assert process.stdout is not None
    try:
        said = await asyncio.wait_for(process.stdout.readline(), 30)
        if said.strip() != b"ready":
            raise CannotMeasureError(f"the peer did not start; it said {said!r}")
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        await process.wait()
    await _empty(bench)


async def _empty(bench: Bench) -> None:
    """Empty the queue for the next round, and wait until the bot has hung up."""
    async with await aio_pika.connect(bench.stack.manifest.amqp_url) as connection:
        channel = await connection.channel()
        await (await channel.get_queue(QUEUE.name)).purge()

    async def alone_again() -> bool:
        return not bench.serving.hub.connections()

    await _until(alone_again)


async def _declare(bus: Bus) -> None:
    """Declare the queue, and leave it without a consumer."""

    async def ignore(_: Delivery) -> None: ...

    await (await bus.consume(QUEUE, ignore)).drain()


@asynccontextmanager
async def _stack(folder: Path, serving: Serving, token: str) -> AsyncGenerator[Stack]:
    discord = Discord(
        api_url=f"{serving.url}/api/v10",
        oauth_url="",
        token=token,
        client_id="",
        client_secret="",
    )
    async with Stack(folder, discord=discord, services=("gateway",), thrown_away=True) as stack:
        await stack.stop("gateway")
        yield stack


def _cpu(process: psutil.Process) -> float:
    """Return the seconds of CPU that a process has used so far."""
    times = process.cpu_times()
    return times.user + times.system
