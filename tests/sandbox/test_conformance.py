"""Every route that the sandbox serves answers as Discord's own specification says."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from sandbox.app import serve
from sandbox.world import World
from tests.sandbox.audit import Audit
from tests.sandbox.scenarios import SCENARIOS, Scenario
from tests.support.openapi import Operation, Specification, specification


@pytest.fixture(scope="module")
def discord() -> Specification:
    found = specification()
    if found is None:
        pytest.skip("Discord's specification is not on this machine (see DISCORD_OPENAPI).")
    return found


@asynccontextmanager
async def auditing(discord: Specification) -> AsyncGenerator[Audit]:
    async with serve(World()) as serving, Audit(serving, discord) as audit:
        yield audit


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.__name__)
async def test_answers_are_as_discord_specifies(scenario: Scenario, discord: Specification) -> None:
    async with auditing(discord) as audit:
        await scenario(audit)

        assert not audit.problems, "\n".join(audit.problems)


async def test_every_served_route_that_discord_specifies_is_used_by_a_scenario(
    discord: Specification,
) -> None:
    unused: set[tuple[str, str]] | None = None
    for scenario in SCENARIOS:
        async with auditing(discord) as audit:
            await scenario(audit)
            unused = (audit.served() if unused is None else unused) - audit.succeeded

    assert not unused


def test_an_answer_with_a_wrong_type_is_found(discord: Specification) -> None:
    operation = Operation("GET", "/gateway")

    assert not list(discord.problems(operation, 200, {"url": "wss://gateway"}))
    assert list(discord.problems(operation, 200, {"url": 7}))
    assert list(discord.problems(operation, 200, {}))
    assert list(discord.problems(operation, 302, {}))
