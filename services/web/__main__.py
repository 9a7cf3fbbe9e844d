"""Run the dashboard: `python -m services.web`."""

import asyncio
import os

from services.web.app import main
from services.web.settings import Settings
from shared import service, settings


async def start(stop: asyncio.Event) -> None:
    """Read the environment and run until it has to stop."""
    await main(settings.load(Settings, os.environ), stop)


if __name__ == "__main__":
    service.run("web", start)
