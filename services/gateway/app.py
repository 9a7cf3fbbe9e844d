"""Opens everything that the gateway needs, runs shards and executor, and closes it all again."""

import asyncio
import os
import secrets
import signal
import socket
from collections.abc import Coroutine, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from uuid import uuid4

import aiohttp
from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from services.gateway import api, queries
from services.gateway.actions.answering import Answering
from services.gateway.actions.executor import Executor
from services.gateway.actions.results import Results
from services.gateway.deps import Deps
from services.gateway.listeners import listeners
from services.gateway.metrics import Metrics
from services.gateway.queues import QueueWatch, queue_of
from services.gateway.recognition.book import CommandBook
from services.gateway.recognition.deferrals import Deferrals
from services.gateway.recognition.intake import Intake
from services.gateway.recognition.interactions import Interactions
from services.gateway.recognition.registration import Registrar
from services.gateway.recognition.text import TextCommands
from services.gateway.reconciler import Reconciler
from services.gateway.rest.client import Rest
from services.gateway.settings import Settings
from services.gateway.shards.changes import Changes
from services.gateway.shards.codes import FatalGatewayError
from services.gateway.shards.feed import Feed
from services.gateway.shards.fleet import Fleet
from services.gateway.shards.gate import Gate
from services.gateway.shards.keeper import Keeper
from services.gateway.shards.leases import EXECUTOR, Leases
from services.gateway.shards.missed import Missed
from services.gateway.shards.window import Window
from services.gateway.snapshots import Snapshots
from shared import bus, http, postgres, settings
from shared.bus.stream import Stream
from shared.config import ConfigStore
from shared.contracts.config import CorePlugin
from shared.contracts.ids import GuildId
from shared.contracts.invocations import CommandsAnnounced, CommandsWanted
from shared.contracts.topology import ACTION_CLASSES, DISCORD_EVENTS, FLOTILLA_EVENTS
from shared.http import KeyStore
from shared.settings import SettingsError

MIGRATIONS: Final = Path(__file__).with_name("migrations")
SHARED_MIGRATIONS: Final = ("config",)
CONNECTIONS: Final = 100
"""Requests to Discord at a time."""

IDLE: Final = 75.0
"""Seconds that an idle connection to Discord is kept, for the next answer to be quick."""

AGAIN: Final = 1.0
"""Seconds before Postgres is asked again."""

DRAIN: Final = 2.0
"""Seconds that running handlers have at a stop."""


async def main(stop: asyncio.Event) -> None:
    """Run with the settings of the environment until `stop` is set; SIGUSR1 drains.

    What Discord refuses until somebody acts is told like a wrong setting: in one sentence.
    """
    draining = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, draining.set)
    try:
        await serve(settings.load(Settings, os.environ), stop, draining)
    except FatalGatewayError as fatal:
        raise SettingsError([str(fatal)]) from fatal


class _Tasks:
    """What runs beside each other; one that fails ends the service."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        """Run something for as long as the service runs."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        return task

    async def until(self, stop: asyncio.Event) -> None:
        """Wait for the stop. Raises what a task raised."""
        stopping = asyncio.create_task(stop.wait())
        try:
            done, _ = await asyncio.wait(
                {*self._tasks, stopping}, return_when=asyncio.FIRST_COMPLETED
            )
            for task in done - {stopping}:
                task.result()
        finally:
            stopping.cancel()

    async def end(self, *tasks: "asyncio.Task[None]") -> None:
        """Cancel some tasks, or all that are left, and wait for them."""
        for task in tasks or tuple(self._tasks):
            task.cancel()
            await asyncio.wait((task,))
            self._tasks.discard(task)


@dataclass(frozen=True, kw_only=True)
class _Parts:
    """The moving parts of the gateway; `deps` is what its doors are given of them."""

    deps: Deps
    leases: Leases
    keeper: Keeper
    feed: Feed
    deferrals: Deferrals
    executor: Executor
    results: Results
    registrar: Registrar
    reconciler: Reconciler


