"""Running a service: settings, logs, signals, a graceful stop and an exit code that means it."""

import asyncio
import gc
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, Literal

import structlog
import uvloop
from msgspec import Struct

from shared import logging, settings

Main = Callable[[asyncio.Event], Awaitable[None]]

GRACE: Final = 9.0
"""Seconds that a service has to stop by itself; its handlers get 8 of them."""

CYCLES: Final = 10_000
"""Objects more than before, after which cycles are looked for: above what is under way at a time.

With Python's 700 a gateway under load spends a quarter of its time on looking.
"""

log = structlog.get_logger()


class _LogSettings(Struct, frozen=True, kw_only=True):
    """What has to be known before anything else."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["json", "console"] = "json"


def run(
    service: str,
    main: Main,
    environ: Mapping[str, str] | None = None,
    *,
    grace: float = GRACE,
) -> None:
    """Run a service until SIGTERM or SIGINT, and exit.

    `main` is given an event that is set when it has to stop, and returns when it has. It reads its
    settings itself: a SettingsError becomes a sentence per line and exit code 1, any other error is
    logged and exit code 1, a stop that was asked for is exit code 0. One that takes longer than
    `grace` seconds is cut short.
    """
    try:
        logs = settings.load(_LogSettings, os.environ if environ is None else environ)
        logging.configure(service, logs.log_level, logs.log_format)
        _look_for_cycles_less()
        uvloop.run(_run(main, grace))
    except settings.SettingsError as error:
        sys.stderr.write("".join(f"{service}: {problem}\n" for problem in error.problems))
        sys.exit(1)
    except Exception:
        log.exception("service_failed")
        sys.exit(1)
    sys.exit(0)


def _look_for_cycles_less() -> None:
    """Leave what was imported out of the search for cycles, and search more rarely."""
    gc.freeze()
    _, *older = gc.get_threshold()
    gc.set_threshold(CYCLES, *older)


async def _run(main: Main, grace: float) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stop_soon() -> None:
        log.info("stopping")
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop_soon)
    running = asyncio.ensure_future(main(stop))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait((running, stopping), return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not running.done():
        await asyncio.wait((running,), timeout=grace)
    if not running.done():
        log.warning("stop_took_too_long", seconds=grace)
        running.cancel()
        await asyncio.wait((running,), timeout=1)
        return
    await running
    log.info("stopped")
