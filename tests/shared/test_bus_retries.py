"""Failed messages: delayed, parked, shown to an operator, and handled again."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

import pytest

from shared.bus import Bus, Delivery, QueueSpec
from shared.contracts.topology import DISCORD_EVENTS
from shared.errors import NotFoundError, Poison, Retry, UnavailableError
from tests.support.proxy import Proxy
from tests.support.waiting import eventually

EVENTS = QueueSpec("tests.events", ((DISCORD_EVENTS, "THING.*"),), retry_steps=(0.05, 0.3))


async def publish(bus: Bus, number: int, guild_id: int = 7) -> None:
    await bus.publish(
        DISCORD_EVENTS,
        f"THING.{guild_id}",
        b"%d" % number,
        message_id=f"{guild_id}:{number}",
        guild_id=guild_id,
        type="THING",
    )


class Fails:
    """A handler that fails in a given way, as often as asked to."""

    def __init__(self, error: Exception, times: int = 1_000) -> None:
        self.error = error
        self.left = times
        self.at: list[float] = []
        self.attempts: list[int] = []
        self.done: list[bytes] = []

    async def __call__(self, delivery: Delivery) -> None:
        self.at.append(time.monotonic())
        self.attempts.append(delivery.attempt)
        if self.left:
            self.left -= 1
            raise self.error
        self.done.append(delivery.body)


async def dead(bus: Bus) -> int:
    return (await bus.queue_stats(EVENTS.dead))[0]


async def test_a_handler_may_ask_for_a_longer_wait(bus: Bus) -> None:
    handler = Fails(Retry(timedelta(seconds=0.2), "not yet"), times=1)
    await bus.consume(EVENTS, handler)

    await publish(bus, 1)

    await eventually(lambda: handler.done)
    assert handler.at[1] - handler.at[0] >= 0.29


async def test_a_message_that_nobody_can_read_is_parked_at_once(bus: Bus) -> None:
    handler = Fails(Poison("not a Thing: expected int"))
    await bus.consume(EVENTS, handler)

    await publish(bus, 1)

    [letter] = await eventually(lambda: bus.peek(EVENTS.name))
    assert handler.attempts == [0]
    assert letter.reason == "poison: not a Thing: expected int"


@pytest.mark.parametrize("error", [UnavailableError("away"), ConnectionRefusedError()])
async def test_no_attempt_is_lost_while_something_is_away(bus: Bus, error: Exception) -> None:
    handler = Fails(error, times=4)
    await bus.consume(EVENTS, handler)

    await publish(bus, 1)

    await eventually(lambda: handler.done)
    assert handler.attempts == [0] * 5
    assert await dead(bus) == 0


async def test_other_guilds_go_on_while_one_waits(bus: Bus) -> None:
    done: list[int] = []

    async def handle(delivery: Delivery) -> None:
        if delivery.guild_id == 1:
            raise UnavailableError("away")
        done.append(delivery.guild_id)

    await bus.consume(EVENTS, handle)
    await publish(bus, 1, guild_id=1)
    await publish(bus, 2, guild_id=2)

    await eventually(lambda: done == [2])


async def test_a_message_that_waits_for_something_is_given_back_at_a_stop(bus: Bus) -> None:
    handler = Fails(UnavailableError("away"))
    consumption = await bus.consume(EVENTS, handler)
    await publish(bus, 1)
    await eventually(lambda: handler.attempts)

    await consumption.drain()

    await eventually(lambda: waits(bus, 1))


async def waits(bus: Bus, count: int) -> bool:
    return (await bus.queue_stats(EVENTS.name))[0] == count


async def test_looking_at_dead_letters_leaves_them_where_they_are(bus: Bus) -> None:
    await bus.consume(EVENTS, Fails(Poison("bad")))
    for number in range(3):
        await publish(bus, number)
    await eventually(lambda: dead_are(bus, 3))

    async def oldest_two_are_there() -> bool:
        return [letter.body for letter in await bus.peek(EVENTS.name, 2)] == ["0", "1"]

    for _ in range(25):  # more often than RabbitMQ would let a message be delivered by default
        await eventually(oldest_two_are_there)

    await eventually(lambda: dead_are(bus, 3))


async def dead_are(bus: Bus, count: int) -> bool:
    return await dead(bus) == count


async def test_dead_letters_can_be_handled_again_as_if_for_the_first_time(bus: Bus) -> None:
    handler = Fails(ValueError("bad"), times=3)
    await bus.consume(EVENTS, handler)
    await publish(bus, 1)
    await eventually(lambda: dead_are(bus, 1))

    assert await bus.replay(EVENTS.name, 10) == 1

    await eventually(lambda: handler.done == [b"1"])
    assert handler.attempts == [0, 1, 2, 0]
    await eventually(lambda: dead_are(bus, 0))


async def test_replaying_what_dies_again_ends(bus: Bus) -> None:
    await bus.consume(EVENTS, Fails(Poison("bad")))
    await publish(bus, 1)
    await eventually(lambda: dead_are(bus, 1))

    assert await bus.replay(EVENTS.name, 1_000) == 1

    await eventually(lambda: dead_are(bus, 1))


async def test_dead_letters_can_be_dropped(bus: Bus) -> None:
    await bus.consume(EVENTS, Fails(Poison("bad")))
    for number in range(3):
        await publish(bus, number)
    await eventually(lambda: dead_are(bus, 3))

    assert await bus.drop(EVENTS.name, 2) == 2

    assert [letter.body for letter in await bus.peek(EVENTS.name)] == ["2"]


async def test_a_queue_that_is_not_there_is_said_to_be_not_found(bus: Bus) -> None:
    with pytest.raises(NotFoundError, match="no queue"):
        await bus.peek("nobody.knows")
    with pytest.raises(NotFoundError, match="no queue"):
        await bus.queue_stats("nobody.knows")


async def test_a_message_that_kills_whoever_takes_it_is_parked(
    broker: Proxy, shaky_bus: Bus, bus: Bus
) -> None:
    deadly = QueueSpec("tests.deadly", EVENTS.bindings, delivery_limit=2)
    taken = 0
    over = asyncio.Event()

    async def die(_: Delivery) -> None:
        nonlocal taken
        taken += 1
        broker.cut()
        await over.wait()

    # another key each time, as a process that died has forgotten its lanes
    await shaky_bus.consume(deadly, die, key=lambda _: object())
    await publish(bus, 1)

    [letter] = await eventually(lambda: bus.peek(deadly.name))
    assert letter.body == "1"
    assert "died" in letter.reason
    assert taken == 3
    over.set()
