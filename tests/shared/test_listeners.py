"""Listeners: called for the events they asked for, with what they need to handle them."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from msgspec import Struct

from shared.bus import Bus
from shared.contracts.codec import encode
from shared.contracts.domain import ConfigWanted
from shared.contracts.events import MemberJoined, MessageCreated
from shared.contracts.topology import DISCORD_EVENTS, FLOTILLA_EVENTS
from shared.listeners import Listeners
from tests.support.waiting import eventually

JOIN = b'{"guild_id": "7", "user": {"id": "81384788765712384", "username": "raider"}, "new": 1}'


@dataclass
class Deps:
    heard: list[object] = field(default_factory=list[object])


def make_listeners() -> Listeners:
    listeners = Listeners("tests")

    @listeners.on(MemberJoined)
    async def greet(deps: Deps, event: MemberJoined) -> None:
        deps.heard.append(event)

    @listeners.on(MemberJoined)
    async def count(deps: Deps, event: MemberJoined) -> None:
        deps.heard.append(event.user_id)

    @listeners.on(ConfigWanted)
    async def send_configs(deps: Deps, event: ConfigWanted) -> None:
        deps.heard.append(event)

    return listeners


async def publish(bus: Bus, event: str, body: bytes) -> None:
    await bus.publish(
        DISCORD_EVENTS, f"{event}.7", body, message_id="s:1", guild_id=7, type=event, mandatory=True
    )


async def test_every_listener_of_an_event_is_called_with_it(bus: Bus) -> None:
    deps = Deps()
    await make_listeners().start(bus, deps)

    await publish(bus, "GUILD_MEMBER_ADD", JOIN)

    await eventually(lambda: len(deps.heard) == 2)
    assert isinstance(deps.heard[0], MemberJoined)
    assert deps.heard[0].guild_id == 7
    assert deps.heard[1] == 81384788765712384


async def test_domain_events_are_heard_by_their_key(bus: Bus) -> None:
    deps = Deps()
    await make_listeners().start(bus, deps)
    event = ConfigWanted(service="stats")

    await bus.publish(
        FLOTILLA_EVENTS, event.KEY, encode(event), message_id="x", type=event.KEY, mandatory=True
    )

    await eventually(lambda: deps.heard == [event])


async def test_only_what_somebody_listens_for_is_queued() -> None:
    listeners = Listeners("tests")

    @listeners.on(MessageCreated)
    async def count(_deps: Deps, _event: MessageCreated) -> None: ...

    assert [(queue.name, queue.bindings) for queue in listeners.queues()] == [
        ("tests.events", ((DISCORD_EVENTS, "MESSAGE_CREATE.*"),))
    ]
    assert Listeners("nobody").queues() == ()


async def test_an_event_that_cannot_be_read_is_parked(bus: Bus) -> None:
    deps = Deps()
    await make_listeners().start(bus, deps)

    await publish(bus, "GUILD_MEMBER_ADD", b'{"guild_id": 7}')

    [letter] = await eventually(lambda: bus.peek("tests.events"))
    assert letter.reason.startswith("poison: not a MemberJoined")
    assert deps.heard == []


async def test_a_struct_that_is_no_event_is_refused() -> None:
    class Stranger(Struct):
        x: int

    with pytest.raises(TypeError, match="neither EVENT nor KEY"):
        Listeners("tests").on(Stranger)
