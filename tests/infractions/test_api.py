"""The HTTP API: who may read what, filters, pages, and what is said to broken questions."""

from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts.domain import ApiKey
from shared.http import Actor, encode_cursor, new_key, sign
from shared.http.tokens import Role
from tests.infractions.rig import SECRET, Json, Rig
from tests.infractions.scene import Scene
from tests.support.answering_gateway import FORBIDDEN

pytestmark = pytest.mark.asyncio(loop_scope="session")

READ = ("infractions:read",)


def token(scene: Scene, role: Role, *, audience: str = "infractions", secret: str = SECRET) -> str:
    """Return a token as the dashboard makes it for somebody."""
    actor = Actor(user_id=scene.moderator, guild_id=scene.id, role=role, name="somebody")
    return sign(secret, actor, audience)


def key(*scopes: str, expires_in: timedelta | None = None) -> tuple[str, ApiKey]:
    """Return an API key, and what is kept of it."""
    expires_at = datetime.now(UTC) + expires_in if expires_in is not None else None
    return new_key("script", scopes, created_by=1, expires_at=expires_at)


def problem(response: httpx.Response) -> Json:
    """Return the problem that a response tells."""
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert body["status"] == response.status_code
    assert body["type"] == f"/docs#problem-{body['code']}"
    assert body["title"]
    assert body["detail"]
    return body


async def test_a_key_of_the_guild_reads_its_infractions(scene: Scene) -> None:
    text, kept = key(*READ)
    await scene.keys(kept)
    await scene.types(f"warn <@{scene.raider}> x")

    listed, read = await scene.get(token=text), await scene.get("/1", token=text)

    assert [one["number"] for one in listed.json()["items"]] == [1]
    assert read.json()["history"][0]["change"] == "created"


@pytest.mark.parametrize("role", ["viewer", "editor", "admin"])
async def test_everybody_on_the_dashboard_may_read(scene: Scene, role: Role) -> None:
    assert (await scene.get(token=token(scene, role))).status_code == 200


async def test_without_a_key_nothing_is_shown(scene: Scene) -> None:
    response = await scene.rig.http.get(f"/guilds/{scene.id}/infractions")

    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert problem(response)["code"] == "unauthorized"


async def test_a_key_opens_its_own_guild_only(scene: Scene) -> None:
    other = scene.another()
    text, kept = key(*READ)
    await other.keys(kept)

    assert problem(await scene.get(token=text))["status"] == 401
    assert problem(await scene.get(token=token(other, "admin")))["status"] == 403


async def test_a_key_needs_the_scope(scene: Scene) -> None:
    text, kept = key("stats:read")
    await scene.keys(kept)

    refused = problem(await scene.get(token=text))

    assert refused["status"] == 403
    assert "infractions:read" in refused["detail"]


async def test_a_key_that_expired_or_was_taken_back_opens_nothing(scene: Scene) -> None:
    expired, kept = key(*READ, expires_in=timedelta(seconds=-1))
    text, taken_back = key(*READ)
    await scene.keys(kept, taken_back)
    assert (await scene.get(token=text)).status_code == 200

    await scene.keys(kept)

    assert problem(await scene.get(token=expired))["status"] == 401
    assert problem(await scene.get(token=text))["status"] == 401


async def test_a_token_of_another_service_or_secret_opens_nothing(scene: Scene) -> None:
    elsewhere = token(scene, "admin", audience="stats")
    forged = token(scene, "admin", secret="a secret that somebody made up, and long enough")

    for text in (elsewhere, forged, "flk_made_up", "nonsense"):
        assert problem(await scene.get(token=text))["status"] == 401


async def test_an_operator_must_be_one_of_this_installation(scene: Scene) -> None:
    actor = Actor(user_id=scene.raider, guild_id=0, role="operator")

    assert problem(await scene.get(token=sign(SECRET, actor, "infractions")))["status"] == 403


async def test_filters_find_what_matches_all_of_them(scene: Scene) -> None:
    other, colleague = scene.joins("other"), scene.joins("colleague", "moderators")
    await scene.types(f"warn <@{scene.raider}> x")
    await scene.types(f"warn <@{other}> x")
    await scene.types(f"warn <@{other}> x", by=colleague)
    await scene.types(f"tempban <@{scene.raider}> 1h")
    scene.gateway.answers(scene.id, "ban", FORBIDDEN)
    await scene.types(f"ban <@{other}>")

    async def found(**query: object) -> list[int]:
        return [one["number"] for one in await scene.infractions(**query)]

    assert await found() == [5, 4, 3, 2, 1]
    assert await found(user_id=scene.raider) == [4, 1]
    assert await found(moderator_id=colleague) == [3]
    assert await found(kind="warning") == [3, 2, 1]
    assert await found(state="active") == [4]
    assert await found(state="failed", user_id=other) == [5]
    assert await found(kind="ban", moderator_id=colleague) == []
    assert await found(user_id=0) == []
    assert await found(user_id=2**63 - 1) == []


