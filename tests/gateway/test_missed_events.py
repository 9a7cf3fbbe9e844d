"""Missed events: after a session that was lost for good, each guild's gap is announced once."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from services.gateway.shards.dispatch import Named, Ready
from services.gateway.snapshots import Snapshots
from shared.bus import Delivery, QueueSpec
from shared.contracts.codec import decode
from shared.contracts.domain import EventsMissed
from shared.contracts.topology import FLOTILLA_EVENTS
from tests.gateway.rig import Rig, rows
from tests.gateway.test_snapshots import event
from tests.support.waiting import eventually

AT = datetime(2026, 11, 1, 12, 30, tzinfo=UTC)


@asynccontextmanager
async def heard(rig: Rig) -> AsyncGenerator[list[EventsMissed]]:
    """Give what is announced of missed events."""
    announced: list[EventsMissed] = []

    async def take(delivery: Delivery) -> None:
        announced.append(decode(delivery.body, EventsMissed))

    queue = QueueSpec("test.missed", ((FLOTILLA_EVENTS, EventsMissed.KEY),))
    consumption = await rig.bus.consume(queue, take)
    yield announced
    await consumption.drain()


async def test_a_session_lost_while_the_gateway_was_away_is_announced(rig: Rig) -> None:
    other = await rig.sandbox.found("Another", rig.owner)
    await rig.sandbox.invite(other, rig.bot)
    async with heard(rig) as announced:
        async with rig.gateway():
            await rig.member.says(rig.guild, "one")
            await eventually(lambda: rig.events.contents() == ["one"])
        stopped = datetime.now(UTC)
        for session in rig.sandbox.hub.sessions():
            session.lost_at = AT

        async with rig.gateway():
            await eventually(lambda: len(announced) == 2)
            await rig.member.says(rig.guild, "two")
            await eventually(lambda: "two" in rig.events.contents())

        assert {one.guild_id for one in announced} == {rig.guild.id, other.id}
        assert all(one.since < stopped < one.until for one in announced)


async def test_a_session_lost_while_connected_is_announced_and_a_resumed_one_is_not(
    rig: Rig,
) -> None:
    async with heard(rig) as announced, rig.gateway() as gateway:
        await rig.sandbox.fault(gateway="reconnect")

        async def resumed() -> bool:
            return await rig.resumes() == 1

        await eventually(resumed)
        await eventually(gateway.ready)
        assert announced == []
        await rig.sandbox.fault(gateway="close", close_code=4009)
        await eventually(lambda: [one.guild_id for one in announced] == [rig.guild.id])


async def test_a_first_session_has_missed_nothing(rig: Rig, database_url: str) -> None:
    async with heard(rig) as announced, rig.gateway():

        async def saved() -> bool:
            return bool(await rows(database_url, "SELECT 1 FROM guilds"))

        await eventually(saved)
        assert announced == []


def test_a_gap_is_remembered_until_it_was_told_by_whichever_process() -> None:
    snapshots = Snapshots()
    snapshots.apply(event("GUILD_CREATE", b'{"id":"1"}', 1))
    ready = Ready(session_id="new", user=Named(7), guilds=(Named(1),))
    snapshots.begin(0, 1, ready, AT)
    snapshots.begin(0, 1, ready, datetime.now(UTC))
    snapshots.apply(event("GUILD_CREATE", b'{"id":"1"}', 2, session="new"))
    stored, _ = snapshots.take_changed(0)

    another = Snapshots()
    another.load(0, 7, stored)
    another.apply(event("GUILD_CREATE", b'{"id":"1"}', 2, session="new"))
    assert getattr(another.get(1), "missed_since", None) == AT

    another.caught_up(0, 1)
    again, _ = another.take_changed(0)
    assert [row.snapshot.missed_since for row in again] == [None]
