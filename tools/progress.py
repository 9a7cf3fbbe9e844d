"""Says what takes long while it takes long."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

Say = Callable[[str], None]

PATIENCE = 5.0


def to_terminal(line: str) -> None:
    """Print a line at once, also into a pipe."""
    print(line, file=sys.stdout, flush=True)


def nothing(line: str) -> None:
    """Say nothing: for tests."""
    del line


@asynccontextmanager
async def step(say: Say, what: str, done: str = "") -> AsyncGenerator[None]:
    """Announce a step, repeat it with the seconds it has taken so far, and say when it is done."""
    started = time.monotonic()
    say(f"  {what} ...")
    ticking = asyncio.create_task(_tick(say, what, started))
    try:
        yield
    finally:
        ticking.cancel()
    if done:
        say(f"  {done} ({time.monotonic() - started:.1f} s)")


async def _tick(say: Say, what: str, started: float) -> None:
    while True:
        await asyncio.sleep(PATIENCE)
        say(f"  {what} ... {time.monotonic() - started:.0f} s")
