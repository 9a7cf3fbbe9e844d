"""A real browser for tests: Chromium, where this machine has one."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, async_playwright, expect

from tests.support.waiting import PATIENCE
from tools.browser import find_chromium

SWITCHES = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


def chromium() -> str:
    """Return where Chromium is; skips the test where it is nowhere."""
    found = find_chromium()
    if found is None:
        pytest.skip("There is no Chromium on this machine; install it, or say where with CHROMIUM.")
    return found


@asynccontextmanager
async def browser() -> AsyncGenerator[Browser]:
    """Start a browser."""
    place = chromium()
    expect.set_options(timeout=PATIENCE * 1000)
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=place, args=[*SWITCHES])
        yield started
        await started.close()
