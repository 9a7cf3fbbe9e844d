"""One stack per folder: a lock that the kernel releases, however its holder ends."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from tools.errors import StackError


class AlreadyRunningError(StackError):
    """Another process runs the stack of this folder."""


@contextmanager
def only_one(path: Path) -> Generator[None]:
    """Hold a file's lock, or raise AlreadyRunningError with the pid of who holds it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunningError(
                f"A stack of this folder is running already (pid {_holder(path)}); "
                f"its addresses are in {path.with_name('stack.json')}."
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        try:
            yield
        finally:
            with contextlib.suppress(OSError):
                file.truncate(0)


def is_free(path: Path) -> bool:
    """Tell whether nobody holds the lock now."""
    try:
        with only_one(path):
            return True
    except AlreadyRunningError:
        return False


def _holder(path: Path) -> str:
    return path.read_text().strip() or "unknown"
