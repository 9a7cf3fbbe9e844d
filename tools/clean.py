"""Removes what the local stack keeps, after stopping what of it still runs."""

from __future__ import annotations

import shutil
from pathlib import Path

from tools.ledger import Ledger
from tools.lock import only_one
from tools.servers.docker import forget_volumes
from tools.servers.unprivileged import forget_elsewhere

KEPT = ("uv", "bench.json")
"""The tool that everything else is installed with, and measurements that took long."""


async def clean(local: Path) -> None:
    """Delete the folder of the local stack; raise AlreadyRunningError while one runs."""
    for folder in stacks(local):
        with only_one(folder / "lock"):
            await Ledger(folder / "pids.json").stop_leftovers()
            forget_elsewhere(folder / "postgres")
            if shutil.which("docker"):
                forget_volumes(folder)
    _empty(local)


def _empty(local: Path) -> None:
    for child in local.iterdir() if local.exists() else ():
        if child.name not in KEPT:
            _remove(child)


def stacks(local: Path) -> list[Path]:
    """Return the folders in which a stack may be."""
    return [path.parent for path in (*local.glob("lock"), *local.glob("*/lock"))]


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
