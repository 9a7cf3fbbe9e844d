"""Rate limits: waited for in order, never beyond a deadline, and the urgent before the patient."""

from __future__ import annotations

import asyncio
import time

import pytest

from services.gateway.rest.breaker import Breaker
from services.gateway.rest.lanes import Lane, Lanes, TooLateError
from services.gateway.rest.limiter import Limiter
from services.gateway.rest.routes import of_guild


def limits(limit: int, remaining: int, after: float, bucket: str = "b") -> dict[str, str]:
    return {
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Remaining": str(remaining),
        "X-RateLimit-Reset-After": str(after),
        "X-RateLimit-Bucket": bucket,
    }


def soon(seconds: float = 30.0) -> float:
    return time.monotonic() + seconds


async def test_until_the_limit_is_known_one_request_runs_at_a_time() -> None:
    lane = Lane()
    await lane.enter(soon())
    second = asyncio.create_task(lane.enter(soon()))
    await asyncio.sleep(0)
    assert not second.done()

    lane.leave(limits(5, 4, 1))
    await second


async def test_a_used_up_bucket_is_waited_for_in_order() -> None:
    lane = Lane()
    order: list[int] = []

    async def enter(number: int) -> None:
        await lane.enter(soon())
        order.append(number)

    await lane.enter(soon())
    lane.leave(limits(2, 0, 0.1))
    began = time.monotonic()
    await asyncio.gather(*(enter(number) for number in range(2)))

    assert order == [0, 1]
    assert time.monotonic() - began >= 0.1


async def test_a_turn_that_would_come_too_late_is_refused_at_once() -> None:
    lane = Lane()
    await lane.enter(soon())
    lane.leave(limits(1, 0, 600))
    began = time.monotonic()

    with pytest.raises(TooLateError) as late:
        await lane.enter(soon(60))

    assert late.value.after > 500
    assert time.monotonic() - began < 30


async def test_who_gives_up_waiting_blocks_nobody() -> None:
    lane = Lane()
    await lane.enter(soon())
    with pytest.raises(TooLateError):
        await lane.enter(soon(0.05))
    waiting = asyncio.create_task(lane.enter(soon()))
    await asyncio.sleep(0)
    waiting.cancel()

    lane.leave({})
    await lane.enter(soon())


async def test_routes_of_one_bucket_share_a_lane_but_not_over_guilds() -> None:
    lanes = Lanes()
    ban = of_guild("PUT", 1, "/bans/{user}", user=2)
    unban = of_guild("DELETE", 1, "/bans/{user}", user=2)
    for route in (ban, unban):
        lanes.learn(route, lanes.of(route), limits(5, 4, 1, "same"))

    assert lanes.of(ban) is lanes.of(unban)
    assert lanes.of(of_guild("PUT", 9, "/bans/{user}", user=2)) is not lanes.of(ban)


async def test_the_patient_leave_room_for_the_urgent() -> None:
    limiter = Limiter(per_second=48)
    sent = 0
    began = time.monotonic()

    async def send_until_late() -> None:
        nonlocal sent
        while True:
            await limiter.enter("bulk", time.monotonic())
            sent += 1

    with pytest.raises(TooLateError):
        await send_until_late()
    assert 24 <= sent <= 26 + 48 * (time.monotonic() - began)
    for _ in range(20):
        await limiter.enter("interactive", time.monotonic())


async def test_a_global_limit_stops_everybody() -> None:
    limiter = Limiter()
    limiter.pause(0.2)
    began = time.monotonic()
    await limiter.enter("interactive", soon())

    assert time.monotonic() - began >= 0.19


def test_too_many_refusals_open_the_breaker() -> None:
    breaker = Breaker(allowed=3)
    for status in (403, 429, 200, 404):
        breaker.count(status)
    breaker.count(429, shared=True)
    assert breaker.closed_for() == 0
    breaker.count(403)

    assert breaker.closed_for() > 500


def test_a_refused_token_is_not_tried_on_and_on() -> None:
    breaker = Breaker()
    breaker.count(401, by_token=False)
    assert not breaker.token_is_refused
    breaker.count(401)

    assert breaker.token_is_refused
