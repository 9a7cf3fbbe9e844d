"""Dead letters over HTTP: each service's own, shown, handled again, or dropped."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from typing import Any

import httpx
import pytest

from shared import http
from shared.bus import Bus, Delivery, QueueSpec
from shared.contracts.topology import DISCORD_EVENTS
from shared.errors import Poison
from shared.http import Actor, sign
from shared.http.tokens import Role
from shared.settings import Secret, ServiceSettings
from tests.support.waiting import eventually

SECRET = "s" * 40
OPERATOR = 7
QUEUE = "tests.events"


@pytest.fixture
async def api(bus: Bus) -> AsyncGenerator[httpx.AsyncClient]:
    async def ready() -> Mapping[str, bool]:
        return {}

    settings = ServiceSettings(
        database_url=Secret(""),
        amqp_url=Secret(""),
        token_secret=Secret(SECRET),
        http_port=0,
        operators=(OPERATOR,),
    )
    app = http.create_app(service="tests", ready=ready, settings=settings)
    app.include_router(http.dead_routes(bus, http.queues_of("tests")))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://tests") as client:
        client.headers.update(as_("operator"))
        yield client


def as_(role: Role) -> dict[str, str]:
    actor = Actor(user_id=OPERATOR, guild_id=0 if role == "operator" else 1, role=role)
    return {"Authorization": f"Bearer {sign(SECRET, actor, 'tests')}"}


class Refusing:
    """A handler that can make nothing of any message, until it is told otherwise."""

    def __init__(self) -> None:
        self.understands = False
        self.done: list[bytes] = []

    async def __call__(self, delivery: Delivery) -> None:
        if not self.understands:
            raise Poison("not understood")
        self.done.append(delivery.body)


async def refused(bus: Bus, api: httpx.AsyncClient, *bodies: bytes) -> Refusing:
    """Have messages parked."""
    handler = Refusing()
    await bus.consume(QueueSpec(QUEUE, ((DISCORD_EVENTS, "THING.*"),)), handler)
    for number, body in enumerate(bodies):
        await bus.publish(
            DISCORD_EVENTS, "THING.7", body, message_id=f"{number}", guild_id=7, type="THING"
        )

    async def all_parked() -> bool:
        return len(await parked(api)) == len(bodies)

    await eventually(all_parked)
    return handler


async def parked(api: httpx.AsyncClient, **params: int) -> list[Any]:  # Any: JSON
    response = await api.get("/dead", params=params)
    assert response.status_code == 200
    return response.json()[QUEUE]


async def test_dead_letters_are_listed_by_queue_with_the_reason(
    bus: Bus, api: httpx.AsyncClient
) -> None:
    await refused(bus, api, b"one", b"two")

    [one] = await parked(api, limit=1)
    assert (one["body"], one["reason"], one["guild_id"]) == ("one", "poison: not understood", "7")
    assert len(await parked(api)) == 2  # looking takes none away
    listed = (await api.get("/dead")).json()
    assert sorted(listed) == sorted(http.queues_of("tests"))
    assert listed["tests.commands"] == []  # a queue that this service does not have


async def test_dead_letters_are_handled_again(bus: Bus, api: httpx.AsyncClient) -> None:
    handler = await refused(bus, api, b"one", b"two")
    handler.understands = True

    replayed = await api.post(f"/dead/{QUEUE}/replay", params={"count": 5})

    assert replayed.json() == {"count": 2}
    await eventually(lambda: sorted(handler.done) == [b"one", b"two"])
    assert await parked(api) == []


async def test_dead_letters_are_dropped(bus: Bus, api: httpx.AsyncClient) -> None:
    await refused(bus, api, b"one", b"two")

    assert (await api.post(f"/dead/{QUEUE}/drop")).json() == {"count": 1}
    assert [letter["body"] for letter in await parked(api)] == ["two"]


async def test_the_queues_of_others_are_not_reached(api: httpx.AsyncClient) -> None:
    response = await api.post("/dead/gateway.domain/drop")

    assert response.status_code == 404
    assert "tests.events" in response.json()["detail"]


@pytest.mark.parametrize("role", ["viewer", "editor", "admin"])
async def test_only_operators_see_dead_letters(api: httpx.AsyncClient, role: Role) -> None:
    for method, path in (
        ("GET", "/dead"),
        ("POST", f"/dead/{QUEUE}/replay"),
        ("POST", f"/dead/{QUEUE}/drop"),
    ):
        assert (await api.request(method, path, headers=as_(role))).status_code == 403
