"""Whom root steps down to for a server that refuses root, and folders that user can get to."""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import subprocess
from pathlib import Path

from tools.errors import StackError
from tools.process import stepping_down

ELSEWHERE = Path("/var/lib/flotilla")


def unprivileged_user() -> str | None:
    """Return whom to step down to; None if this is nobody special already."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    raise StackError("Postgres refuses to run as root, and there is no user to step down to.")


def give_to(user: str | None, path: Path) -> None:
    """Make a user the owner of a file or folder."""
    if user is not None:
        shutil.chown(path, user, pwd.getpwnam(user).pw_gid)


def make_reachable(folder: Path, user: str | None) -> None:
    """Make a folder that a user can get to, elsewhere with a link if need be.

    A clone in root's home is closed to whom root steps down to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    give_to(user, folder)
    if user is None or _can_write(user, folder.resolve()):
        return
    elsewhere = ELSEWHERE / hashlib.sha256(str(folder).encode()).hexdigest()[:12]
    elsewhere.mkdir(parents=True, exist_ok=True)
    give_to(user, elsewhere)
    folder.rmdir()
    folder.symlink_to(elsewhere)


def forget_elsewhere(folder: Path) -> None:
    """Delete what `make_reachable` put elsewhere."""
    if folder.is_symlink():
        shutil.rmtree(folder.resolve(), ignore_errors=True)
        folder.unlink()


def _can_write(user: str, folder: Path) -> bool:
    trial = [*stepping_down(user), "test", "-w", str(folder)]
    return subprocess.run(trial, check=False).returncode == 0  # noqa: S603 - fixed words
