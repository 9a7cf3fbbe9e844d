"""Asking: the right answer to the right question, or an error in time."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from msgspec import Struct

from shared.bus import AskLost, AskTimeout, Bus, Delivery, QueueSpec, Returned
from shared.contracts.codec import decode
from shared.contracts.topology import GATEWAY_ACTIONS
from tests.support.proxy import Proxy
from tests.support.waiting import eventually

ACTIONS = QueueSpec("tests.actions", ((GATEWAY_ACTIONS, "interactive"),))


class Question(Struct):
    number: int


class Answer(Struct):
    doubled: int


async def ask(bus: Bus, number: int, within: float = 30.0) -> int:
    answer = await bus.ask(
        GATEWAY_ACTIONS,
        "interactive",
        Question(number),
        Answer,
        timeout=timedelta(seconds=within),
        guild_id=number % 5,
        type="Question",
    )
    return answer.doubled


class Answers:
    """A service that answers, once it is let."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self.asked: list[Delivery] = []
        self.go_on = asyncio.Event()
        self.go_on.set()

    async def __call__(self, delivery: Delivery) -> None:
        self.asked.append(delivery)
        await self.go_on.wait()
        number = decode(delivery.body, Question).number
        await self.bus.answer(delivery, Answer(2 * number))


async def nothing_waits(bus: Bus) -> bool:
    return await bus.queue_stats(ACTIONS.name) == (0, 0)


async def test_everyone_gets_the_answer_to_their_own_question(bus: Bus) -> None:
    await bus.consume(ACTIONS, Answers(bus))

    answers = await asyncio.gather(*(ask(bus, number) for number in range(100)))

    assert answers == [2 * number for number in range(100)]


async def test_a_question_without_an_answer_ends_in_time(bus: Bus) -> None:
    service = Answers(bus)
    service.go_on.clear()
    await bus.consume(ACTIONS, service)

    with pytest.raises(AskTimeout, match="No answer came in time"):
        await ask(bus, 1, within=0.1)

    service.go_on.set()
    assert await ask(bus, 2) == 4  # the late answer to the first harms nobody


async def test_a_question_that_nobody_takes_fails_at_once(bus: Bus) -> None:
    with pytest.raises(Returned):
        await ask(bus, 1)


async def test_open_questions_fail_when_the_connection_drops(
    broker: Proxy, shaky_bus: Bus, bus: Bus
) -> None:
    service = Answers(bus)
    service.go_on.clear()
    await bus.consume(ACTIONS, service)
    asking = asyncio.create_task(ask(shaky_bus, 1, within=30))
    await eventually(lambda: service.asked)

    broker.cut()

    with pytest.raises(AskLost):
        await asking
    service.go_on.set()
    assert await ask(shaky_bus, 2) == 4


async def test_a_question_waits_for_the_broker_but_not_longer_than_it_may(
    broker: Proxy, shaky_bus: Bus, bus: Bus
) -> None:
    await bus.consume(ACTIONS, Answers(bus))
    await broker.shut()
    await eventually(lambda: not shaky_bus.connected)

    with pytest.raises(AskTimeout):
        await ask(shaky_bus, 1, within=0.1)
    asking = asyncio.create_task(ask(shaky_bus, 3))
    await broker.open()
    assert await asking == 6


async def test_a_question_that_was_given_up_is_not_asked_later(
    broker: Proxy, shaky_bus: Bus, bus: Bus
) -> None:
    service = Answers(bus)
    await bus.consume(ACTIONS, service)
    broker.stall()
    with pytest.raises(AskTimeout):
        await ask(shaky_bus, 1, within=0.05)
    before = broker.accepted
    broker.cut()
    broker.flow()
    await eventually(lambda: broker.accepted >= before + 2 and shaky_bus.connected)

    assert await ask(shaky_bus, 2) == 4
    assert [decode(delivery.body, Question).number for delivery in service.asked] == [2]


async def test_answering_what_asked_for_no_answer_does_nothing(bus: Bus) -> None:
    service = Answers(bus)
    consumption = await bus.consume(ACTIONS, service)
    await bus.publish(GATEWAY_ACTIONS, "interactive", Question(1), message_id="x", type="Question")

    await eventually(lambda: service.asked)
    await consumption.drain()

    await eventually(lambda: nothing_waits(bus))


async def test_answering_somebody_who_is_gone_is_no_error(bus: Bus) -> None:
    service = Answers(bus)
    consumption = await bus.consume(ACTIONS, service)
    await bus.publish(
        GATEWAY_ACTIONS,
        "interactive",
        Question(1),
        message_id="x",
        type="Question",
        reply_to="replies.somebody.who.left",
    )

    await eventually(lambda: service.asked)
    await consumption.drain()

    await eventually(lambda: nothing_waits(bus))
    assert len(service.asked) == 1
