"""Changing the record over HTTP: reason, duration, delete, restore, pardon, lift, undo, many."""

import asyncio

import httpx
import pytest

from tests.infractions.calling import Script, script_of
from tests.infractions.rig import Json
from tests.infractions.scene import Scene
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")

ONE = "/infractions/1"


def code(response: httpx.Response) -> tuple[int, str]:
    """Return the status and the code of a problem."""
    assert response.headers["content-type"] == "application/problem+json", response.text
    return response.status_code, response.json()["code"]


async def test_reason_and_duration_are_changed_and_history_keeps_what_was(scene: Scene) -> None:
    script = await script_of(scene)
    await script.orders("ban", {"duration_seconds": 60, "reason": "flood"})

    both = await script.send("PATCH", ONE, {"reason": "raid", "duration_seconds": None})

    assert both.status_code == 200
    assert (both.json()["reason"], both.json()["expires_at"]) == ("raid", None)
    assert await scene.changes(1) == ["created", "active", "duration", "reason"]


async def test_others_infractions_need_the_level_for_it(scene: Scene) -> None:
    await scene.types(f"warn <@{scene.raider}> x", by=scene.owner)
    script = await script_of(scene, scene.moderator)

    assert code(await script.send("PATCH", ONE, {"reason": "y"})) == (403, "forbidden")
    await script.orders("warning", {"reason": "x"})
    own = await script.send("PATCH", "/infractions/2", {"reason": "y"})
    assert own.json()["reason"] == "y"


@pytest.mark.parametrize("body", [{"reason": ""}, {"reason": None}, {"duration_seconds": "1h"}])
async def test_a_change_that_makes_no_sense_is_refused(scene: Scene, body: Json) -> None:
    script = await script_of(scene)
    await script.orders("note", {"reason": "x"})

    assert code(await script.send("PATCH", ONE, body)) == (422, "invalid")
    assert code(await script.send("PATCH", ONE, {})) == (409, "refused")
    assert code(await script.send("PATCH", ONE, {"duration_seconds": 5})) == (409, "refused")
    assert await scene.changes(1) == ["created"]


async def test_only_what_was_read_is_changed(scene: Scene) -> None:
    script = await script_of(scene)
    read = (await script.orders("warning", {"reason": "x"})).headers["etag"]

    first = await script.send("PATCH", ONE, {"reason": "y"}, if_match=read)
    second = await script.send("PATCH", ONE, {"reason": "z"}, if_match=read)
    pardoned = await script.send("POST", f"{ONE}/pardon", if_match=read)
    deleted = await script.send("DELETE", ONE, if_match=read)
    anyhow = await script.send("DELETE", ONE, if_match="*")

    assert first.headers["etag"] != read
    for refused in (second, pardoned, deleted):
        assert code(refused) == (412, "stale")
    assert anyhow.status_code == 200
    assert await scene.changes(1) == ["created", "reason", "hidden"]


async def test_of_two_at_the_same_moment_one_is_stale(scene: Scene) -> None:
    script = await script_of(scene)
    read = (await script.orders("warning", {"reason": "x"})).headers["etag"]

    answers = await asyncio.gather(
        *(script.send("PATCH", ONE, {"reason": f"y{n}"}, if_match=read) for n in range(4))
    )

    assert sorted(each.status_code for each in answers) == [200, 412, 412, 412]


async def test_what_is_known_is_not_sent_again(scene: Scene) -> None:
    script = await script_of(scene)
    tag = (await script.orders("note", {"reason": "x"})).headers["etag"]

    known = await script.send("GET", ONE, if_none_match=f'"9", W/{tag}')
    await script.send("PATCH", ONE, {"reason": "y"})
    changed = await script.send("GET", ONE, if_none_match=tag)

    assert (known.status_code, known.content, known.headers["etag"]) == (304, b"", tag)
    assert changed.status_code == 200
    assert changed.headers["etag"] == f'"{changed.json()["version"]}"'


# --- out of the record, and back ----------------------------------------------------------------


async def test_what_was_deleted_is_seen_and_restored_by_administrators_only(scene: Scene) -> None:
    script = await script_of(scene)
    await script.orders("warning", {"reason": "x"})

    deleted = await script.send("DELETE", ONE)
    hidden = await script.send("GET", "/infractions?hidden=true")
    shown = await script.send("GET", ONE)
    reader = await script_of(scene, None, "infractions:read")
    unseen = await reader.send("GET", ONE)
    refused = await reader.send("GET", "/infractions?hidden=true")
    exported = await reader.send("GET", "/infractions/export?hidden=true")

    assert deleted.json()["hidden_at"] is not None
    assert [each["number"] for each in hidden.json()["items"]] == [1]
    assert shown.status_code == 200
    assert code(unseen) == (404, "not_found")
    assert code(refused) == code(exported) == (403, "forbidden")
    script = await script_of(scene)
    restored = await script.send("POST", f"{ONE}/restore")
    assert restored.json()["hidden_at"] is None
    assert code(await script.send("POST", f"{ONE}/restore"))[0] == 409


