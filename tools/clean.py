"""Removes what the local stack keeps, after stopping what of it still runs."""

from __future__ import annotations

import shutil
from pathlib import Path

from tools.ledger import Ledger
from tools.lock import only_one


async def clean(local: Path) -> None:
    """Delete the folder of the local stack; raise AlreadyRunningError while one runs."""
    for folder in stacks(local):
        with only_one(folder / "lock"):
            await Ledger(folder / "pids.json").stop_leftovers()
            _forget_elsewhere(folder / "postgres")
    for child in local.iterdir() if local.exists() else ():
        if child.name not in KEPT:
            _remove(child)


KEPT = ("uv", "bench.json")


def stacks(local: Path) -> list[Path]:
    """Return the folders in which a stack may be."""
    return [path.parent for path in (*local.glob("lock"), *local.glob("*/lock"))]


def _forget_elsewhere(link: Path) -> None:
    """Delete the data of a Postgres that could not be kept in the clone."""
    if link.is_symlink():
        shutil.rmtree(link.resolve(), ignore_errors=True)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
