"""The three servers that Flotilla stands on: those that were given, else private ones started here."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.errors import StackError
from tools.keys import Keys
from tools.packages import install
from tools.parts import Part
from tools.ports import Ports
from tools.progress import Say, step
from tools.servers import postgres, rabbitmq
from tools.servers.clickhouse import ClickHouse
from tools.servers.postgres import Postgres
from tools.servers.rabbitmq import RabbitMQ, RabbitMQPorts
from tools.supervisor import Supervisor

GIVEN = ("DATABASE_URL", "AMQP_URL", "CLICKHOUSE_URL")


@dataclass(frozen=True)
class Addresses:
    """Where the servers are."""

    database_url: str
    amqp_url: str
    amqp_management_url: str
    clickhouse_url: str
    role_urls: Mapping[str, str]
    """For each service the address with its own role; empty on a server that was given."""

    def database_url_of(self, service: str) -> str:
        """Return the database's address for one service."""
        return self.role_urls.get(service, self.database_url)


class Backing:
    """Starts what was not given, in one folder."""

    def __init__(self, folder: Path, given: Mapping[str, str], say: Say) -> None:
        self._folder = folder
        self._given = {name: given[name] for name in GIVEN if given.get(name)}
        self._management = given.get("AMQP_MANAGEMENT_URL", "")
        self._say = say
        self._logs = folder / "logs"
        self._keys = Keys(folder / "keys.json")

    async def start(
        self, supervisor: Supervisor, ports: Ports, services: tuple[str, ...]
    ) -> Addresses:
        """Install, create and start what is needed and return where everything is."""
        await self._install_missing()
        database, broker, clickhouse = await asyncio.gather(
            self._start_postgres(supervisor, ports, services),
            self._start_rabbitmq(supervisor, ports),
            self._start_clickhouse(supervisor, ports),
        )
        url, role_urls = database
        return Addresses(url, *broker, clickhouse, role_urls)

    async def _install_missing(self) -> None:
        missing = [name for name in self._missing() for name in name]
        if missing and not await install(missing, self._logs / "apt.log", self._say):
            raise StackError(explain_missing(missing, self._logs / "apt.log"))
        still = [name for name in self._missing() for name in name]
        if still:
            raise StackError(explain_missing(still, self._logs / "apt.log"))

    def _missing(self) -> list[tuple[str, ...]]:
        missing: list[tuple[str, ...]] = []
        if "DATABASE_URL" not in self._given and not postgres.find_programs():
            missing.append(postgres.PACKAGES)
        if "AMQP_URL" not in self._given and not rabbitmq.find_programs():
            missing.append(rabbitmq.PACKAGES)
        return missing

    async def _start_postgres(
        self, supervisor: Supervisor, ports: Ports, services: tuple[str, ...]
    ) -> tuple[str, dict[str, str]]:
        programs = postgres.find_programs()
        if "DATABASE_URL" in self._given or programs is None:
            return self._given["DATABASE_URL"], {}
        server = Postgres(
            programs, self._folder / "postgres", ports.get("postgres"), self._keys.get("postgres")
        )
        async with step(self._say, "starting Postgres", "Postgres is up"):
            await server.create(self._logs / "initdb.log")
            await supervisor.start(server.part(_environment(), self._logs / "postgres.log"))
            passwords = {name: self._keys.get(f"postgres.{name}") for name in services}
            await server.provision(passwords)
        return server.url(), {name: server.url(name, key) for name, key in passwords.items()}

    async def _start_rabbitmq(self, supervisor: Supervisor, ports: Ports) -> tuple[str, str]:
        programs = rabbitmq.find_programs()
        if "AMQP_URL" in self._given or programs is None:
            return self._given["AMQP_URL"], self._management
        server = RabbitMQ(
            *programs,
            self._folder / "rabbitmq",
            RabbitMQPorts(*(ports.get(f"rabbitmq.{use}") for use in RabbitMQPorts.USES)),
            self._keys.get("rabbitmq"),
        )
        async with step(self._say, "starting RabbitMQ", "RabbitMQ is up"):
            server.create()
            await supervisor.start(server.name_daemon(_environment(), self._logs / "epmd.log"))
            await supervisor.start(server.part(_environment(), self._logs / "rabbitmq.log"))
        return server.url, server.management_url

    async def _start_clickhouse(self, supervisor: Supervisor, ports: Ports) -> str:
        if "CLICKHOUSE_URL" in self._given:
            return self._given["CLICKHOUSE_URL"]
        folder = self._folder / "clickhouse"
        server = ClickHouse(folder, ports.get("clickhouse"), ports.get("clickhouse.http"))
        async with step(self._say, "starting ClickHouse", "ClickHouse is up"):
            folder.mkdir(parents=True, exist_ok=True)
            await supervisor.start(server.part(_environment(), self._logs / "clickhouse.log"))
            await server.provision()
        return server.url()


def _environment() -> dict[str, str]:
    return dict(os.environ)
