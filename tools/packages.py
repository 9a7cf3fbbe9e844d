"""Programs of the operating system that the stack needs, installed by Debian's apt."""

from __future__ import annotations

import asyncio
import os
import shutil
from asyncio.subprocess import DEVNULL, STDOUT
from collections.abc import Sequence
from pathlib import Path

from tools.progress import Say, step

INSTALLER = Path(__file__).with_name("apt-install.sh")


async def install(packages: Sequence[str], log: Path, say: Say) -> bool:
    """Install Debian packages as root or by sudo; tell whether that was possible here."""
    prefix = await become_root()
    if prefix is None or not shutil.which("apt-get"):
        return False
    names = ", ".join(packages)
    async with step(say, f"installing {names} with apt (a minute or two, once)"):
        return await _apt(prefix, packages, log)


async def become_root() -> list[str] | None:
    """Return what to write before a command so that it runs as root; None if nothing does."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") and await quiet("sudo", "-n", "true"):
        return ["sudo", "-n"]
    return None


async def quiet(*argv: str) -> bool:
    """Run a command without showing what it prints; tell whether it succeeded."""
    try:
        process = await asyncio.create_subprocess_exec(
            *argv, stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL
        )
    except FileNotFoundError:
        return False
    return await process.wait() == 0


async def _apt(prefix: Sequence[str], packages: Sequence[str], log: Path) -> bool:
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        # In a session of its own: an interrupted dpkg has to be mended by hand.
        process = await asyncio.create_subprocess_exec(
            *prefix,
            "sh",
            str(INSTALLER),
            *packages,
            stdin=DEVNULL,
            stdout=output,
            stderr=STDOUT,
            start_new_session=True,
        )
        return await process.wait() == 0
