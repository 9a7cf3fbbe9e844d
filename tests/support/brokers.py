"""A RabbitMQ for one test alone, which may be treated in a way that would disturb all others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tools.environment import inherited
from tools.ports import Ports
from tools.servers.broker import Broker, Listeners
from tools.servers.rabbitmq import NODE, Node, find_programs
from tools.supervisor import Supervisor

PASSWORD = "private"
USUAL_WATERMARK = "0.4"
CONTROL = Path("/usr/lib/rabbitmq/bin/rabbitmqctl")


class PrivateBroker:
    """A running RabbitMQ that obeys the test."""

    def __init__(self, broker: Broker, env: Mapping[str, str]) -> None:
        self.url = broker.url
        self._env = env

    async def raise_alarm(self) -> None:
        """Have it believe that it is out of memory: it takes nothing more from publishers."""
        await self._control("set_vm_memory_high_watermark", "0")

    async def end_alarm(self) -> None:
        """Let it take messages again."""
        await self._control("set_vm_memory_high_watermark", USUAL_WATERMARK)

    async def _control(self, *words: str) -> None:
        process = await asyncio.create_subprocess_exec(
            str(CONTROL),
            *("--node", NODE, "--quiet", *words),
            env=self._env,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate()
        assert process.returncode == 0, said.decode()


def _silent(_: str) -> None:
    """Say nothing of what is started."""


def _programs() -> tuple[Path, Path]:
    programs = find_programs()
    if programs is None or not CONTROL.is_file():
        pytest.skip("no RabbitMQ is installed here that a test could treat as it likes")
    return programs


@asynccontextmanager
async def private_broker(folder: Path) -> AsyncGenerator[PrivateBroker]:
    """Run a RabbitMQ in a folder; skips the test where none is installed on this machine."""
    programs = _programs()
    broker = Broker(Listeners.choose(Ports(folder / "ports.json")), PASSWORD)
    node = Node(*programs, folder / "rabbitmq", broker)
    node.create()
    supervisor = Supervisor(folder, _silent)
    part = node.part(inherited(), folder / "rabbitmq.log")
    try:
        await supervisor.start(node.name_daemon(inherited(), folder / "epmd.log"))
        await supervisor.start(part)
        yield PrivateBroker(broker, {**inherited(), **part.env})
    finally:
        await supervisor.close(("rabbitmq",), at_once=True)
