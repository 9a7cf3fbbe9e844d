"""Faults: what goes wrong does so for whom it should, as often as it should."""

from __future__ import annotations

import random
import time

import aiohttp
import pytest

from sandbox.faults import Fault, Faults
from tests.sandbox.bot_client import stage
from tests.sandbox.gateway_client import GoneError
from tests.support.calls import RestError
from tests.support.sandbox import Guild, Person, Sandbox
from tests.support.waiting import eventually


@pytest.fixture
async def owner(sandbox: Sandbox) -> Person:
    return await sandbox.create_user("owner")


@pytest.fixture
async def guild(sandbox: Sandbox, owner: Person) -> Guild:
    return await sandbox.found("Harbour", owner)


async def test_a_request_fails_as_often_as_it_was_told_to(
    sandbox: Sandbox, owner: Person, guild: Guild
) -> None:
    await sandbox.fault(method="POST", route="/channels/*/messages", status=503, times=2)

    for _ in range(2):
        with pytest.raises(RestError, match=r"^503"):
            await owner.says(guild, "Ahoy!")
    await owner.says(guild, "Ahoy at last!")

    assert len(await owner.sees(guild)) == 1
    assert (await sandbox.control("GET", "/faults"))["faults"] == []


async def test_only_the_named_kind_of_caller_is_hit(sandbox: Sandbox, owner: Person) -> None:
    bot = await sandbox.create_bot()
    await sandbox.fault(token="bot", status=500, code=7, message="Broken")

    await owner.rest("GET", "/users/@me")
    with pytest.raises(RestError) as failed:
        await sandbox.rest(f"Bot {bot.token}", "GET", "/users/@me")

    assert (failed.value.status, failed.value.body) == (500, {"message": "Broken", "code": 7})


async def test_a_429_tells_its_scope_and_how_long_to_wait(sandbox: Sandbox, owner: Person) -> None:
    await sandbox.fault(status=429, scope="global", retry_after=0.25, times=1)

    async with aiohttp.ClientSession() as http:
        headers = {"Authorization": owner.token}
        async with http.get(f"{sandbox.api_url}/users/@me", headers=headers) as response:
            assert response.status == 429
            assert response.headers["X-RateLimit-Scope"] == "global"
            assert response.headers["X-RateLimit-Global"] == "true"
            assert response.headers["Retry-After"] == "0.250"
            body = await response.json()
            assert (body["retry_after"], body["global"]) == (0.25, True)


async def test_latency_delays_an_answer_that_is_right_otherwise(
    sandbox: Sandbox, owner: Person
) -> None:
    await sandbox.fault(latency=0.2)
    started = time.monotonic()

    assert (await owner.rest("GET", "/users/@me"))["username"] == "owner"

    assert time.monotonic() - started >= 0.2


async def test_a_dropped_request_is_not_carried_out(
    sandbox: Sandbox, owner: Person, guild: Guild
) -> None:
    await sandbox.fault(method="POST", route="/channels/**", drop=True, times=1)

    with pytest.raises(aiohttp.ClientConnectionError):
        await owner.says(guild, "Lost at sea")

    assert await owner.sees(guild) == []


async def test_a_lost_answer_is_of_a_request_that_was_carried_out(
    sandbox: Sandbox, owner: Person, guild: Guild
) -> None:
    await sandbox.fault(method="POST", route="/channels/**", lost=True, status=500, times=1)

    with pytest.raises(RestError, match=r"^500"):
        await owner.says(guild, "Arrived all the same")

    assert [one.content for one in await owner.sees(guild)] == ["Arrived all the same"]


async def test_faults_are_taken_away_one_by_one_and_all_at_once(
    sandbox: Sandbox, owner: Person
) -> None:
    first = await sandbox.fault(status=500)
    await sandbox.fault(status=502)

    await sandbox.control("DELETE", f"/faults/{first['id']}")
    with pytest.raises(RestError, match=r"^502"):
        await owner.rest("GET", "/users/@me")
    await sandbox.heal()

    await owner.rest("GET", "/users/@me")