async def serve(
    config: Settings, stop: asyncio.Event, draining: asyncio.Event | None = None
) -> None:
    """Run with these settings until `stop` is set, with shards until `draining` is.

    Raises FatalGatewayError.
    """
    registry = CollectorRegistry()
    async with AsyncExitStack() as stack:
        parts = await _open(stack, config, registry, draining or asyncio.Event())
        tasks = _Tasks()
        stack.push_async_callback(tasks.end)
        tasks.start(parts.leases.run())
        tasks.start(parts.deps.queues.run())
        await _learn_commands(parts, tasks)
        app = _api(parts, registry)
        await stack.enter_async_context(http.serve(app, config.http_host, config.http_port))
        working = _start_working(parts, tasks)
        try:
            await tasks.until(stop)
        finally:
            await _stop_working(parts, tasks, working)


def _start_working(parts: _Parts, tasks: "_Tasks") -> list["asyncio.Task[None]"]:
    """Start shards and executor, and return them in the order in which they are to be stopped."""
    working: list[asyncio.Task[None]] = []
    if parts.deps.fleet is not None:
        tasks.start(parts.keeper.run())
        working.append(tasks.start(parts.deps.fleet.run()))
    if parts.deps.settings.runs_actions:
        tasks.start(parts.results.run())
        tasks.start(parts.results.sweep())
        working.append(tasks.start(_execute(parts)))
    return working


async def _stop_working(
    parts: _Parts, tasks: "_Tasks", working: list["asyncio.Task[None]"]
) -> None:
    """Stop reading, have confirmed and saved what was read, and answer who still waits."""
    for task in working:
        await tasks.end(task)
        await parts.deferrals.flush()
    await parts.feed.end(DRAIN)
    await parts.deps.bus.drain()


async def _execute(parts: _Parts) -> None:
    """Carry out actions while this process is the one that does, until cancelled."""
    while True:
        lost = asyncio.Event()
        await parts.leases.claim(EXECUTOR, lost.set)
        try:
            await _execute_until(parts, lost)
        except Exception as error:
            if not postgres.is_unavailable(error):
                raise
            await asyncio.sleep(AGAIN)
        finally:
            await parts.leases.release(EXECUTOR)


async def _execute_until(parts: _Parts, lost: asyncio.Event) -> None:
    """Carry out actions, keep Discord's list of commands right, make good what was missed.

    Returns when the lease is lost.
    """
    parts.registrar.changed()
    consumptions = await parts.executor.start()
    working = [
        asyncio.create_task(work)
        for work in (parts.registrar.run(), parts.reconciler.run(), _wait(lost))
    ]
    try:
        done, _ = await asyncio.wait(working, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in working:
            task.cancel()
        await parts.executor.stop(consumptions, DRAIN)


async def _wait(lost: asyncio.Event) -> None:
    await lost.wait()


async def _learn_commands(parts: _Parts, tasks: "_Tasks") -> None:
    """Know the commands that were announced before, and hear of new ones."""
    deps = parts.deps
    deps.book.replace(await queries.announced(deps.db))
    tasks.start(_follow_commands(parts))
    await listeners.start(deps.bus, deps)
    await deps.config.want(deps.bus, "gateway")
    await deps.bus.publish(
        FLOTILLA_EVENTS,
        CommandsWanted.KEY,
        CommandsWanted(),
        message_id=uuid4().hex,
        type=CommandsWanted.KEY,
    )


async def _follow_commands(parts: _Parts) -> None:
    """Read the commands again whenever one of the gateway's processes has heard of new ones."""
    changed = asyncio.Event()
    db = parts.deps.db
    listening = asyncio.create_task(postgres.listen(db, queries.COMMANDS_CHANNEL, changed.set))
    try:
        while True:
            await changed.wait()
            changed.clear()
            parts.deps.book.replace(await _announced(db))
            parts.registrar.changed()
    finally:
        listening.cancel()


async def _announced(db: postgres.Db) -> list[CommandsAnnounced]:
    """Return what services announced, however long Postgres takes to come back."""
    while True:
        try:
            return await queries.announced(db)
        except Exception as error:
            if not postgres.is_unavailable(error):
                raise
        await asyncio.sleep(AGAIN)


def _api(parts: _Parts, registry: CollectorRegistry) -> FastAPI:
    deps = parts.deps

    async def ready() -> Mapping[str, bool]:
        there = {"postgres": await postgres.is_up(deps.db), "rabbitmq": deps.bus.connected}
        if deps.fleet is not None:
            there["discord"] = deps.fleet.ready
            if deps.fleet.draining:
                there["not_draining"] = False
        if deps.settings.runs_actions:
            elsewhere = parts.leases.is_with_another(EXECUTOR)
            there["actions"] = parts.executor.running or elsewhere
        return there

    app = http.create_app(
        service="gateway", ready=ready, settings=deps.settings, keys=deps.keys, registry=registry
    )
    api.include(app, deps)
    return app


# --- opening ------------------------------------------------------------------------------------


async def _open(
    stack: AsyncExitStack, config: Settings, registry: CollectorRegistry, draining: asyncio.Event
) -> _Parts:
    """Open connections and put the parts together."""
    metrics = Metrics(registry)
    db = await stack.enter_async_context(
        postgres.connect(
            config.database_url.reveal(),
            schema="gateway",
            migrations=MIGRATIONS,
            shared=SHARED_MIGRATIONS,
        )
    )
    connected = await stack.enter_async_context(
        bus.connect(config.amqp_url.reveal(), name="gateway", registry=registry)
    )
    connector = aiohttp.TCPConnector(limit=CONNECTIONS, keepalive_timeout=IDLE)
    session = await stack.enter_async_context(aiohttp.ClientSession(connector=connector))
    book = CommandBook()
    deps = Deps(
        settings=config,
        owner=f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}",
        db=db,
        bus=connected,
        rest=Rest(session, config.discord_api_url, config.discord_token.reveal(), metrics),
        config=await stack.enter_async_context(ConfigStore.open(db)),
        keys=KeyStore(db),
        book=book,
        snapshots=Snapshots(),
        window=Window(config.publish_window, metrics),
        queues=QueueWatch(connected, book, metrics),
        metrics=metrics,
        fleet=None,
    )
    events = await stack.enter_async_context(connected.stream(DISCORD_EVENTS))
    return _put_together(deps, events, draining)


