"""`stack.json`: where everything of a running stack is, for scripts and tests."""

from __future__ import annotations

from pathlib import Path

import msgspec

from tools.discord import Person
from tools.files import PRIVATE, write_whole


class Manifest(msgspec.Struct, kw_only=True):
    """The addresses, processes and people of one stack."""

    sandbox: str = ""
    web: str = ""
    gateway: str = ""
    infractions: str = ""
    stats: str = ""
    admin: str = ""
    database_url: str = ""
    amqp_url: str = ""
    amqp_management_url: str = ""
    clickhouse_url: str = ""
    pids: dict[str, int] = {}
    guild_id: str = ""
    channel_id: str = ""
    users: dict[str, Person] = {}
    api_key: str = ""

    def write(self, path: Path) -> None:
        """Write the file in one step, readable by its owner only: it holds passwords."""
        write_whole(path, msgspec.json.format(msgspec.json.encode(self)) + b"\n", PRIVATE)


def read(path: Path) -> Manifest:
    """Read what a running stack wrote."""
    return msgspec.json.decode(path.read_bytes(), type=Manifest)
