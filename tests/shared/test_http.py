"""The HTTP API's ground: health, problems, who may do what, cursors, ids, metrics."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import httpx
import pytest
from fastapi import Depends, FastAPI
from pydantic import BaseModel

from shared import postgres
from shared.contracts.domain import ApiKey, GuildKeysChanged
from shared.contracts.ids import GuildId
from shared.errors import ConflictError, UserError
from shared.http import (
    Actor,
    KeyStore,
    SnowflakeText,
    create_app,
    decode_cursor,
    encode_cursor,
    new_key,
    require,
    serve,
    sign,
)
from shared.http.server import listen
from shared.http.tokens import Role
from shared.settings import Secret, ServiceSettings
from tests.support.waiting import eventually

SECRET = "a secret of thirty-two characters"
BIG = 81384788765712384

Reader = Annotated[Actor, Depends(require("infractions:read"))]
Writer = Annotated[Actor, Depends(require("infractions:write"))]
Operator = Annotated[Actor, Depends(require("operator"))]


class Ship(BaseModel):
    id: SnowflakeText
    asked_by: str


def make_app(keys: KeyStore | None = None, *, broker: bool = True) -> FastAPI:
    settings = ServiceSettings(
        database_url=Secret("x"),
        amqp_url=Secret("x"),
        token_secret=Secret(SECRET),
        http_port=0,
        operators=(99,),
    )

    async def ready() -> dict[str, bool]:
        return {"postgres": True, "broker": broker}

    app = create_app(service="fleet", ready=ready, settings=settings, keys=keys)

    @app.get("/guilds/{guild_id}/ship")
    async def ship(guild_id: SnowflakeText, actor: Reader, limit: int = 5) -> Ship:
        assert limit
        return Ship(id=guild_id, asked_by=actor.name)

    @app.post("/guilds/{guild_id}/ship")
    async def launch(guild_id: SnowflakeText, actor: Writer, ship: Ship) -> Ship:
        assert actor
        assert guild_id
        return ship

    @app.get("/shards")
    async def shards(actor: Operator) -> int:
        return actor.user_id

    @app.get("/fails/{how}")
    async def fails(how: str) -> None:
        raise {
            "conflict": ConflictError("Somebody was faster."),
            "away": ConnectionRefusedError("postgres"),
            "bug": ValueError("hunter2"),
        }[how]

    del ship, launch, shards, fails
    return app


@asynccontextmanager
async def client_of(app: FastAPI) -> AsyncGenerator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://fleet") as client:
        yield client


@pytest.fixture
async def client() -> AsyncGenerator[httpx.AsyncClient]:
    async with client_of(make_app()) as client:
        yield client


def token(
    role: Role, *, guild_id: int = BIG, user_id: int = 1, audience: str = "fleet"
) -> dict[str, str]:
    actor = Actor(user_id=user_id, guild_id=guild_id, role=role, name="captain")
    return bearer(sign(SECRET, actor, audience))


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


def problem(response: httpx.Response) -> dict[str, Any]:  # Any: it is JSON
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert body["status"] == response.status_code
    return body


# --- health and errors --------------------------------------------------------------------------


async def test_health_and_readiness_tell_what_is_missing(client: httpx.AsyncClient) -> None:
    assert (await client.get("/healthz")).json() == {"service": "fleet", "status": "ok"}
    assert (await client.get("/readyz")).status_code == 200
    async with client_of(make_app(broker=False)) as waiting:
        answer = await waiting.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["dependencies"] == {"postgres": True, "broker": False}


async def test_an_error_for_people_is_shown_as_it_stands(client: httpx.AsyncClient) -> None:
    body = problem(await client.get("/fails/conflict"))
    assert (body["status"], body["detail"], body["code"]) == (
        409,
        "Somebody was faster.",
        "conflict",
    )


async def test_a_bug_has_a_case_number_and_tells_nothing_else(client: httpx.AsyncClient) -> None:
    answer = await client.get("/fails/bug")
    body = problem(answer)
    assert body["status"] == 500
    assert body["case"] in body["detail"]
    assert "hunter2" not in answer.text


async def test_something_that_is_away_is_worth_another_try(client: httpx.AsyncClient) -> None:
    answer = await client.get("/fails/away")
    assert problem(answer)["status"] == 503
    assert answer.headers["retry-after"]


async def test_a_wrong_request_is_explained_field_by_field(client: httpx.AsyncClient) -> None:
    answer = await client.post(
        f"/guilds/{BIG}/ship", json={"id": "x", "name": 1}, headers=token("editor")
    )
    body = problem(answer)
    assert body["status"] == 422
    assert {mistake["where"] for mistake in body["errors"]} == {"body.id", "body.asked_by"}
    assert "body.asked_by" in body["detail"]


async def test_an_unknown_path_or_method_is_a_problem_too(client: httpx.AsyncClient) -> None:
    assert problem(await client.get("/nowhere"))["detail"] == "There is nothing at /nowhere."
    assert problem(await client.put("/healthz"))["status"] == 405


# --- who may do what ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        ("GET", dict, 401),
        ("GET", lambda: bearer("nonsense"), 401),
        ("GET", lambda: token("viewer"), 200),
        ("GET", lambda: token("viewer", guild_id=5), 403),
        ("GET", lambda: token("viewer", audience="stats"), 401),
        ("POST", lambda: token("viewer"), 403),
        ("POST", lambda: token("editor"), 200),
        ("POST", lambda: token("admin"), 200),
        ("GET", lambda: token("operator", guild_id=0, user_id=99), 200),
        ("GET", lambda: token("operator", guild_id=0, user_id=1), 403),
    ],
)
async def test_a_token_opens_what_its_role_may_see_in_its_guild(
    client: httpx.AsyncClient, method: str, headers: Callable[[], dict[str, str]], status: int
) -> None:
    ship = {"id": str(BIG), "asked_by": "x"}
    body = ship if method == "POST" else None
    answer = await client.request(method, f"/guilds/{BIG}/ship", headers=headers(), json=body)
    assert answer.status_code == status
    if status == 401:
        assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_route_without_a_guild_is_for_operators(client: httpx.AsyncClient) -> None:
    assert (await client.get("/shards", headers=token("admin"))).status_code == 403
    operator = token("operator", guild_id=0, user_id=99)
    assert (await client.get("/shards", headers=operator)).json() == 99
    assert (await client.get("/shards", headers=bearer("flk_a_b"))).status_code == 401


async def test_a_token_expires(client: httpx.AsyncClient) -> None:
    actor = Actor(user_id=1, guild_id=BIG, role="viewer")
    old = bearer(sign(SECRET, actor, "fleet", timedelta(seconds=-1)))
    body = problem(await client.get(f"/guilds/{BIG}/ship", headers=old))
    assert body["detail"] == "This token has expired. Ask for a new one."


async def test_a_token_signed_by_somebody_else_is_refused(client: httpx.AsyncClient) -> None:
    actor = Actor(user_id=1, guild_id=BIG, role="admin")
    forged = bearer(sign("another secret of thirty-two characters", actor, "fleet"))
    assert (await client.get(f"/guilds/{BIG}/ship", headers=forged)).status_code == 401


@pytest.fixture
async def keys(database_url: str) -> AsyncGenerator[KeyStore]:
    async with postgres.connect(database_url, schema="fleet", shared=("config",)) as db:
        yield KeyStore(db)


async def announce(keys: KeyStore, revision: int, *valid: ApiKey) -> None:
    await keys.apply(GuildKeysChanged(guild_id=GuildId(BIG), revision=revision, keys=valid))


async def test_a_key_opens_what_its_scopes_say_in_its_guild(keys: KeyStore) -> None:
    text, key = new_key("bot", ("infractions:read", "operator"), created_by=1)
    await announce(keys, 1, key)
    path = f"/guilds/{BIG}/ship"
    async with client_of(make_app(keys)) as client:
        assert (await client.get(path, headers=bearer(text))).json()["asked_by"] == "bot"
        assert (await client.get("/guilds/5/ship", headers=bearer(text))).status_code == 401
        assert (await client.post(path, headers=bearer(text))).status_code == 403
        assert (await client.get(path, headers=bearer(f"{text}x"))).status_code == 401
        assert (await client.get("/shards", headers=bearer(text))).status_code == 401


async def test_a_key_that_was_taken_back_or_has_expired_opens_nothing(keys: KeyStore) -> None:
    text, key = new_key("bot", ("infractions:read",), created_by=1)
    gone = datetime.now(UTC) - timedelta(seconds=1)
    old_text, old = new_key("old", ("infractions:read",), created_by=1, expires_at=gone)
    await announce(keys, 1, key, old)
    path = f"/guilds/{BIG}/ship"
    async with client_of(make_app(keys)) as client:
        assert (await client.get(path, headers=bearer(old_text))).status_code == 401
        assert (await client.get(path, headers=bearer(text))).status_code == 200
        await announce(keys, 3)
        assert (await client.get(path, headers=bearer(text))).status_code == 401
        await announce(keys, 2, key)  # came late: the newer revision stands
        assert (await client.get(path, headers=bearer(text))).status_code == 401


async def test_a_key_is_kept_as_its_hash_only() -> None:
    text, key = new_key("bot", ("infractions:read",), created_by=1)
    assert text.startswith(f"flk_{key.id}_")
    assert text.split("_", 2)[2] not in repr(key)


# --- ids, cursors, description, metrics, serving ------------------------------------------------


async def test_ids_are_strings_outside_and_ints_inside(client: httpx.AsyncClient) -> None:
    answer = await client.get(f"/guilds/{BIG}/ship", headers=token("viewer"))
    assert answer.json()["id"] == str(BIG)
    assert (
        Ship(id=BIG, asked_by="x").id == Ship.model_validate({"id": str(BIG), "asked_by": "x"}).id
    )
    for bad in ("-1", "1.5", "", "٣", str(2**63), True, None):
        with pytest.raises(ValueError, match="an id is"):
            Ship.model_validate({"id": bad, "asked_by": "x"})


async def test_a_cursor_comes_back_as_it_was(client: httpx.AsyncClient) -> None:
    assert client
    cursor = encode_cursor((BIG, "näme"))
    assert cursor.isascii()
    assert decode_cursor(cursor, tuple[int, str]) == (BIG, "näme")


@pytest.mark.parametrize("cursor", ["", "x", "é", "AAAA", encode_cursor((1, 2)) + "!", "e30"])
async def test_a_broken_cursor_is_the_clients_mistake(cursor: str) -> None:
    with pytest.raises(UserError, match="cursor is broken") as caught:
        decode_cursor(cursor, tuple[int, str])
    assert caught.value.status == 400


async def test_the_description_says_what_errors_look_like(client: httpx.AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()
    route = document["paths"]["/guilds/{guild_id}/ship"]["get"]
    assert set(route["responses"]) == {"200", "400", "401", "403", "default"}
    schema = route["responses"]["default"]["content"]["application/problem+json"]["schema"]
    assert schema == {"$ref": "#/components/schemas/Problem"}
    assert {"Problem", "Mistake"} <= set(document["components"]["schemas"])
    [guild_id, _] = route["parameters"]
    assert guild_id["schema"]["type"] == "string"
    assert route["security"]


async def test_the_description_is_readable_without_scripts(client: httpx.AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()
    response = await client.get("/docs")

    assert response.headers["content-type"].startswith("text/html")
    assert all(f"<code>{path}</code>" in response.text for path in document["paths"])
    assert '<section><h3 id="Ship">' in response.text
    assert '<a href="#Ship">Ship</a>' in response.text
    assert "<script" not in response.text
    assert "https:" not in response.text


async def test_requests_are_counted_by_route(client: httpx.AsyncClient) -> None:
    await client.get(f"/guilds/{BIG}/ship", headers=token("viewer"))
    await client.get("/nowhere")
    text = (await client.get("/metrics")).text
    assert (
        'http_requests_total{method="GET",route="/guilds/{guild_id}/ship",status="200"} 1.0' in text
    )
    assert 'http_requests_total{method="GET",route="none",status="404"} 1.0' in text
    assert str(BIG) not in text


async def test_an_app_is_served_until_the_block_ends() -> None:
    app = make_app()
    asked = asyncio.Event()
    go_on = asyncio.Event()

    @app.get("/slow")
    async def slow() -> str:
        asked.set()
        await go_on.wait()
        return "done"

    del slow
    async with httpx.AsyncClient(timeout=30) as client:
        async with serve(app, "127.0.0.1", 0) as port:
            url = f"http://127.0.0.1:{port}"
            assert (await client.get(f"{url}/healthz")).status_code == 200
            asking = asyncio.create_task(client.get(f"{url}/slow"))
            await asked.wait()
            asyncio.get_running_loop().call_later(0.05, go_on.set)
        assert (await asking).json() == "done"
        with pytest.raises(httpx.ConnectError):
            await client.get(f"{url}/healthz")


async def test_a_port_that_is_taken_is_said_at_once() -> None:
    async with serve(make_app(), "127.0.0.1", 0) as port:
        with pytest.raises(OSError, match="in use"):
            async with serve(make_app(), "127.0.0.1", port):
                await eventually(lambda: False)


def test_no_answer_waits_for_the_one_before_to_be_acknowledged() -> None:
    with (
        listen("127.0.0.1", 0) as listening,
        socket.create_connection(listening.getsockname()),
    ):
        accepted, _ = listening.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
