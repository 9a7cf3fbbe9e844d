"""Keeping a world in a file: loaded at the start, saved a little after changes and at the end."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

from sandbox.world import World

SAVE_AFTER = 2.0  # seconds, so that a burst of changes costs one write


def open_world(path: Path | None, make: Callable[[], World]) -> World:
    """Return the world of a state file, or a new one where there is none or it is empty."""
    if path is None or not path.exists() or path.stat().st_size == 0:
        return make()
    world = World.load(path)
    return world if world.users else make()


@contextlib.asynccontextmanager
async def kept(world: World, path: Path | None) -> AsyncGenerator[Callable[[], None]]:
    """Save a world to a file while it changes, and once more at the end.

    Yields what says that something changed of which no event tells, a login for one.
    """
    changed = asyncio.Event()
    if path is None:
        yield changed.set
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    world.save(path)
    forget = world.subscribe(lambda _: changed.set())
    saver = asyncio.create_task(_save_when(changed, world, path))
    try:
        yield changed.set
    finally:
        forget()
        saver.cancel()
        await asyncio.gather(saver, return_exceptions=True)
        world.save(path)


async def _save_when(changed: asyncio.Event, world: World, path: Path) -> None:
    while True:
        await changed.wait()
        await asyncio.sleep(SAVE_AFTER)
        changed.clear()
        world.save(path)
