"""A gateway against a sandbox, with real RabbitMQ and Postgres, for the tests of the gateway."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar, cast

import aiohttp
import asyncpg
import msgspec

from services.gateway import app
from services.gateway.app import MIGRATIONS, SHARED_MIGRATIONS
from services.gateway.settings import Settings
from shared import postgres
from shared.bus import Bus, Delivery, QueueSpec
from shared.bus import connect as connect_bus
from shared.contracts.discord import ADMINISTRATOR
from shared.contracts.invocations import CommandsAnnounced, CommandSpec
from shared.contracts.topology import DISCORD_EVENTS, FLOTILLA_EVENTS
from shared.http import Actor, sign
from shared.postgres import Db
from shared.settings import load
from tests.support.calls import Json
from tests.support.sandbox import Bot, Guild, Message, Person, Sandbox
from tests.support.waiting import eventually

T = TypeVar("T")
ROOT = Path(__file__).parents[2]
SECRET = "a secret that only these tests know, long enough"
OPERATOR = 999
DEFERRALS = (5, 6)


class Collected:
    """What arrived in a queue that takes every event."""

    def __init__(self) -> None:
        self.deliveries: list[Delivery] = []

    async def take(self, delivery: Delivery) -> None:
        """Keep one."""
        self.deliveries.append(delivery)

    def of(self, type_: str) -> list[Delivery]:
        """Return the events of a type, in order, each once."""
        unique = {delivery.message_id: delivery for delivery in self.deliveries}
        return [delivery for delivery in unique.values() if delivery.type == type_]

    def contents(self) -> list[str]:
        """Return the contents of all messages, in order."""
        return [
            msgspec.json.decode(delivery.body)["content"] for delivery in self.of("MESSAGE_CREATE")
        ]


class Rig:
    """A sandbox with a guild and a bot, and the environment of a gateway for them."""

    def __init__(
        self, sandbox: Sandbox, bus: Bus, environment: Mapping[str, str], bot: Bot
    ) -> None:
        self.sandbox = sandbox
        self.bus = bus
        self.environment = dict(environment)
        self.bot = bot
        self.guild = Guild(0, "", {}, {})
        self.people: dict[str, Person] = {}
        self.events = Collected()
        self._tasks: list[asyncio.Task[Any]] = []  # Any: whatever each of them returns

    @property
    def owner(self) -> Person:
        return self.people["owner"]

    @property
    def member(self) -> Person:
        return self.people["member"]

    @asynccontextmanager
    async def gateway(self, **changes: str) -> AsyncGenerator[Running]:
        """Run a gateway in this process, until it is connected."""
        async with running(self._settings(changes)) as gateway:
            await eventually(gateway.ready, within=60)
            yield gateway

    @asynccontextmanager
    async def starting(self, **changes: str) -> AsyncGenerator[Running]:
        """Run a gateway in this process, without waiting for anything."""
        async with running(self._settings(changes)) as gateway:
            yield gateway

    @asynccontextmanager
    async def process(self, **changes: str) -> AsyncGenerator[Process]:
        """Run a gateway as a process of its own, until it is connected."""
        async with self.process_at_start(**changes) as process:
            await eventually(process.ready, within=60)
            yield process

    @asynccontextmanager
    async def process_at_start(self, **changes: str) -> AsyncGenerator[Process]:
        """Run a gateway as a process of its own, without waiting for anything."""
        process = await Process.start({**self.environment, **changes})
        try:
            yield process
        finally:
            await process.end()

    def _settings(self, changes: Mapping[str, str]) -> Settings:
        return load(Settings, {**self.environment, **changes})

    async def knows(self, name: str) -> None:
        """Wait until the gateway knows a command."""

        async def known() -> bool:
            api = Api(int(self.environment["HTTP_PORT"]))
            _, commands = await api.get("/commands", token=operator_token())
            return name in {each["name"] for each in cast("list[dict[str, str]]", commands)}

        await eventually(known)

    async def registered(self, name: str) -> None:
        """Wait until Discord knows a command."""

        async def offered() -> bool:
            return name in {each["name"] for each in await self.member.commands(self.guild.id)}

        await eventually(offered)

    async def announce(self, service: str, *commands: CommandSpec) -> None:
        """Announce commands, as a service does."""
        announced = CommandsAnnounced(service=service, commands=commands)
        await self.bus.publish(
            FLOTILLA_EVENTS,
            announced.KEY,
            announced,
            message_id=f"{service}:announced",
            type=announced.KEY,
        )

    async def answer_to(self, message: Message, within: float = 30.0) -> Message:
        """Return the bot's reply to a message."""

        async def reply() -> Message | None:
            for seen in await self.member.sees(self.guild):
                reference = cast("Json", seen.raw.get("message_reference") or {})
                if reference.get("message_id") == str(message.id):
                    return seen
            return None

        found = await eventually(reply, within=within)
        assert found is not None
        return found

    async def deferrals(self) -> int:
        """Return how many interactions were deferred."""
        requests = await self.sandbox.requests(method="POST", route="/interactions/")
        bodies = [cast("dict[str, int]", each["body"]) for each in requests]
        return sum(body["type"] in DEFERRALS for body in bodies)

    def start(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Do something beside the test."""
        task = asyncio.ensure_future(work)
        self._tasks.append(task)
        return task

    async def close(self) -> None:
        """Stop what was begun beside the test."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def identifies(self) -> int:
        """Return how many sessions were begun."""
        return len((await self.sandbox.gateway())["identifies"])

    async def resumes(self) -> int:
        """Return how many sessions were resumed."""
        return len((await self.sandbox.gateway())["resumes"])


def operator_token() -> str:
    """Return a token of the installation's operator."""
    actor = Actor(user_id=OPERATOR, guild_id=0, role="operator", scopes=(), name="op")
    return sign(SECRET, actor, "gateway")


class Api:
    """A gateway's HTTP API."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    async def get(self, path: str, *, token: str | None = None) -> tuple[int, object]:
        """Return the status and the JSON of a call."""
        return await self.call("GET", path, token=token)

    async def call(self, method: str, path: str, *, token: str | None = None) -> tuple[int, object]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            async with (
                aiohttp.ClientSession() as session,
                session.request(method, self.url + path, headers=headers) as response,
            ):
                text = await response.text()
                is_json = "json" in response.content_type
                return response.status, msgspec.json.decode(text) if is_json else text
        except aiohttp.ClientConnectionError as error:
            raise AssertionError(f"no API yet: {error}") from None

    async def metric(self, name: str, **labels: str) -> float:
        """Return a metric, summed up over what has these labels."""
        _, text = await self.get("/metrics")
        wanted = [f'{label}="{value}"' for label, value in labels.items()]
        lines = [line.rpartition(" ") for line in str(text).splitlines()]
        return sum(
            float(value)
            for sample, _, value in lines
            if sample.partition("{")[0] == name and all(each in sample for each in wanted)
        )


class Running:
    """A gateway in this process."""

    def __init__(self, port: int, stop: asyncio.Event, task: asyncio.Task[None]) -> None:
        self.api = Api(port)
        self.stop = stop
        self.task = task

    async def ready(self) -> bool:
        if self.task.done():
            self.task.result()
        status, _ = await self.api.get("/readyz")
        return status == 200


@asynccontextmanager
async def running(settings: Settings) -> AsyncGenerator[Running]:
    """Run a gateway, and stop it as a signal would."""
    stop = asyncio.Event()
    task = asyncio.create_task(app.serve(settings, stop))
    try:
        yield Running(settings.http_port, stop, task)
    finally:
        stop.set()
        async with asyncio.timeout(60):
            await asyncio.wait((task,))
    task.result()


class Process:
    """A gateway as a process, which can be killed."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self._process = process
        self.api = Api(port)

    @classmethod
    async def start(cls, environment: Mapping[str, str]) -> Process:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "services.gateway",
            cwd=ROOT,
            env={**os.environ, **environment},
            stderr=asyncio.subprocess.PIPE,
        )
        return cls(process, int(environment["HTTP_PORT"]))

    async def ready(self) -> bool:
        assert self._process.returncode is None, await self.said()
        status, _ = await self.api.get("/readyz")
        return status == 200

    async def said(self) -> str:
        """Return what it wrote, once it has ended."""
        assert self._process.stderr is not None
        return (await self._process.stderr.read()).decode()

    async def kill(self) -> None:
        self._process.kill()
        await self._process.wait()

    def drain(self) -> None:
        self._process.send_signal(signal.SIGUSR1)

    async def terminate(self) -> int:
        self._process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(60):
            await asyncio.gather(self._process.wait(), self.said())
        return self._process.returncode or 0

    async def wait(self) -> tuple[int, str]:
        """Wait until it ends by itself; return the exit code and what it wrote."""
        async with asyncio.timeout(60):
            said = await self.said()
            return await self._process.wait(), said

    async def end(self) -> None:
        if self._process.returncode is None:
            await self.kill()
        # asyncio has no other way to close the pipe of a process that was killed
        pipe = cast("asyncio.SubprocessTransport", getattr(self._process, "_transport"))  # noqa: B009
        pipe.close()


