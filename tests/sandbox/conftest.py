"""What the tests of the sandbox share."""

from collections.abc import AsyncIterator

import pytest

from tests.support.rest import Scene, open_scene


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    """Give a small guild and a client that speaks REST as any of its members."""
    async with open_scene() as opened:
        yield opened
