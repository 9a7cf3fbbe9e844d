"""Run stats: `python -m services.stats`."""

import asyncio
import os

from services.stats.app import main
from services.stats.settings import Settings
from shared import service, settings


async def start(stop: asyncio.Event) -> None:
    """Read the environment and run until it has to stop."""
    await main(settings.load(Settings, os.environ), stop)


if __name__ == "__main__":
    service.run("stats", start)