def _put_together(deps: Deps, events: Stream, draining: asyncio.Event) -> _Parts:
    leases = Leases(deps.db, deps.owner)
    deferrals = Deferrals(deps.settings.defer_after)
    results = Results(deps.db)
    intake = _intake(deps, deferrals, results)
    missed = Missed(deps.db, deps.snapshots).before(intake.recognise)
    recognise = Changes(deps.bus, deps.snapshots).before(missed)
    feed = Feed(events, deps.window, deps.snapshots, recognise, deps.metrics)
    keeper = Keeper(deps.db, feed, deps.snapshots, leases, deps.metrics)
    runs_shards = deps.settings.runs_shards
    fleet = _fleet(deps, feed, keeper, leases, draining) if runs_shards else None
    answering = Answering(deps.rest, deferrals, results.answer_of, deps.metrics)
    executor = Executor(
        deps.bus, deps.db, deps.rest, results, answering, deps.snapshots, deps.metrics
    )
    _measure_ages(deps, executor)
    return _Parts(
        deps=replace(deps, fleet=fleet),
        leases=leases,
        keeper=keeper,
        feed=feed,
        deferrals=deferrals,
        executor=executor,
        results=results,
        registrar=Registrar(deps.db, deps.rest, deps.book, deps.settings.command_guild),
        reconciler=Reconciler(deps.db, deps.bus, deps.rest, deps.metrics),
    )


def _measure_ages(deps: Deps, executor: Executor) -> None:
    """Have the age of each class of actions looked up whenever metrics are asked for."""
    for name in ACTION_CLASSES:

        def age(name: str = name) -> float:
            return max(executor.age(name), deps.queues.stalled_for(queue_of(name).name))

        deps.metrics.action_age.labels(name).set_function(age)


def _fleet(
    deps: Deps, feed: Feed, keeper: Keeper, leases: Leases, draining: asyncio.Event
) -> Fleet:
    return Fleet(
        deps.db,
        deps.settings,
        deps.rest,
        feed=feed,
        gate=Gate(
            deps.db,
            deps.rest,
            leases,
            deps.metrics,
            pause=deps.settings.identify_pause,
            reserve=deps.settings.identify_reserve,
        ),
        keeper=keeper,
        leases=leases,
        snapshots=deps.snapshots,
        window=deps.window,
        metrics=deps.metrics,
        draining=draining,
    )


def _intake(deps: Deps, deferrals: Deferrals, results: Results) -> Intake:
    def core(guild_id: GuildId) -> CorePlugin:
        return deps.config.get(guild_id).plugins.core

    return Intake(
        deps.bus,
        deps.rest,
        deps.book,
        deferrals,
        Interactions(deps.book, deps.snapshots),
        TextCommands(deps.book, deps.snapshots, core),
        deps.metrics,
        results.answered,
    )
