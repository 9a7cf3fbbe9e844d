"""A private ClickHouse for development: the listener beside this file, with a folder and ports."""

from __future__ import annotations

import asyncio
import http.client
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.checks import http_ok, port_open
from tools.errors import StackError
from tools.parts import Part

DATABASE = "stats"
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class ClickHouse:
    """One listener and how to reach it."""

    folder: Path
    tcp_port: int
    http_port: int

    def url(self, database: str = DATABASE) -> str:
        """Return the address for the native protocol."""
        return f"clickhouse://127.0.0.1:{self.tcp_port}/{database}"

    def part(self, env: Mapping[str, str], log: Path) -> Part:
        """Describe the listener's process."""
        module = "tools.servers.clickhouse_listener"
        return Part(
            name="clickhouse",
            argv=(
                *(sys.executable, "-m", module, str(self.folder)),
                *("--tcp-port", str(self.tcp_port), "--http-port", str(self.http_port)),
            ),
            env=dict(env),
            cwd=ROOT,
            log=log,
            ready=self.is_ready,
        )

    async def is_ready(self) -> bool:
        """Tell whether both protocols answer."""
        return await port_open(self.tcp_port) and await http_ok(self.http_port, "/ping")

    async def provision(self) -> None:
        """Make the database of the statistics."""
        statement = f"CREATE DATABASE IF NOT EXISTS {DATABASE} ENGINE = Atomic"
        await asyncio.to_thread(self._execute, statement)

    def _execute(self, statement: str) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.http_port, timeout=30)
        try:
            connection.request("POST", "/", statement.encode())
            answer = connection.getresponse()
            said = answer.read().decode(errors="replace")
        finally:
            connection.close()
        if answer.status != http.client.OK:
            raise StackError(f"ClickHouse refused {statement!r}: {said.strip()}")