@pytest.mark.parametrize(
    ("route", "path", "matches"),
    [
        ("/**", "/users/@me", True),
        ("/guilds/*/bans/*", "/guilds/1/bans/2", True),
        ("/guilds/{guild_id}/bans/{user_id}", "/guilds/1/bans/2", True),
        ("/guilds/*", "/guilds/1/bans/2", False),
        ("/guilds/**", "/guilds/1/bans/2", True),
        ("/users/@me", "/users/@me", True),
        ("/users/.me", "/users/@me", False),
    ],
)
def test_routes_are_matched_part_by_part(route: str, path: str, *, matches: bool) -> None:
    assert Fault(route=route).matches("GET", path, "bot") is matches


def test_chance_hits_about_as_often_as_it_should_and_the_same_every_time() -> None:
    def hits() -> int:
        faults = Faults(random.Random(5))  # noqa: S311 - not for secrets
        faults.add(Fault(probability=0.25))
        return sum(faults.strike("GET", "/x", "bot") is not None for _ in range(1000))

    assert 200 < hits() < 300
    assert hits() == hits()


async def test_dropped_sockets_are_those_of_bots_unless_somebody_is_named(
    sandbox: Sandbox,
) -> None:
    async with stage(sandbox) as on, aiohttp.ClientSession() as http:
        url = f"{sandbox.gateway_url}?v=10&encoding=json"
        async with http.ws_connect(url) as page:
            await page.send_json({"op": 2, "d": {"token": on.owner.token, "properties": {}}})
            await eventually(lambda: len(sandbox.hub.sessions()) == 2)

            assert (await sandbox.fault(gateway="drop"))["connections"] == 1

            with pytest.raises(GoneError) as gone:
                await on.bot.gateway.until("NOTHING")
            assert gone.value.code is None
            assert not page.closed
            assert (await sandbox.fault(gateway="close", user="owner"))["connections"] == 1


@pytest.mark.parametrize(
    ("fault", "op", "data"),
    [
        ({"gateway": "reconnect"}, 7, None),
        ({"gateway": "invalid_session"}, 9, False),
        ({"gateway": "invalid_session", "resumable": True}, 9, True),
        ({"gateway": "heartbeat"}, 1, None),
    ],
)
async def test_the_gateway_says_what_it_was_told_to(
    sandbox: Sandbox, fault: dict[str, object], op: int, data: object
) -> None:
    async with stage(sandbox) as on:
        await sandbox.fault(**fault)

        assert (await on.bot.gateway.until_op(op)).d == data


async def test_the_gateway_closes_with_the_code_it_was_told(sandbox: Sandbox) -> None:
    async with stage(sandbox) as on:
        await sandbox.fault(gateway="close", close_code=4009)

        with pytest.raises(GoneError) as gone:
            await on.bot.gateway.until("NOTHING")

    assert gone.value.code == 4009


async def test_a_silent_gateway_speaks_again_when_it_is_healed(sandbox: Sandbox) -> None:
    async with stage(sandbox) as on:
        await sandbox.fault(gateway="silence")
        await on.owner.says(on.channel.id, "Can you hear me?")
        with pytest.raises(TimeoutError):
            await on.bot.gateway.receive(within=0.2)

        await sandbox.heal()

        assert (await on.bot.gateway.until("MESSAGE_CREATE")).d["content"] == "Can you hear me?"


async def test_a_refusing_gateway_lets_nobody_in(sandbox: Sandbox) -> None:
    await sandbox.fault(gateway="refuse")
    async with aiohttp.ClientSession() as http:
        with pytest.raises(aiohttp.WSServerHandshakeError, match="503"):
            await http.ws_connect(sandbox.gateway_url)

        await sandbox.heal()

        async with http.ws_connect(f"{sandbox.gateway_url}?v=10&encoding=json") as ws:
            assert (await ws.receive_json())["op"] == 10
