"""Runs the parts of a stack side by side and keeps them running until it is closed."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterable
from pathlib import Path

from tools.keeper import Keeper, Surroundings
from tools.ledger import Ledger
from tools.parts import Part
from tools.process import kill_family
from tools.progress import Say
from tools.together import together


def unchanged() -> None:
    """Do nothing when a process starts or ends."""


class Supervisor:
    """The running parts by name."""

    def __init__(self, folder: Path, say: Say, changed: Callable[[], None] = unchanged) -> None:
        self._ledger = Ledger(folder / "pids.json")
        self._around = Surroundings(self._ledger, say, changed)
        self._keepers: dict[str, Keeper] = {}
        self._closing: list[Keeper] = []

    @property
    def pids(self) -> dict[str, int]:
        """The processes that run now."""
        return {name: keeper.pid for name, keeper in self._keepers.items() if keeper.pid}

    @property
    def latest_pids(self) -> dict[str, int]:
        """The same with those that are about to be started again, by their last number."""
        numbers = ((name, keeper.latest_pid) for name, keeper in self._keepers.items())
        return {name: pid for name, pid in numbers if pid}

    async def clear_leftovers(self) -> None:
        """Stop the processes of an earlier stack in this folder that was killed."""
        left = self._ledger.leftovers()
        if left:
            self._around.say(f"  stopping what an earlier stack left running: {', '.join(left)}")
        await self._ledger.stop_leftovers()

    async def start(self, *parts: Part) -> None:
        """Start parts side by side and return when all of them are ready."""
        for part in parts:
            self._keepers[part.name] = Keeper(part, self._around)
            self._keepers[part.name].allow()
        await together(*(self._keepers[part.name].wait_ready() for part in parts))

    async def kill(self, name: str, with_signal: signal.Signals = signal.SIGKILL) -> None:
        """Kill a part, which is started again unless it is held; another signal is only sent."""
        await self._keepers[name].kill(with_signal)

    async def stop(self, name: str) -> bool:
        """Stop a part gently until `release`; tell whether asking was enough."""
        return await self._keepers[name].stop()

    def hold(self, name: str) -> None:
        """Do not start a part again once it ended, until `release`."""
        self._keepers[name].hold()

    def release(self, name: str) -> None:
        """Let a held or stopped part run again."""
        self._keepers[name].allow()

    async def wait_ready(self, name: str, within: float | None = None) -> None:
        """Return when a part answers."""
        await self._keepers[name].wait_ready(within)

    def hurry(self) -> None:
        """Kill everything that still runs; nothing of it comes back."""
        for keeper in (*self._keepers.values(), *self._closing):
            keeper.hold()
            if keeper.pid:
                kill_family(keeper.pid)

    async def close(self, *groups: Iterable[str], at_once: bool = False) -> None:
        """Stop everything: the named groups one after the other, then whatever is left."""
        for group in (*groups, tuple(self._keepers)):
            here = [self._keepers.pop(name) for name in group if name in self._keepers]
            self._closing += here
            await asyncio.gather(*(keeper.close(at_once=at_once) for keeper in here))
