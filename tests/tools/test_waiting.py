"""Waiting on a condition ends when it is met, and says why it was not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.waiting import eventually


def counting() -> Iterator[int]:
    yield from range(10)


async def test_waiting_returns_what_the_condition_returned() -> None:
    numbers = counting()
    assert await eventually(lambda: next(numbers) // 3) == 1


async def test_an_assertion_that_holds_later_is_met() -> None:
    numbers = counting()

    async def third() -> None:
        assert next(numbers) == 3

    await eventually(third)
    assert next(numbers) == 4


async def test_a_condition_that_finds_nothing_is_not_met() -> None:
    with pytest.raises(AssertionError, match="it was None"):
        await eventually(lambda: None, within=0.05)


async def test_the_last_assertion_is_shown() -> None:
    def never() -> None:
        raise AssertionError("the raider is still here")

    with pytest.raises(AssertionError, match="the raider is still here"):
        await eventually(never, within=0.05)
