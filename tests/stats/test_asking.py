"""Who may ask for which numbers, and what is told to a question that makes no sense."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest
import pytest_asyncio

from shared.http import Actor, sign
from tests.support import backends as places
from tests.support.backends import Backends
from tests.support.waiting import eventually

from .rig import GUILD, OTHER, SECRET, VIEWER, Stats, running, settings_for

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stats(backends: Backends) -> AsyncGenerator[Stats]:
    """Give one for all of these tests, as nothing is counted in them."""
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(places.database(backends.database_url))
        vhost = await stack.enter_async_context(
            places.vhost(backends.amqp_url, backends.amqp_management_url)
        )
        house = await stack.enter_async_context(places.clickhouse_database(backends.clickhouse_url))
        shared = await stack.enter_async_context(running(settings_for(database, vhost, house)))
        await eventually(shared.is_ready)
        yield shared


async def test_only_who_may_see_a_server_sees_its_numbers(stats: Stats) -> None:
    elsewhere = Actor(user_id=1, guild_id=OTHER, role="admin")
    assert (await stats.asks("/summary", actor=elsewhere)).status_code == 403
    operator = Actor(user_id=1, guild_id=0, role="operator")
    assert (await stats.asks("/summary", actor=operator)).status_code == 403
    key = Actor(user_id=1, guild_id=GUILD, role="key", scopes=("infractions:read",))
    assert (await stats.asks("/summary", actor=key)).status_code == 403
    assert (await stats.client.get(f"/guilds/{GUILD}/summary")).status_code == 401


@pytest.mark.parametrize(
    "token",
    [
        sign("another secret, as long as the first is", VIEWER, "stats"),
        sign(SECRET, VIEWER, "infractions"),
        sign(SECRET, VIEWER, "stats", ttl=timedelta(seconds=-1)),
        "flk_000000000000_nothing",
        "nonsense",
    ],
    ids=["forged", "for another service", "expired", "unknown key", "nonsense"],
)
async def test_a_token_that_is_not_good_opens_nothing(stats: Stats, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    assert (await stats.client.get(f"/guilds/{GUILD}/summary", headers=headers)).status_code == 401


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"tz": "Mars/Olympus"}, "not a time zone"),
        ({"tz": "../../etc/passwd"}, "not a time zone"),
        ({"from": "yesterday"}, "not a date"),
        ({"from": "1815-12-10"}, "before Discord began"),
        ({"from": "2026-01-02", "to": "2026-01-01"}, "before"),
        ({"channel": "general"}, "id"),
    ],
)
async def test_nonsense_is_explained(stats: Stats, query: dict[str, str], told: str) -> None:
    answer = await stats.asks("/messages/hourly", query)
    assert answer.status_code == 400
    assert told in answer.json()["detail"]
