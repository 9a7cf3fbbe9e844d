"""Beginning a session: a stop in the middle wastes none, a death there blocks nobody for long."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from asyncpg import UndefinedTableError

from services.gateway.shards.gate import HOLD
from tests.gateway.rig import Rig, rows
from tests.support.waiting import eventually

A_MOMENT = timedelta(seconds=2)


async def test_a_stop_in_the_middle_of_an_identify_keeps_the_session(rig: Rig) -> None:
    await rig.sandbox.fault(gateway="delay", user="*", seconds=0.5)
    async with rig.process_at_start() as process:
        await eventually(lambda: has_identified(rig))
        assert await process.terminate() == 0
    await rig.sandbox.heal()
    await rig.member.says(rig.guild, "meanwhile")

    async with rig.gateway():
        await eventually(lambda: rig.events.contents() == ["meanwhile"])
        assert await rig.identifies() == 1


async def test_a_turn_is_prolonged_while_it_is_needed_and_short_after_a_death(
    rig: Rig, database_url: str
) -> None:
    await rig.sandbox.fault(gateway="silence", user="*")
    async with rig.process_at_start() as process:
        taken = await eventually(lambda: turn(database_url))
        assert taken is not None

        async def prolonged() -> bool:
            held = await turn(database_url)
            return held is not None and held > taken

        await eventually(prolonged)
        await process.kill()
    left = await turn(database_url)
    assert left is not None
    assert left < datetime.now(UTC) + HOLD + A_MOMENT


async def has_identified(rig: Rig) -> bool:
    return await rig.identifies() == 1


async def turn(database_url: str) -> datetime | None:
    """Return until when the turn to identify is taken."""
    try:
        found = await rows(database_url, "SELECT free_at FROM identify_gate WHERE bucket = 0")
    except UndefinedTableError:  # the process has not begun yet
        return None
    return found[0]["free_at"] if found else None
