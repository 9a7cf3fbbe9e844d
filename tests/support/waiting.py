"""Waiting for what has to become true, with a limit, instead of sleeping."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar, cast, overload

T = TypeVar("T")

PAUSE = 0.02

PATIENCE = 30.0
"""Seconds; costs nothing while tests pass, and leaves a slow machine its time."""


@overload
async def eventually(condition: Callable[[], Awaitable[T]], within: float = ...) -> T: ...
@overload
async def eventually(condition: Callable[[], T], within: float = ...) -> T: ...
async def eventually(condition: Callable[[], Awaitable[T] | T], within: float = PATIENCE) -> T:
    """Await until the condition returns something truthy, and return that.

    A condition may be sync or async. One that raises AssertionError is not met yet; one that is
    declared `-> None` is met when it returns. Fails after `within` seconds with what was last said.
    """
    limit = time.monotonic() + within
    while True:
        met, outcome = await _try(condition)
        if met:
            return cast("T", outcome)
        if time.monotonic() >= limit:
            raise _failure(condition, within, outcome)
        await asyncio.sleep(PAUSE)


async def _try(condition: Callable[[], Awaitable[T] | T]) -> tuple[bool, T | AssertionError]:
    try:
        value = condition()
        if inspect.isawaitable(value):
            value = await value
    except AssertionError as error:
        return False, error
    return bool(value) or _only_asserts(condition), value


def _only_asserts(condition: Callable[[], object]) -> bool:
    return getattr(condition, "__annotations__", {}).get("return", "") in {None, "None"}


def _failure(condition: object, within: float, outcome: object) -> AssertionError:
    name = getattr(condition, "__qualname__", repr(condition))
    said = f"{outcome}" if isinstance(outcome, AssertionError) else f"it was {outcome!r}"
    return AssertionError(f"{name} was not met within {within} s: {said}")
