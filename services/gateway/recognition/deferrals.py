"""Interactions that wait for their answer, deferred in time: 15 minutes instead of 3 seconds."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

from shared.contracts.ids import InteractionId

FLUSH: Final = 2.0
"""Seconds that the last deferrals have at a stop."""


class Deferrals:
    """Runs a function for each interaction that has no answer after a while."""

    def __init__(self, after: timedelta) -> None:
        self._after = after.total_seconds()
        self._waiting: dict[
            InteractionId, tuple[asyncio.TimerHandle, Callable[[], Awaitable[None]]]
        ]
        self._waiting = {}
        self._running: set[asyncio.Task[None]] = set()

    def schedule(self, interaction_id: InteractionId, defer: Callable[[], Awaitable[None]]) -> None:
        """Have an interaction deferred unless it is answered before."""
        loop = asyncio.get_running_loop()
        timer = loop.call_later(self._after, self._due, interaction_id)
        self._waiting[interaction_id] = (timer, defer)

    def answered(self, interaction_id: InteractionId) -> None:
        """Note that an interaction has its answer."""
        waiting = self._waiting.pop(interaction_id, None)
        if waiting is not None:
            waiting[0].cancel()

    async def flush(self) -> None:
        """Defer everything that waits at once, as nobody will do it later."""
        for interaction_id in tuple(self._waiting):
            self._waiting[interaction_id][0].cancel()
            self._due(interaction_id)
        if self._running:
            await asyncio.wait(self._running, timeout=FLUSH)

    def _due(self, interaction_id: InteractionId) -> None:
        waiting = self._waiting.pop(interaction_id, None)
        if waiting is not None:
            task = asyncio.ensure_future(_run(waiting[1]))
            self._running.add(task)
            task.add_done_callback(self._running.discard)


async def _run(defer: Callable[[], Awaitable[None]]) -> None:
    await defer()
