"""What the supervisor is told about each process that it keeps running."""

from __future__ import annotations

import signal
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

Check = Callable[[], Awaitable[bool]]


def nothing_to_mend() -> None:
    """Leave everything as the last run left it."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """A process with all that is needed to run it, to know that it works, and to stop it."""

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: Path
    log: Path
    ready: Check
    user: str | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    grace: float = 10.0
    """Seconds between the stop signal and SIGKILL."""
    patience: float = 60.0
    """Seconds that it may take to become ready."""
    mend: Callable[[], None] = nothing_to_mend
    """Removes what a crash left behind, before each start and after each end."""
