"""A thousand bans end while the two processes that lift them are killed in turn: each once."""

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
import pytest_asyncio

from shared.contracts.actions import Unban
from shared.contracts.ids import UserId
from tests.infractions.rig import Process, environment
from tests.infractions.rig import rig as make_rig
from tests.infractions.scene import Scene
from tests.support import backends as places
from tests.support.backends import Backends
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")

BANS = 1000
SPREAD = timedelta(seconds=10)
FIRST_USER = 700_000_000_000_000_000

ACTIVE_BANS = """
WITH numbered AS (
    SELECT number, now() + interval '1 s' + number * $2::interval / $3::integer AS due,
           $4::bigint + number AS user_id
      FROM generate_series(1, $3) AS number
), counted AS (
    INSERT INTO counters (guild_id, last_number) VALUES ($1::bigint, $3)
), recorded AS (
    INSERT INTO infractions (guild_id, number, kind, state, user_id, user_name, source, source_key,
                             expires_at, version)
    SELECT $1::bigint, number, 'ban', 'active', user_id, 'raider', 'slash', 'many:' || number,
           due, 1
      FROM numbered
)
INSERT INTO timer (due, kind, key, payload)
SELECT due, 'lift_infraction', $1::bigint || ':' || user_id || ':ban',
       jsonb_build_object('guild_id', $1::bigint, 'number', number)
  FROM numbered
"""


@pytest_asyncio.fixture(loop_scope="session")
async def workers(backends: Backends) -> AsyncGenerator[tuple[Process, Process]]:
    """Give two processes of infractions that share what they do."""
    async with AsyncExitStack() as stack:
        database_url = await stack.enter_async_context(places.database(backends.database_url))
        amqp_url = await stack.enter_async_context(
            places.vhost(backends.amqp_url, backends.amqp_management_url)
        )
        pair = (
            Process(environment(database_url, amqp_url)),
            Process(environment(database_url, amqp_url)),
        )
        for each in pair:
            stack.push_async_callback(each.kill)
            await each.start()
        yield pair


async def are_banned(scene: Scene) -> None:
    """Let a thousand people be banned, whose time is up within ten seconds."""
    scene.town.banned |= {UserId(FIRST_USER + number) for number in range(1, BANS + 1)}
    arguments = (ACTIVE_BANS, int(scene.id), SPREAD, BANS, FIRST_USER)
    await scene.rig.db.execute(*arguments)
    await scene.rig.db.execute("SELECT pg_notify('infractions_timer', '')")


async def kill_in_turn(workers: tuple[Process, Process], until: datetime) -> None:
    """Kill one worker every second, in turn, and start it again at once."""

    async def restart(worker: Process) -> None:
        await worker.kill()
        await worker.start()

    starting: set[asyncio.Task[None]] = set()
    for worker in itertools.cycle(workers):
        if datetime.now(UTC) > until:
            break
        # It is killed while it works, so it has to have been back.
        await asyncio.gather(*starting)
        starting = {asyncio.create_task(restart(worker))}
        await asyncio.sleep(1)  # the pace of the kills
    await asyncio.gather(*starting)


async def ended(scene: Scene) -> list[asyncpg.Record]:
    """Return the ends of the bans that stand in the history, once all have ended."""
    rows = await scene.rig.db.fetch(
        """
        SELECT i.number FROM infractions i
          JOIN history h USING (guild_id, number)
         WHERE guild_id = $1 AND i.state = 'expired' AND h.change = 'expired'
        """,
        scene.id,
    )
    assert len(rows) >= BANS, f"{len(rows)} have ended"
    return rows


async def test_a_thousand_bans_are_lifted_once_each_by_workers_that_are_killed_in_turn(
    workers: tuple[Process, Process],
) -> None:
    async with make_rig(workers[0].environ) as rig:
        scene = Scene(rig)
        await are_banned(scene)

        await kill_in_turn(workers, datetime.now(UTC) + SPREAD)

        rows = await eventually(lambda: ended(scene), within=60)
        assert not scene.town.banned
        unbanned = Counter(each.user_id for each in scene.town.done if isinstance(each, Unban))
        assert len(unbanned) == BANS
        assert set(unbanned.values()) == {1}
        assert sorted(row["number"] for row in rows) == list(range(1, BANS + 1))
