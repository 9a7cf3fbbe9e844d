"""Running a service: it says when it is ready, stops when asked, and exits with a meaning."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from typing import Any

import pytest

ENVIRON = {"LOG_FORMAT": "json", "PATH": ""}


async def start(how: str, **environ: str) -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.shared.service_process",
        how,
        stderr=PIPE,
        cwd=Path(__file__).parents[2],
        env={**ENVIRON, **environ},
    )


async def said(process: Process) -> list[str]:
    """Wait for the end and return what it said on stderr."""
    async with asyncio.timeout(60):
        _, err = await process.communicate()
    return err.decode().splitlines()


async def until_ready(process: Process) -> dict[str, Any]:  # Any: it is a log line
    assert process.stderr is not None
    async with asyncio.timeout(60):
        return json.loads(await process.stderr.readline())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_stops_it_gracefully(number: signal.Signals) -> None:
    process = await start("waits")
    assert (await until_ready(process))["event"] == "ready"

    process.send_signal(number)

    events = [json.loads(line)["event"] for line in await said(process)]
    assert events == ["stopping", "handlers_finished", "stopped"]
    assert process.returncode == 0


async def test_a_service_that_does_not_stop_is_ended() -> None:
    process = await start("hangs")
    await until_ready(process)

    process.send_signal(signal.SIGTERM)

    assert "stop_took_too_long" in "".join(await said(process))
    assert process.returncode == 0


async def test_wrong_settings_are_one_plain_sentence_each() -> None:
    process = await start("settings", DATABASE_URL="postgresql://u:hunter2@h/d", HTTP_PORT="x")

    assert await said(process) == [
        "fleet: AMQP_URL is not set; expected text",
        "fleet: TOKEN_SECRET is not set; expected text",
        "fleet: HTTP_PORT is wrong: 'x' is not a whole number",
    ]
    assert process.returncode == 1


async def test_a_wrong_log_level_is_told_too() -> None:
    process = await start("waits", LOG_LEVEL="loud")

    [line] = await said(process)
    assert line == "fleet: LOG_LEVEL is wrong: 'loud' is not one of debug, info, warning, error"
    assert process.returncode == 1


async def test_a_service_that_fails_says_why_and_exits_with_1() -> None:
    process = await start("bug")

    [line] = await said(process)
    assert json.loads(line)["event"] == "service_failed"
    assert "ValueError: broken" in json.loads(line)["exception"]
    assert process.returncode == 1


async def test_a_service_that_ends_by_itself_exits_with_0() -> None:
    process = await start("ends")

    await said(process)

    assert process.returncode == 0