async def test_pages_hold_everything_once_while_more_is_recorded(scene: Scene) -> None:
    for _ in range(7):
        await scene.types(f"warn <@{scene.raider}> x")
    seen: list[int] = []
    query: dict[str, object] = {"limit": 3}

    while True:
        page = (await scene.get(query=query)).json()
        seen += [one["number"] for one in page["items"]]
        if page["next"] is None:
            break
        query["cursor"] = page["next"]
        await scene.types(f"warn <@{scene.raider}> y")

    assert seen == [7, 6, 5, 4, 3, 2, 1]


async def test_the_last_full_page_has_nothing_after_it(scene: Scene) -> None:
    for _ in range(3):
        await scene.types(f"warn <@{scene.raider}> x")

    assert (await scene.get(query={"limit": 3})).json()["next"] is None


async def test_ids_are_text_and_times_have_a_zone(scene: Scene) -> None:
    await scene.types(f"tempban <@{scene.raider}> 1h flood")

    infraction = await scene.infraction(1)

    assert infraction["guild_id"] == str(scene.id)
    assert infraction["user"] == {"id": str(scene.raider), "name": "raider"}
    assert infraction["history"][0]["actor"]["id"] == str(scene.moderator)
    assert infraction["history"][1]["actor"] is None
    for name in ("created_at", "expires_at"):
        assert datetime.fromisoformat(infraction[name]).tzinfo is not None


@pytest.mark.parametrize(
    "query",
    [
        {"limit": 0},
        {"limit": 101},
        {"limit": "many"},
        {"kind": "murder"},
        {"state": "odd"},
        {"user_id": "me"},
        {"user_id": -1},
        {"user_id": 2**63},
        {"user_id": "9" * 400},
        {"moderator_id": "1e3"},
    ],
)
async def test_a_question_that_makes_no_sense_is_explained(
    scene: Scene, query: dict[str, object]
) -> None:
    told = problem(await scene.get(query=query))

    assert (told["status"], told["code"]) == (400, "invalid")
    assert told["errors"][0]["where"].endswith(next(iter(query)))


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "%00",
        "é",
        "W10",
        encode_cursor(5),
        *(encode_cursor([n]) for n in (0, -1, 2**31, 2**70)),
        encode_cursor(["x"]),
    ],
)
async def test_a_made_up_cursor_is_refused(scene: Scene, cursor: str) -> None:
    told = problem(await scene.get(query={"cursor": cursor}))

    assert (told["status"], told["code"]) == (400, "bad_cursor")


@pytest.mark.parametrize("number", ["0", "-1", "x", "1.5", str(2**31), "9" * 400])
async def test_a_number_that_none_can_have_is_refused(scene: Scene, number: str) -> None:
    assert problem(await scene.get(f"/{number}"))["code"] in ("invalid", "not_found")


async def test_a_number_that_is_not_there_is_not_found(scene: Scene) -> None:
    assert problem(await scene.get("/1"))["code"] == "not_found"


@pytest.mark.parametrize("guild", ["0", "x", "-1", str(2**63), "9" * 400])
async def test_a_guild_that_is_none_shows_nothing(scene: Scene, guild: str) -> None:
    headers = {"Authorization": f"Bearer {token(scene, 'admin')}"}

    response = await scene.rig.http.get(f"/guilds/{guild}/infractions", headers=headers)

    assert problem(response)["status"] in (400, 401, 403)


async def test_the_description_names_every_answer(scene: Scene) -> None:
    document = (await scene.rig.http.get("/openapi.json")).json()

    listing = document["paths"]["/guilds/{guild_id}/infractions"]["get"]
    assert {one["name"] for one in listing["parameters"]} == {
        *("guild_id", "user_id", "moderator_id", "kind", "state", "since", "until"),
        *("text", "role_id", "source", "hidden", "cursor", "limit"),
    }
    assert all(one["description"] for one in listing["parameters"])
    assert "default" in listing["responses"]


async def test_what_is_counted_is_shown(scene: Scene) -> None:
    await scene.types(f"warn <@{scene.raider}> x")

    metrics = (await scene.rig.http.get("/metrics")).text

    for name in ("jobs_due", "commands_total", "bus_consumed_total"):
        assert f"\n{name}" in metrics, name


@settings(max_examples=60, deadline=None)
@given(
    query=st.dictionaries(
        st.sampled_from(["user_id", "moderator_id", "kind", "state", "cursor", "limit", "other"]),
        st.text(max_size=30) | st.integers().map(str) | st.sampled_from(["ban", "active", "WzVd"]),
    ),
    path=st.just("") | st.text(max_size=10).map(lambda text: f"/{quote(text, safe='')}"),
)
async def test_no_question_breaks_it(rig: Rig, query: dict[str, str], path: str) -> None:
    response = await Scene(rig).get(path, query=query)

    assert response.status_code < 500
    if response.status_code >= 400:
        problem(response)