async def test_a_pardoned_warning_counts_no_more_in_the_record(scene: Scene) -> None:
    script = await script_of(scene)
    await script.orders("warning", {"reason": "x"})
    await script.orders("warning", {"reason": "y"})
    await script.orders("note", {"reason": "z"})

    pardoned = await script.send("POST", f"{ONE}/pardon", idempotency_key="a")
    again = await script.send("POST", f"{ONE}/pardon", idempotency_key="a")
    record = (await script.send("GET", f"/members/{scene.raider}/record?limit=2")).json()

    assert pardoned.json()["pardoned_at"] is not None
    assert again.text == pardoned.text
    counts = {each["kind"]: (each["total"], each["lapsed"]) for each in record["counts"]}
    assert counts == {"warning": (2, 1), "note": (1, 0)}
    assert [each["number"] for each in record["items"]] == [3, 2]
    assert record["next"] is not None


# --- the end before its time --------------------------------------------------------------------


async def test_a_ban_is_lifted(scene: Scene) -> None:
    script = await script_of(scene)
    await script.orders("ban", {"duration_seconds": 3600})

    lifted = await script.send("POST", f"{ONE}/lift", {"reason": "appeal"}, idempotency_key="a")
    again = await script.send("POST", f"{ONE}/lift", {"reason": "appeal"}, idempotency_key="a")
    over = await script.send("POST", f"{ONE}/lift", {})

    assert lifted.json()["state"] == "lifted"
    assert again.text == lifted.text
    assert not scene.banned()
    assert [each["kind"] for each in await scene.infractions()] == ["unban", "ban"]
    assert code(over)[0] == 409


async def test_what_was_just_ordered_is_undone_by_who_ordered_it(scene: Scene) -> None:
    script = await script_of(scene)
    await script.orders("warning", {"reason": "x"})
    other = await script_of(scene, scene.moderator)

    refused = await other.send("POST", f"{ONE}/undo")
    script = await script_of(scene)
    undone = await script.send("POST", f"{ONE}/undo")

    assert code(refused) == (403, "forbidden")
    assert undone.json()["hidden_at"] is not None


# --- many at once -------------------------------------------------------------------------------


async def test_many_are_banned_with_one_result_each(scene: Scene) -> None:
    script = await script_of(scene)
    other = scene.joins("other")
    users = [str(scene.raider), str(scene.owner), str(other), "5"]
    body = {"what": "ban", "user_ids": users, "reason": "raid", "confirm": True}

    asked = await script.send("POST", "/mass-orders", body, idempotency_key="a")
    again = await script.send("POST", "/mass-orders", body, idempotency_key="a")

    assert asked.status_code == 202
    assert again.json()["id"] == asked.json()["id"]
    path = asked.headers["location"].removeprefix(f"/guilds/{scene.id}")

    async def done() -> Json:
        found = (await script.send("GET", path)).json()
        assert found["state"] == "done", found
        return found

    order = await eventually(done)
    assert [each["outcome"] for each in order["rows"]] == ["done", "refused", "done", "refused"]
    assert (order["total"], order["done"]) == (4, 4)
    assert scene.banned()
    assert scene.banned(other)


async def test_a_preview_does_nothing_until_it_is_confirmed(scene: Scene) -> None:
    script = await script_of(scene)
    await _warned(script, 2)
    body = {"what": "delete", "numbers": [1, 2, 9]}

    asked = (await script.send("POST", "/mass-orders", body)).json()
    cancelled = (await script.send("POST", f"/mass-orders/{asked['id']}/cancel")).json()
    late = await script.send("POST", f"/mass-orders/{asked['id']}/confirm")

    assert (asked["state"], asked["rows"][2]["outcome"]) == ("preview", "refused")
    assert cancelled["state"] == "cancelled"
    assert code(late)[0] == 409
    assert len(await scene.infractions()) == 2
    asked = (await script.send("POST", "/mass-orders", body)).json()
    await script.send("POST", f"/mass-orders/{asked['id']}/confirm")

    async def gone() -> None:
        assert await scene.infractions() == []

    await eventually(gone)


async def test_mass_orders_need_the_scope(scene: Scene) -> None:
    script = await script_of(scene, None, "infractions:read", "infractions:write")
    body = {"what": "delete", "numbers": [1]}

    assert code(await script.send("POST", "/mass-orders", body)) == (403, "forbidden")


async def _warned(script: Script, times: int) -> None:
    for _ in range(times):
        await script.orders("warning", {"reason": "x"})


async def test_the_address_of_the_next_page_is_in_the_headers(scene: Scene) -> None:
    script = await script_of(scene)
    await _warned(script, 3)

    first = await script.send("GET", "/infractions?limit=2&kind=warning")
    link = first.headers["link"]
    address = link.removeprefix("<").partition(">")[0].removeprefix(f"/guilds/{scene.id}")
    second = await script.send("GET", address)

    assert link.endswith('>; rel="next"')
    assert [each["number"] for each in second.json()["items"]] == [1]
    assert "link" not in second.headers


async def test_moments_are_text_with_a_zone(scene: Scene) -> None:
    script = await script_of(scene)
    await _warned(script, 1)

    for wrong in ("0.5", "2026-11-01", "2026-11-01T00:00:00", "yesterday"):
        assert code(await script.send("GET", f"/infractions?since={wrong}")) == (400, "invalid")
    found = await script.send("GET", "/infractions?since=2026-11-01T00:00:00Z&text=x&source=api")
    assert len(found.json()["items"]) == 1
