"""The three servers that Flotilla stands on: the ones given, else private ones started here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tools.environment import inherited
from tools.errors import StackError
from tools.keys import Keys
from tools.packages import install
from tools.parts import Part
from tools.ports import Ports
from tools.progress import Say, step
from tools.servers import docker, postgres, rabbitmq
from tools.servers.broker import Broker, Listeners
from tools.servers.clickhouse import ClickHouse
from tools.servers.database import Database
from tools.servers.postgres import Cluster
from tools.servers.rabbitmq import Node
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
    hasty: bool = False
    """Whether what Postgres holds may be lost by a crash of the machine, for speed."""

    def log(self, name: str) -> Path:
        """Return the log file of a part."""
        return self.folder / "logs" / f"{name}.log"


async def start_missing(
    ground: Ground, environ: Mapping[str, str], services: Sequence[str]
) -> Addresses:
    """Create and start what was not given, out of what is installed; return where it all is."""
    addresses = Addresses.given(environ)
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
    """Install the programs of the servers that were not given, unless Docker has to do."""
    missing = missing_packages(addresses)
    if missing and not await install(missing, log, say) and not await docker.answers():
        raise StackError(explain_missing(missing, log))


def explain_missing(missing: Sequence[str], log: Path) -> str:
    """Say what to do where packages are missing and could not be installed."""
    names = " ".join(missing)
    why = (
        f"apt could not install it (see {log})" if log.exists() else "this user may not install it"
    )
    return (
        f"Missing: {names}, and {why}; run `sudo apt-get install {names}`, or start Docker, "
        "or set DATABASE_URL and AMQP_URL to servers that are there."
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
    database = Database(ground.ports.get("postgres"), ground.keys.get("postgres"))
    async with step(ground.say, "starting Postgres", "Postgres is up"):
        await ground.supervisor.start(await _postgres_part(ground, database))
        passwords = {name: ground.keys.get(f"postgres.{name}") for name in services}
        await database.provision(passwords)
    addresses.database_url = database.url()
    addresses.role_urls = {name: database.url(name, key) for name, key in passwords.items()}


async def _postgres_part(ground: Ground, database: Database) -> Part:
    log = ground.log("postgres")
    programs = postgres.find_programs()
    if programs is None:
        return docker.postgres_part(ground.folder, database, inherited(), log)
    cluster = Cluster(programs, ground.folder / "postgres", database, ground.hasty)
    await cluster.create(ground.log("initdb"))
    return cluster.part(inherited(), log)


async def start_rabbitmq(ground: Ground, addresses: Addresses) -> None:
    """Start RabbitMQ with the plugins that Flotilla uses."""
    broker = Broker(Listeners.choose(ground.ports), ground.keys.get("rabbitmq"))
    async with step(ground.say, "starting RabbitMQ", "RabbitMQ is up"):
        for part in _rabbitmq_parts(ground, broker):
            await ground.supervisor.start(part)
    addresses.amqp_url = broker.url
    addresses.amqp_management_url = broker.management_url


def _rabbitmq_parts(ground: Ground, broker: Broker) -> Sequence[Part]:
    log = ground.log("rabbitmq")
    programs = rabbitmq.find_programs()
    if programs is None:
        return [docker.rabbitmq_part(ground.folder, broker, inherited(), log)]
    node = Node(*programs, ground.folder / "rabbitmq", broker)
    node.create()
    return [node.name_daemon(inherited(), ground.log("epmd")), node.part(inherited(), log)]


async def start_clickhouse(ground: Ground, addresses: Addresses) -> None:
    """Start ClickHouse with the database of the statistics."""
    folder = ground.folder / "clickhouse"
    ports = ground.ports.get("clickhouse"), ground.ports.get("clickhouse.http")
    server = ClickHouse(folder, *ports)
    async with step(ground.say, "starting ClickHouse", "ClickHouse is up"):
        folder.mkdir(parents=True, exist_ok=True)
        await ground.supervisor.start(server.part(inherited(), ground.log("clickhouse")))
        await server.provision()
    addresses.clickhouse_url = server.url()
