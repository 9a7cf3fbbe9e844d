"""Waiting until people can use the bot's commands: what services announce reaches Discord last."""

from __future__ import annotations

import asyncio
import http.client
import time
from collections.abc import Iterable
from urllib.parse import urlsplit

import msgspec

from tools.errors import StackError

OF_SERVICE = {"infractions": "warn", "stats": "stats", "admin": "ping"}
"""A command of each service that has any."""

PATIENCE = 30.0
PAUSE = 0.1


class _Command(msgspec.Struct):
    name: str


class _Index(msgspec.Struct):
    application_commands: list[_Command]


async def registered(sandbox: str, guild_id: str, token: str, services: Iterable[str]) -> None:
    """Wait until somebody's client shows the commands of all services. Raises StackError."""
    wanted = {OF_SERVICE[service] for service in services if service in OF_SERVICE}
    limit = time.monotonic() + PATIENCE
    while not wanted <= await asyncio.to_thread(_names, sandbox, guild_id, token):
        if time.monotonic() > limit:
            raise StackError("The bot's commands were not registered; see the log of the gateway.")
        await asyncio.sleep(PAUSE)


def _names(sandbox: str, guild_id: str, token: str) -> set[str]:
    connection = http.client.HTTPConnection(urlsplit(sandbox).netloc, timeout=10)
    try:
        path = f"/api/v10/guilds/{guild_id}/application-command-index"
        connection.request("GET", path, headers={"authorization": token})
        body = connection.getresponse().read()
    finally:
        connection.close()
    return {command.name for command in msgspec.json.decode(body, type=_Index).application_commands}
