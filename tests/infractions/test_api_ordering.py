"""Ordering measures over HTTP: by whom, once, and what may not be ordered."""

import asyncio

import httpx
import pytest

from services.infractions import actions
from services.infractions.actions import BeingDoneError
from services.infractions.actions.repeating import WORKING
from services.infractions.deps import Deps
from services.infractions.repeats import Repeatable
from shared.http import Actor, sign
from tests.infractions.calling import Script, script_of
from tests.infractions.rig import SECRET, Json
from tests.infractions.scene import Scene
from tests.support.answering_gateway import FORBIDDEN

pytestmark = pytest.mark.asyncio(loop_scope="session")


def problem(response: httpx.Response) -> Json:
    """Return the problem that a response tells."""
    assert response.headers["content-type"] == "application/problem+json", response.text
    return response.json()


async def test_a_script_bans_in_its_own_name(scene: Scene) -> None:
    script = await script_of(scene)

    response = await script.orders("ban", {"duration_seconds": 3600, "reason": "flood"})

    assert response.status_code == 201
    assert response.headers["location"] == f"/guilds/{scene.id}/infractions/1"
    ban = response.json()
    assert (ban["kind"], ban["state"], ban["source"]) == ("ban", "active", "api")
    assert ban["moderator"] == {"id": str(scene.owner), "name": "script"}
    assert response.headers["etag"] == f'"{ban["version"]}"'
    assert scene.banned()


@pytest.mark.parametrize(
    ("kind", "fields", "state"),
    [
        ("note", {"reason": "x"}, "done"),
        ("warning", {"reason": "x", "points": 3, "duration_seconds": 60}, "done"),
        ("kick", {}, "done"),
        ("mute", {"duration_seconds": 60}, "active"),
        ("softban", {"delete_message_seconds": 3600}, "done"),
        ("ban", {"delete_message_seconds": 3600}, "active"),
    ],
)
async def test_every_kind_can_be_ordered(
    scene: Scene, kind: str, fields: dict[str, Json], state: str
) -> None:
    script = await script_of(scene)

    response = await script.orders(kind, fields)

    assert response.status_code == 201, response.text
    assert response.json()["state"] == state
    for name in ("points", "delete_message_seconds"):
        assert response.json()[name] == fields.get(name, response.json()[name])


async def test_a_role_is_given_for_a_time_if_the_maker_of_the_key_may(scene: Scene) -> None:
    fields = {"duration_seconds": 60, "role_id": str(scene.roles["low"])}
    given = await (await script_of(scene)).orders("temprole", fields)
    senior = {**fields, "role_id": str(scene.roles["seniors"])}
    refused = await (await script_of(scene, scene.moderator)).orders("temprole", senior)

    assert (given.status_code, given.json()["role_id"]) == (201, fields["role_id"])
    assert problem(refused)["code"] == "forbidden"


async def test_a_key_can_do_no_more_than_who_made_it(scene: Scene) -> None:
    script = await script_of(scene, scene.moderator)
    colleague = scene.joins("colleague", "moderators")

    refused = await script.orders("ban", {"user_id": str(colleague)})
    scene.leaves(scene.moderator)
    left = await script.orders("ban")

    assert problem(refused)["code"] == "hierarchy"
    assert problem(left)["code"] == "forbidden"
    assert scene.done() == []


async def test_a_token_acts_in_the_name_of_who_looks(scene: Scene) -> None:
    actor = Actor(user_id=scene.moderator, guild_id=scene.id, role="editor", name="moderator")
    script = Script(scene, sign(SECRET, actor, "infractions"))

    warned = await script.orders("warning", {"reason": "x"})
    deleted = await script.send("DELETE", "/infractions/1")

    assert warned.json()["moderator"]["id"] == str(scene.moderator)
    assert warned.json()["source"] == "web"
    assert problem(deleted)["code"] == "forbidden"


async def test_a_command_that_is_turned_off_is_off_here_too(scene: Scene) -> None:
    script = await script_of(scene, scene.moderator)
    await scene.configures(permissions={scene.roles["moderators"]: 40})

    assert "level 50" in problem(await script.orders("kick"))["detail"]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"kind": "kick", "duration_seconds": 5}, "there is no field `duration_seconds`"),
        ({"kind": "murder"}, "kind"),
        ({"kind": "warning"}, "reason"),
        ({"kind": "warning", "reason": " \n"}, "reason"),
        ({"kind": "ban", "duration_seconds": 0}, "duration_seconds"),
        ({"kind": "ban", "duration_seconds": True}, "duration_seconds"),
        ({"kind": "ban", "reason": "\0"}, "reason"),
        ({"kind": "ban", "delete_message_seconds": 604_801}, "delete_message_seconds"),
        ({"kind": "temprole", "duration_seconds": 5}, "role_id"),
    ],
)
async def test_a_body_that_makes_no_sense_is_explained(
    scene: Scene, body: dict[str, Json], told: str
) -> None:
    script = await script_of(scene)

    response = await script.send("POST", "/infractions", {"user_id": str(scene.raider), **body})

    assert (response.status_code, problem(response)["code"]) == (422, "invalid")
    assert told in problem(response)["detail"]
    assert await scene.infractions() == []


