"""Logs: one stream, one line each, with what is being worked on."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

SCRIPT = """
import logging as stdlib
import structlog
from shared import logging

logging.configure("fleet", {level!r}, {fmt!r})
log = structlog.get_logger("ours")
with logging.bound(guild_id=7, event_id="e1"):
    log.info("ship_sailed", crew=50)
    stdlib.getLogger("theirs").warning("a library says %s", "this")
log.debug("too_quiet")
password = "hunter2"
try:
    raise ValueError("broken")
except ValueError:
    log.exception("ship_sank")
stdlib.getLogger("uvicorn").info("started")
"""


def logged(fmt: str = "json", level: str = "info") -> str:
    """Run the script in a process of its own, as logs are the whole process's."""
    done = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-c", SCRIPT.format(fmt=fmt, level=level)],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert done.stdout == ""
    return done.stderr


def lines(text: str) -> list[dict[str, Any]]:  # Any: a line holds whatever was logged
    return [json.loads(line) for line in text.splitlines()]


async def test_our_lines_and_those_of_libraries_look_the_same() -> None:
    ours, theirs, failed = lines(logged())

    assert ours["event"] == "ship_sailed"
    assert (ours["service"], ours["level"], ours["logger"]) == ("fleet", "info", "ours")
    assert (ours["guild_id"], ours["event_id"], ours["crew"]) == (7, "e1", 50)
    assert theirs["event"] == "a library says this"
    assert (theirs["service"], theirs["guild_id"]) == ("fleet", 7)
    assert "guild_id" not in failed


async def test_an_exception_is_one_line_with_its_traceback_and_no_local_variables() -> None:
    failed = lines(logged())[-1]
    assert "ValueError: broken" in failed["exception"]
    assert "hunter2" not in logged("json")
    assert "hunter2" not in logged("console").replace('password = "hunter2"', "")


async def test_a_person_can_read_the_console() -> None:
    text = logged("console", "debug")
    assert "ship_sailed" in text
    assert "too_quiet" in text
    assert "crew=50" in text
