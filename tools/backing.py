"""The three servers that Flotilla stands on: the ones given, else private ones started here."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from tools.errors import StackError
from tools.keys import Keys
from tools.packages import install
from tools.ports import Ports
from tools.progress import Say, step
from tools.servers import postgres, rabbitmq
from tools.servers.clickhouse import ClickHouse
from tools.servers.postgres import Postgres
from tools.servers.rabbitmq import Listeners, RabbitMQ
from tools.supervisor import Supervisor
from tools.together import together

SERVERS = ("postgres", "rabbitmq", "epmd", "clickhouse")


@dataclass
class Addresses:
    """Where the servers are; filled in as they come up."""

    database_url: str = ""
    amqp_url: str = ""
    amqp_management_url: str = ""
    clickhouse_url: str = ""
    role_urls: dict[str, str] = field(default_factory=dict[str, str])
    """The database's address with each service's own role; empty for a database that was given."""

    @classmethod
    def given(cls, environ: Mapping[str, str]) -> Addresses:
        """Take the servers that the environment names."""
        return cls(
            environ.get("DATABASE_URL", ""),
            environ.get("AMQP_URL", ""),
            environ.get("AMQP_MANAGEMENT_URL", ""),
            environ.get("CLICKHOUSE_URL", ""),
        )

    def database_url_of(self, service: str) -> str:
        """Return the database's address for one service."""
        return self.role_urls.get(service, self.database_url)


@dataclass(frozen=True)
class Ground:
    """What private servers are made from: a folder, ports, passwords, and who runs them."""

    folder: Path
    ports: Ports
    keys: Keys
    supervisor: Supervisor
    say: Say

    def log(self, name: str) -> Path:
        """Return the log file of a part."""
        return self.folder / "logs" / f"{name}.log"


async def start_missing(
    ground: Ground, environ: Mapping[str, str], services: Sequence[str]
) -> Addresses:
    """Install, create and start what was not given and return where everything is."""
    addresses = Addresses.given(environ)
    await install_missing(addresses, ground.log("apt"), ground.say)
    starts = [
        start(ground, addresses)
        for start, url in (
            (start_rabbitmq, addresses.amqp_url),
            (start_clickhouse, addresses.clickhouse_url),
        )
        if not url
    ]
    if not addresses.database_url:
        starts.append(start_postgres(ground, addresses, services))
    await together(*starts)
    return addresses


async def install_missing(addresses: Addresses, log: Path, say: Say) -> None:
    """Install the programs of the servers that were not given."""
    missing = missing_packages(addresses)
    if missing and not await install(missing, log, say):
        names = " ".join(missing)
        raise StackError(
            f"{names}: not installed, and apt could not do it here (see {log}, if it is there); "
            f"run `sudo apt-get install {names}`, or give DATABASE_URL and AMQP_URL."
        )


def missing_packages(addresses: Addresses) -> list[str]:
    """Name the Debian packages of servers that were not given and are not installed."""
    missing: list[str] = []
    if not addresses.database_url and postgres.find_programs() is None:
        missing += postgres.PACKAGES
    if not addresses.amqp_url and rabbitmq.find_programs() is None:
        missing += rabbitmq.PACKAGES
    return missing


async def start_postgres(ground: Ground, addresses: Addresses, services: Sequence[str]) -> None:
    """Start Postgres with a role and a schema per service."""
    server = Postgres(
        installed(postgres.find_programs()),
        ground.folder / "postgres",
        ground.ports.get("postgres"),
        ground.keys.get("postgres"),
    )
    async with step(ground.say, "starting Postgres", "Postgres is up"):
        await server.create(ground.log("initdb"))
        await ground.supervisor.start(server.part(os.environ, ground.log("postgres")))
        passwords = {name: ground.keys.get(f"postgres.{name}") for name in services}
        await server.provision(passwords)
    addresses.database_url = server.url()
    addresses.role_urls = {name: server.url(name, key) for name, key in passwords.items()}


async def start_rabbitmq(ground: Ground, addresses: Addresses) -> None:
    """Start RabbitMQ with the plugins that Flotilla uses."""
    server = RabbitMQ(
        *installed(rabbitmq.find_programs()),
        ground.folder / "rabbitmq",
        Listeners.choose(ground.ports),
        ground.keys.get("rabbitmq"),
    )
    async with step(ground.say, "starting RabbitMQ", "RabbitMQ is up"):
        server.create()
        await ground.supervisor.start(server.name_daemon(os.environ, ground.log("epmd")))
        await ground.supervisor.start(server.part(os.environ, ground.log("rabbitmq")))
    addresses.amqp_url = server.url
    addresses.amqp_management_url = server.management_url


async def start_clickhouse(ground: Ground, addresses: Addresses) -> None:
    """Start ClickHouse with the database of the statistics."""
    folder = ground.folder / "clickhouse"
    ports = ground.ports.get("clickhouse"), ground.ports.get("clickhouse.http")
    server = ClickHouse(folder, *ports)
    async with step(ground.say, "starting ClickHouse", "ClickHouse is up"):
        folder.mkdir(parents=True, exist_ok=True)
        await ground.supervisor.start(server.part(os.environ, ground.log("clickhouse")))
        await server.provision()
    addresses.clickhouse_url = server.url()


Found = TypeVar("Found")


def installed(found: Found | None) -> Found:
    """Return programs that must be there by now."""
    if found is None:
        raise StackError("A package was installed, but its programs are not where they should be.")
    return found
