"""REST: rate limits per route, per major parameter and per token."""

import asyncio
from datetime import datetime

import pytest

from sandbox.clock import Clock
from tests.support.rest import Answer, Scene


class StillClock(Clock):
    """Stands still unless it is moved, however slow the machine is."""

    def __init__(self) -> None:
        super().__init__()
        self._start = super().now()

    def now(self) -> datetime:
        return self._start + self.offset


@pytest.fixture
def limited(scene: Scene) -> Scene:
    scene.world.clock = StillClock()
    scene.world.settings.rate_limits = True
    return scene


async def post(scene: Scene, channel_id: int | None = None) -> Answer:
    path = f"/channels/{channel_id or scene.channel.id}/messages"
    return await scene.call("POST", path, {"content": "x"})


async def test_headers_tell_how_much_is_left(limited: Scene) -> None:
    first, second = await post(limited), await post(limited)

    assert first.headers["X-RateLimit-Limit"] == "5"
    assert first.headers["X-RateLimit-Remaining"] == "4"
    assert second.headers["X-RateLimit-Remaining"] == "3"
    assert first.headers["X-RateLimit-Bucket"] == second.headers["X-RateLimit-Bucket"]
    assert 0 < float(second.headers["X-RateLimit-Reset-After"]) <= 5
    # The header has milliseconds.
    now = round(limited.world.clock.time(), 3)
    assert 0 < round(float(second.headers["X-RateLimit-Reset"]) - now, 3) <= 5


async def test_the_sixth_message_in_five_seconds_has_to_wait(limited: Scene) -> None:
    for _ in range(5):
        assert (await post(limited)).status == 200

    refused = await post(limited)

    assert refused.status == 429
    assert refused.body["message"] == "You are being rate limited."
    assert refused.body["global"] is False
    assert 0 < refused.body["retry_after"] <= 5
    assert refused.headers["X-RateLimit-Scope"] == "user"
    assert refused.headers["Retry-After"].isdecimal()
    assert refused.headers["X-RateLimit-Remaining"] == "0"
    limited.pass_time(seconds=5)
    assert (await post(limited)).status == 200


async def test_each_channel_has_a_bucket_of_its_own(limited: Scene) -> None:
    other = limited.text_channel()
    for _ in range(5):
        await post(limited)

    assert (await post(limited)).status == 429
    assert (await post(limited, other.id)).status == 200


async def test_a_token_has_fifty_calls_a_second_in_all(limited: Scene) -> None:
    channels = [limited.text_channel(f"c{number}") for number in range(17)]
    paths = [f"/channels/{one.id}/messages/{n}" for one in channels for n in range(3)]

    answers = await asyncio.gather(*(limited.call("GET", path) for path in paths))

    (refused,) = [one for one in answers if one.status == 429]
    assert refused.body["global"] is True
    assert refused.headers["X-RateLimit-Global"] == "true"
    assert refused.headers["X-RateLimit-Scope"] == "global"


async def test_errors_count_and_carry_the_headers(limited: Scene) -> None:
    answer = await limited.call("POST", f"/channels/{limited.channel.id}/messages", {})

    assert answer.code == 50006
    assert answer.headers["X-RateLimit-Remaining"] == "4"


async def test_people_are_not_limited_unless_wanted(limited: Scene) -> None:
    posted = [await limited.say("x", by=limited.member) for _ in range(6)]
    assert len(posted) == 6

    limited.world.settings.rate_limit_users = True
    path = f"/channels/{limited.channel.id}/messages"
    answers = [
        await limited.call("POST", path, {"content": "x"}, by=limited.member) for _ in range(6)
    ]
    assert [one.status for one in answers] == [200] * 5 + [429]


async def test_limits_can_be_scaled_and_switched_off(limited: Scene) -> None:
    limited.world.settings.rate_limit_scale = 2.0
    assert (await post(limited)).headers["X-RateLimit-Limit"] == "10"

    limited.world.settings.rate_limits = False
    assert "X-RateLimit-Limit" not in (await post(limited)).headers
