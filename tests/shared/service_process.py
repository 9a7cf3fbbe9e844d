"""A small service in a process of its own, for tests that stop it: `service_process.py HOW`."""

from __future__ import annotations

import asyncio
import os
import sys

import structlog

from shared import service, settings

log = structlog.get_logger()


async def main(stop: asyncio.Event) -> None:
    how = sys.argv[1]
    if how == "settings":
        settings.load(settings.ServiceSettings, os.environ)
    if how == "bug":
        raise ValueError("broken")
    log.info("ready")
    if how == "ends":
        return
    await stop.wait()
    if how == "hangs":
        await asyncio.sleep(3600)
    log.info("handlers_finished")


if __name__ == "__main__":
    service.run("fleet", main, grace=0.2 if sys.argv[1] == "hangs" else service.GRACE)