@asynccontextmanager
async def rig(
    stack: AsyncExitStack, sandbox: Sandbox, database_url: str, amqp_url: str, port: int
) -> AsyncGenerator[Rig]:
    """Put a sandbox with a guild, a bot and people together."""
    bot = await sandbox.create_bot()
    environment = {
        "DATABASE_URL": database_url,
        "AMQP_URL": amqp_url,
        "HTTP_PORT": str(port),
        "TOKEN_SECRET": SECRET,
        "OPERATORS": str(OPERATOR),
        "DISCORD_TOKEN": bot.token,
        "DISCORD_API_URL": sandbox.api_url,
        "LOG_LEVEL": "warning",
        "IDENTIFY_PAUSE": "200ms",
    }
    bus = await stack.enter_async_context(connect_bus(amqp_url, name="test"))
    made = Rig(sandbox, bus, environment, bot)
    made.people["owner"] = await sandbox.create_user("owner")
    made.guild = await sandbox.found("Harbour", made.owner)
    made.people["member"] = await sandbox.join(made.guild, "member")
    await sandbox.invite(made.guild, bot, ADMINISTRATOR)
    queue = QueueSpec("test.events", ((DISCORD_EVENTS, "#"),))
    await bus.consume(queue, made.events.take, concurrency=1, key=lambda _: 0)
    stack.push_async_callback(made.close)
    yield made


@asynccontextmanager
async def queries_on(database_url: str) -> AsyncGenerator[Db]:
    """Give the gateway's database, to run its queries on."""
    async with postgres.connect(
        database_url, schema="gateway", migrations=MIGRATIONS, shared=SHARED_MIGRATIONS
    ) as db:
        yield db


async def rows(database_url: str, sql: str, *args: object) -> list[asyncpg.Record]:
    """Read from the gateway's tables."""
    connection = await asyncpg.connect(database_url, server_settings={"search_path": "gateway"})
    try:
        return await connection.fetch(sql, *args)
    finally:
        await connection.close()
