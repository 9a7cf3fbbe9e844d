"""Postgres and RabbitMQ as containers, where nothing is installed and nothing can be."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from tools.packages import quiet
from tools.parts import Part
from tools.servers.broker import USER, Broker
from tools.servers.database import SUPERUSER, Database

POSTGRES_IMAGE = "postgres:17"
RABBITMQ_IMAGE = "rabbitmq:4-management"
PLUGINS = Path(__file__).parents[2] / "deploy" / "rabbitmq" / "enabled_plugins"
PULLING = 600.0
"""Seconds that a container may take: the first time its image is fetched."""


async def answers() -> bool:
    """Tell whether there is a Docker engine that takes orders from us."""
    return await quiet("docker", "info")


def postgres_part(folder: Path, database: Database, env: Mapping[str, str], log: Path) -> Part:
    """Describe a Postgres in a container."""
    name = container_name(folder, "postgres")
    options = (
        *("-p", f"127.0.0.1:{database.port}:5432"),
        *("-v", f"{name}:/var/lib/postgresql/data"),
        *("-e", f"POSTGRES_USER={SUPERUSER}", "-e", "POSTGRES_PASSWORD"),
        *("--stop-signal", "SIGINT", POSTGRES_IMAGE, "postgres", "-c", "max_connections=300"),
    )
    return Part(
        name="postgres",
        argv=run(name, options),
        env={**env, "POSTGRES_PASSWORD": database.password},
        cwd=folder,
        log=log,
        ready=database.is_ready,
        grace=20.0,
        patience=PULLING,
        mend=partial(remove, name),
    )


def rabbitmq_part(folder: Path, broker: Broker, env: Mapping[str, str], log: Path) -> Part:
    """Describe a RabbitMQ in a container."""
    name = container_name(folder, "rabbitmq")
    options = (
        *("-p", f"127.0.0.1:{broker.ports.amqp}:5672"),
        *("-p", f"127.0.0.1:{broker.ports.management}:15672"),
        *("-v", f"{name}:/var/lib/rabbitmq", "--hostname", "rabbitmq"),
        *("-v", f"{PLUGINS}:/etc/rabbitmq/enabled_plugins:ro"),
        *("-e", f"RABBITMQ_DEFAULT_USER={USER}", "-e", "RABBITMQ_DEFAULT_PASS"),
        RABBITMQ_IMAGE,
    )
    return Part(
        name="rabbitmq",
        argv=run(name, options),
        env={**env, "RABBITMQ_DEFAULT_PASS": broker.password},
        cwd=folder,
        log=log,
        ready=broker.is_ready,
        grace=20.0,
        patience=PULLING,
        mend=partial(remove, name),
    )


def run(name: str, options: Sequence[str]) -> tuple[str, ...]:
    """Return the command that runs a container for as long as the command itself runs."""
    return ("docker", "run", "--rm", "--name", name, "--label", "flotilla.stack", *options)


def container_name(folder: Path, server: str) -> str:
    """Name a container, and its volume, after the stack's folder: clones have their own."""
    return f"flotilla-{hashlib.sha256(str(folder).encode()).hexdigest()[:12]}-{server}"


def remove(name: str) -> None:
    """Remove a container that outlived the command which ran it; its volume stays."""
    subprocess.run(  # noqa: S603 - fixed words
        ["docker", "rm", "--force", name],  # noqa: S607 - the command that answered before
        capture_output=True,
        check=False,
    )


def forget_volumes(folder: Path) -> None:
    """Delete what containers of a stack kept."""
    names = [container_name(folder, server) for server in ("postgres", "rabbitmq")]
    subprocess.run(  # noqa: S603 - fixed words
        ["docker", "volume", "rm", "--force", *names],  # noqa: S607 - the command that answered
        capture_output=True,
        check=False,
    )
