"""The list of running parts in a file, by which the next stack finds what a killed one left."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import msgspec

from tools.files import read_or, write_whole
from tools.process import end_family, started_at

# A clock that is set moves what the kernel says about starting times a little.
SAME = 2.0
GRACE = 10.0


class Entry(msgspec.Struct, frozen=True):
    """One running process: its number, when it started, and how it wants to be stopped."""

    pid: int
    started_at: float
    stop_signal: int


class Ledger:
    """Which processes belong to the stack of one folder."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._entries = _load(path)

    def add(self, name: str, pid: int, stop_signal: signal.Signals) -> None:
        """Note a process that was started."""
        started = started_at(pid)
        if started is not None:
            self._entries[name] = Entry(pid, started, int(stop_signal))
            self._save()

    def remove(self, name: str) -> None:
        """Forget a process that ended."""
        if self._entries.pop(name, None) is not None:
            self._save()

    def leftovers(self) -> list[str]:
        """Name the processes of an earlier stack that still run."""
        return [name for name, entry in self._entries.items() if _is_alive(entry)]

    async def stop_leftovers(self) -> None:
        """Stop what an earlier stack left running, as gently as it allows."""
        entries = [entry for entry in self._entries.values() if _is_alive(entry)]
        await asyncio.gather(
            *(end_family(entry.pid, signal.Signals(entry.stop_signal), GRACE) for entry in entries)
        )
        self._entries.clear()
        self._save()

    def _save(self) -> None:
        write_whole(self._path, msgspec.json.encode(self._entries))


def _is_alive(entry: Entry) -> bool:
    started = started_at(entry.pid)
    return started is not None and abs(started - entry.started_at) < SAME


def _load(path: Path) -> dict[str, Entry]:
    try:
        return msgspec.json.decode(read_or(path, b"{}"), type=dict[str, Entry])
    except msgspec.DecodeError:
        return {}
