"""Finds Chromium for the tests that look at a page, and installs it where it can."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from pathlib import Path

from tools.packages import install
from tools.progress import to_terminal

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
LOG = Path(__file__).parents[1] / ".local" / "logs" / "apt.log"
NEEDED_BY = ("tests/web", "tests/sandbox", "tests/e2e")


def find_chromium() -> str | None:
    """Return the browser's program: `CHROMIUM`, or the first that is installed."""
    given = os.environ.get("CHROMIUM")
    if given:
        return given
    return next((found for name in NAMES if (found := shutil.which(name))), None)


def is_needed(paths: list[str]) -> bool:
    """Tell whether tests in these paths may look at a page."""
    return any(path == "tests" or path.startswith(NEEDED_BY) for path in paths)


async def provide(paths: list[str]) -> None:
    """Install Chromium if tests in these paths want it and this machine lets us."""
    if not is_needed(paths) or find_chromium():
        return
    if not await install(["chromium"], LOG, to_terminal):
        to_terminal(
            "There is no Chromium, so the tests of pages in a browser are skipped; "
            "install it with `sudo apt-get install chromium`."
        )


if __name__ == "__main__":
    asyncio.run(provide([path.rstrip("/") for path in sys.argv[1:]]))