async def test_what_discord_refuses_is_a_conflict_and_recorded(scene: Scene) -> None:
    script = await script_of(scene)
    scene.gateway.answers(scene.id, "ban", FORBIDDEN)

    refused = await script.orders("ban")

    assert (refused.status_code, problem(refused)["code"]) == (409, "refused")
    assert await scene.state(1) == "failed"


# --- once ---------------------------------------------------------------------------------------


async def test_the_same_request_again_is_answered_and_not_done_again(scene: Scene) -> None:
    script = await script_of(scene)
    body = {"kind": "warning", "user_id": str(scene.raider), "reason": "x"}

    first = await script.send("POST", "/infractions", body, idempotency_key="a")
    again = await script.send("POST", "/infractions", body, idempotency_key="a")
    other = await script.send("POST", "/infractions", body, idempotency_key="b")

    assert again.text == first.text
    assert again.status_code == 201
    for name in ("etag", "location", "content-type"):
        assert again.headers[name] == first.headers[name]
    assert again.headers["idempotent-replayed"] == "true"
    assert other.json()["number"] == 2
    assert len(await scene.infractions()) == 2


async def test_a_refusal_is_repeated_too(scene: Scene) -> None:
    script = await script_of(scene)
    scene.gateway.answers(scene.id, "ban", FORBIDDEN)
    body = {"kind": "ban", "user_id": str(scene.raider)}

    first = await script.send("POST", "/infractions", body, idempotency_key="a")
    again = await script.send("POST", "/infractions", body, idempotency_key="a")

    assert first.status_code == 409
    assert problem(again) == problem(first)
    assert len(await scene.infractions()) == 1


async def test_a_key_is_of_one_request_and_of_one_script(scene: Scene) -> None:
    script = await script_of(scene)
    body = {"kind": "note", "user_id": str(scene.raider), "reason": "x"}
    await script.send("POST", "/infractions", body, idempotency_key="a")

    reused = await script.send("POST", "/infractions", {**body, "reason": "y"}, idempotency_key="a")
    another = await script_of(scene)
    theirs = await another.send("POST", "/infractions", body, idempotency_key="a")

    assert (reused.status_code, problem(reused)["code"]) == (422, "idempotency_key_reused")
    assert theirs.json()["number"] == 2


async def test_many_at_the_same_moment_are_one(scene: Scene) -> None:
    script = await script_of(scene)
    body = {"kind": "ban", "user_id": str(scene.raider), "duration_seconds": 3600}

    answers = await asyncio.gather(
        *(script.send("POST", "/infractions", body, idempotency_key="a") for _ in range(8))
    )

    statuses = {each.status_code for each in answers}
    assert 201 in statuses
    assert statuses <= {201, 409}
    for each in answers:
        if each.status_code == 409:
            assert problem(each)["code"] == "in_progress"
            assert int(each.headers["retry-after"]) >= 1
    assert len(await scene.infractions()) == 1


async def test_what_was_cut_off_is_done_once_when_it_is_sent_again(scene: Scene) -> None:
    script = await script_of(scene)
    body = {"kind": "ban", "user_id": str(scene.raider), "duration_seconds": 3600}
    await script.send("POST", "/infractions", body, idempotency_key="a")
    # As a process leaves it that dies before it answers.
    await scene.rig.db.execute(
        "UPDATE repeats SET status = NULL, working_until = now() WHERE guild_id = $1", scene.id
    )

    again = await script.send("POST", "/infractions", body, idempotency_key="a")

    assert (again.status_code, again.json()["number"]) == (201, 1)
    assert scene.done().count("ban") == 1


async def test_what_could_not_be_answered_is_begun_again_as_the_same_order(
    scene: Scene, elsewhere: Deps
) -> None:
    asked = Repeatable(guild_id=scene.id, who="key:x", key="a", request="y")

    first = await actions.begin_request(elsewhere, asked)
    with pytest.raises(BeingDoneError) as waits:
        await actions.begin_request(elsewhere, asked)
    await actions.give_up_request(elsewhere, asked)

    assert 0 < waits.value.wait <= WORKING.total_seconds()
    assert await actions.begin_request(elsewhere, asked) == first


async def test_after_a_day_a_key_is_a_new_one_and_old_answers_go(scene: Scene) -> None:
    script = await script_of(scene)
    body = {"kind": "note", "user_id": str(scene.raider), "reason": "x"}
    for key in ("a", "b", "c"):
        await script.send("POST", "/infractions", body, idempotency_key=key)
    await scene.rig.db.execute(
        "UPDATE repeats SET begun_at = now() - interval '25 hours' WHERE guild_id = $1", scene.id
    )

    again = await script.send("POST", "/infractions", body, idempotency_key="a")

    assert again.json()["number"] == 4
    left = await scene.rig.db.fetchval("SELECT count(*) FROM repeats WHERE guild_id = $1", scene.id)
    assert left == 1
