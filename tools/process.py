"""Processes of the stack: started so that they end with it, and ended with all their children."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pwd
import shutil
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

import psutil

SETTLE = 5.0
LONGEST_LOG = 10_000_000
"""Bytes after which a log is put aside at the next start of what writes it."""


async def spawn(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path,
    log: Path,
    user: str | None = None,
    orphan_signal: signal.Signals = signal.SIGTERM,
) -> asyncio.subprocess.Process:
    """Start a process in a session of its own, with its output in a log file.

    The kernel sends it `orphan_signal` when its parent is gone, even when that was killed.
    """
    with open_log(log) as output:
        return await asyncio.create_subprocess_exec(
            *_guarded(argv, user, orphan_signal),
            env=env,
            cwd=cwd,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )


def open_log(log: Path) -> BinaryIO:
    """Open a log to go on with, after putting aside one that has grown long."""
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > LONGEST_LOG:
        log.replace(log.with_suffix(".old.log"))
    return log.open("ab")


def _guarded(argv: Sequence[str], user: str | None, orphan_signal: signal.Signals) -> Sequence[str]:
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        return [*stepping_down(user), *argv]
    return [setpriv, *_identity(user), f"--pdeathsig={orphan_signal.name}", "--", *argv]


def stepping_down(user: str | None) -> list[str]:
    """Return what to write before a command so that root runs it as an unprivileged user."""
    if user is None:
        return []
    if shutil.which("setpriv"):
        return ["setpriv", *_identity(user), "--"]
    return ["runuser", "-u", user, "--"]


def _identity(user: str | None) -> list[str]:
    if user is None:
        return []
    group = pwd.getpwnam(user).pw_gid
    return [f"--reuid={user}", f"--regid={group}", "--init-groups"]


def started_at(pid: int) -> float | None:
    """Return when a process started, which tells it from a later one of the same number."""
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except psutil.NoSuchProcess:
        return None


def family(pid: int) -> list[psutil.Process]:
    """List a process and all that it started, eldest first."""
    try:
        eldest = psutil.Process(pid)
        return [eldest, *eldest.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def kill_family(pid: int) -> None:
    """Kill a process and all that it started, at once."""
    members = family(pid)
    for member in members:
        with contextlib.suppress(psutil.NoSuchProcess):
            member.send_signal(signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


async def end_family(pid: int, stop_signal: signal.Signals, grace: float) -> bool:
    """Ask a process to stop, kill what is left after the grace; tell whether asking was enough."""
    members = family(pid)
    if not members:
        return True
    with contextlib.suppress(psutil.NoSuchProcess):
        members[0].send_signal(stop_signal)
    polite = await gone(members[:1], grace)
    for member in members:
        with contextlib.suppress(psutil.NoSuchProcess):
            member.send_signal(signal.SIGKILL)
    await gone(members, SETTLE)
    return polite


async def gone(members: Sequence[psutil.Process], within: float) -> bool:
    """Wait until all of these processes have ended."""
    limit = asyncio.get_running_loop().time() + within
    while any(_alive(member) for member in members):
        if asyncio.get_running_loop().time() >= limit:
            return False
        await asyncio.sleep(0.02)
    return True


def _alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
