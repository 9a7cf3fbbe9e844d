"""Keeps one process running: starts it, notices its end, starts it again after a growing pause."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass

from tools.errors import StackError
from tools.ledger import Ledger
from tools.parts import Part
from tools.process import end_family, kill_family, spawn
from tools.progress import Say

FIRST_PAUSE = 0.2
LONGEST_PAUSE = 5.0
STEADY = 10.0
"""Seconds after which a process counts as running well, so that its next pause is short again."""
HOPELESS = 4
"""Ends in a row without ever having been ready after which waiting for it is given up."""
POLL = 0.05
LAST_LINES = 12


class NotReadyError(StackError):
    """A part of the stack did not come up."""


@dataclass(frozen=True)
class Surroundings:
    """Where a keeper notes and says what happens to its process."""

    ledger: Ledger
    say: Say
    changed: Callable[[], None]


class Keeper:
    """One part of the stack and the task that keeps it running."""

    def __init__(self, part: Part, surroundings: Surroundings) -> None:
        self.part = part
        self._around = surroundings
        self._process: asyncio.subprocess.Process | None = None
        self._allowed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._latest_pid: int | None = None
        self._ends = 0
        self._was_ready = False

    @property
    def pid(self) -> int | None:
        """The process's number while it runs."""
        return self._process.pid if self._process else None

    @property
    def latest_pid(self) -> int | None:
        """The process's number, also in the moments until it is started again."""
        return self._latest_pid if self._allowed.is_set() else self.pid

    def allow(self) -> None:
        """Let the process run; it is started if it does not."""
        self._ends = 0
        self._allowed.set()
        if self._task is None:
            self._task = asyncio.create_task(self._keep(), name=f"keep {self.part.name}")

    def hold(self) -> None:
        """Do not start the process again once it has ended."""
        self._allowed.clear()

    async def kill(self, with_signal: signal.Signals = signal.SIGKILL) -> None:
        """Kill the process and return when it is gone; another signal is only sent."""
        process = self._process
        if process is None:
            return
        if with_signal is not signal.SIGKILL:
            process.send_signal(with_signal)
            return
        kill_family(process.pid)
        await process.wait()

    async def stop(self) -> bool:
        """Ask the process to stop and keep it stopped; tell whether asking was enough."""
        self.hold()
        process = self._process
        if process is None:
            return True
        polite = await end_family(process.pid, self.part.stop_signal, self.part.grace)
        await process.wait()
        return polite

    async def close(self, *, at_once: bool = False) -> bool:
        """Stop for good."""
        self.hold()
        if at_once:
            await self.kill()
        polite = await self.stop()
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        return polite

    async def wait_ready(self, within: float | None = None) -> None:
        """Return when the part answers; raise NotReadyError with its last words if it doesn't."""
        limit = time.monotonic() + (self.part.patience if within is None else within)
        while not (self._process and await self.part.ready()):
            if self._ends >= HOPELESS:
                raise NotReadyError(self._explain("ends as soon as it is started"))
            if time.monotonic() >= limit:
                raise NotReadyError(self._explain("did not become ready in time"))
            await asyncio.sleep(POLL)
        self._was_ready = True
        self._ends = 0

    async def _keep(self) -> None:
        pause = FIRST_PAUSE
        while True:
            await self._allowed.wait()
            began = time.monotonic()
            code = await self._run_once()
            if not self._allowed.is_set():
                continue
            if time.monotonic() - began > STEADY:
                pause = FIRST_PAUSE
            self._ends += 1
            self._around.say(
                f"  {self.part.name} ended ({_ending(code)}); starting it again in {pause:g} s"
            )
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _run_once(self) -> int:
        await asyncio.to_thread(self.part.mend)
        part = self.part
        self._process = await spawn(
            part.argv,
            env=part.env,
            cwd=part.cwd,
            log=part.log,
            user=part.user,
            orphan_signal=part.stop_signal,
        )
        self._latest_pid = self._process.pid
        self._around.ledger.add(part.name, self._latest_pid, part.stop_signal)
        self._around.changed()
        announcing = asyncio.create_task(self._announce_return())
        try:
            return await self._process.wait()
        finally:
            announcing.cancel()
            kill_family(self._process.pid)
            self._process = None
            self.part.mend()
            self._around.ledger.remove(part.name)
            self._around.changed()

    async def _announce_return(self) -> None:
        if not self._was_ready:
            return
        began = time.monotonic()
        with contextlib.suppress(NotReadyError):
            await self.wait_ready()
            self._around.say(f"  {self.part.name} is back ({time.monotonic() - began:.1f} s)")

    def _explain(self, what: str) -> str:
        lines = self.part.log.read_text(errors="replace").splitlines()[-LAST_LINES:]
        said = "\n".join(f"    {line}" for line in lines)
        return f"{self.part.name} {what}; the end of {self.part.log}:\n{said}"


def _ending(code: int) -> str:
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
