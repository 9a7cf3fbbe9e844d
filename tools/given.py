"""Servers that somebody named are looked for first, so that a mistake is told in one sentence."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from urllib.parse import urlsplit

from tools.errors import StackError

SCHEMES = {
    "DATABASE_URL": {"postgresql": 5432, "postgres": 5432},
    "AMQP_URL": {"amqp": 5672, "amqps": 5671},
    "CLICKHOUSE_URL": {"clickhouse": 9000, "clickhouses": 9440},
}
"""What the address of each server begins with, and the port where none is said."""
PATIENCE = 5.0


async def look_for(environ: Mapping[str, str]) -> None:
    """Raise StackError if an address that the environment names is wrong, or nobody is there."""
    for name, ports in SCHEMES.items():
        if url := environ.get(name, ""):
            await _look_at(name, url, ports)


async def _look_at(name: str, url: str, ports: Mapping[str, int]) -> None:
    address = urlsplit(url)
    if address.scheme not in ports:
        raise StackError(f"{name} has to begin with {next(iter(ports))}://.")
    if not address.hostname or "," in address.netloc:
        return  # a socket in a folder, or one of several: for the services to find
    try:
        port = address.port or ports[address.scheme]
    except ValueError as error:
        raise StackError(f"{name} has no right port: {error}.") from error
    try:
        asked = asyncio.open_connection(address.hostname, port)
        _, writer = await asyncio.wait_for(asked, PATIENCE)
    except (OSError, TimeoutError) as error:
        why = "no answer" if isinstance(error, TimeoutError) else error
        raise StackError(f"{name}: nobody is at {address.hostname}:{port} ({why}).") from error
    writer.close()
