"""Erasing a person: nothing in the whole schema says who it was, and the record still adds up."""

import json

import httpx
import pytest

from services.infractions import actions
from services.infractions.actions.erasing import STAND_INS, stand_in_for
from services.infractions.deps import Deps
from services.infractions.model import Person
from shared.contracts.config import InfractionsPlugin
from shared.contracts.ids import UserId
from tests.infractions.rig import OPERATOR, Json, new_id
from tests.infractions.scene import Scene, buttons
from tests.infractions.test_api import key, token
from tests.infractions.test_evidence import hears, says
from tests.support.invoking import CHANNEL
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")

NAME = "Ulrike-Erasable"
WORDS = "kraken-sighting"


def joins(scene: Scene) -> UserId:
    """Let somebody join whose name nobody else has."""
    return scene.joins(f"{NAME}-{scene.id}")


async def mentions(scene: Scene, *words: object) -> dict[str, list[str]]:
    """Return the rows of every table, but for jobs that wait, that hold one of some words."""
    db = scene.rig.db
    tables = await db.fetch(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'infractions' AND tablename NOT IN"
        " ('outbox', 'timer', 'guild_configs', 'config')"
    )
    found: dict[str, list[str]] = {}
    for [table] in tables:
        rows = await db.fetch(
            f'SELECT t::text AS row FROM "{table}" t WHERE t::text ILIKE ANY($1)',  # noqa: S608 - names of tables
            [f"%{word}-{scene.id}%" if word in (WORDS, NAME) else f"%{word}%" for word in words],
        )
        if rows:
            found[table] = [row["row"] for row in rows]
    return found


async def erases(scene: Scene, user: UserId, text: str | None = None) -> httpx.Response:
    """Ask the API to erase somebody, as an admin if unsaid."""
    return await scene.rig.http.delete(
        f"/guilds/{scene.id}/people/{user}", headers=bearer(scene, text)
    )


def bearer(scene: Scene, text: str | None = None) -> dict[str, str]:
    """Return the headers of an admin, or of a key."""
    return {"Authorization": f"Bearer {text or token(scene, 'admin')}"}


async def asks(scene: Scene, user: UserId) -> httpx.Response:
    """Ask what an erasure waits for."""
    url = f"/guilds/{scene.id}/people/{user}/erasure"
    return await scene.rig.http.get(url, headers=bearer(scene))


async def erased(scene: Scene, user: UserId) -> None:
    """Wait until an erasure is complete."""

    async def complete() -> bool:
        return (await asks(scene, user)).status_code == 404

    await eventually(complete, 30)


async def lives(scene: Scene, user: UserId) -> None:
    """Let somebody earn a record: warnings, evidence, a ban that ended, an edited reason."""
    await scene.sets(InfractionsPlugin(evidence_messages=5))
    scene.gateway.unscript(CHANNEL, "list_messages")
    hears(scene, says(scene, f"{WORDS}-{scene.id} in chat", by=user))
    await scene.types(f"warn <@{user}> {WORDS}-{scene.id} of {NAME}-{scene.id}")

    async def taken() -> bool:
        rows = await scene.rig.db.fetch("SELECT FROM evidence WHERE guild_id = $1", scene.id)
        return len(rows) == 1

    await eventually(taken, 30)
    await scene.sets(InfractionsPlugin())
    await scene.types(f"infractions reason 1 more {WORDS}-{scene.id}", scene.owner)
    await scene.types(f"tempban <@{user}> 1h {WORDS}-{scene.id}")
    await scene.types(f"unban <@{user}> {WORDS}-{scene.id} was a mistake")
    await scene.types(f"infractions search <@{user}>")


async def test_nothing_in_any_table_names_the_person_any_more(scene: Scene) -> None:
    user = joins(scene)
    await lives(scene, user)
    before = [one["kind"] for one in (await scene.get()).json()["items"]]
    assert {"infractions", "history", "evidence"} <= set(await mentions(scene, WORDS, NAME, user))

    answer = await erases(scene, user)
    await erased(scene, user)

    assert answer.status_code == 202
    assert await mentions(scene, WORDS, NAME, user) == {}
    after: list[Json] = (await scene.get()).json()["items"]
    assert [one["kind"] for one in after] == before
    assert {one["user"]["name"] for one in after} == {"[erased]"}
    assert {one["moderator"]["name"] for one in after} == {"moderator"}
    [stand_in] = {int(one["user"]["id"]) for one in after}
    assert 0 < stand_in <= STAND_INS
    warning = await scene.infraction(1)
    assert warning["reason"] == "[erased]"
    assert warning["history"][-1]["change"] == "erased"
    ban = await scene.infraction(2)
    assert (ban["state"], ban["history"][-2]["detail"]) == ("lifted", "by unban #3")


async def test_answers_that_are_kept_for_repeats_forget_the_person_and_are_not_done_twice(
    scene: Scene,
) -> None:
    user = joins(scene)

    async def warns() -> httpx.Response:
        return await scene.rig.http.post(
            f"/guilds/{scene.id}/infractions",
            json={"kind": "warning", "user_id": str(user), "reason": f"{WORDS}-{scene.id}"},
            headers={**bearer(scene), "Idempotency-Key": "once"},
        )

    assert (await warns()).status_code == 201
    assert "repeats" in await mentions(scene, WORDS, NAME, user)

    await erases(scene, user)
    await erased(scene, user)

    assert "repeats" not in await mentions(scene, WORDS, NAME, user)
    again = await warns()
    assert (again.status_code, again.json()["code"]) == (410, "erased")
    assert len((await scene.get()).json()["items"]) == 1


async def test_jobs_that_failed_for_good_are_forgotten_with_the_person(scene: Scene) -> None:
    user = joins(scene)
    await scene.types(f"warn <@{user}> {WORDS}-{scene.id}")
    sql = """
        INSERT INTO timer_dead (id, due, attempt, failures, crashes, kind, payload, created, error)
        VALUES ($1, now(), 1, 1, 0, 'look_at_ban', $2, now(), 'refused')
    """
    person = {"id": int(user), "name": f"{NAME}-{scene.id}"}
    about, other = new_id(), new_id()
    for number, whom in ((about, person), (other, {"id": 5, "name": "x"})):
        payload = json.dumps({"guild_id": int(scene.id), "user": whom})
        await scene.rig.db.execute(sql, number, payload)

    await erases(scene, user)
    await erased(scene, user)

    assert await mentions(scene, WORDS, NAME, user) == {}
    left = await scene.rig.db.fetch(
        "DELETE FROM timer_dead WHERE id = ANY($1) RETURNING id", [about, other]
    )
    assert [row["id"] for row in left] == [other]


async def test_erasing_again_changes_nothing(scene: Scene, elsewhere: Deps) -> None:
    user = joins(scene)
    await lives(scene, user)
    await erases(scene, user)
    await erased(scene, user)
    history = (await scene.infraction(1))["history"]

    await actions.ask_erasure(elsewhere, scene.id, user, Person(scene.owner, "owner"))
    await actions.erase_person(elsewhere, scene.id, user)
    await erased(scene, user)

    assert (await scene.infraction(1))["history"] == history


async def test_a_ban_in_force_stays_liftable_and_loses_the_id_when_it_ends(scene: Scene) -> None:
    user = joins(scene)
    await scene.types(f"tempban <@{user}> 1h {WORDS}-{scene.id}")

    await erases(scene, user)

    async def waits() -> Json:
        found = await asks(scene, user)
        assert found.json()["waits_for"] == [1]
        return found

    await eventually(waits, 30)
    ban = await scene.infraction(1)
    assert (ban["state"], ban["user"]) == ("active", {"id": str(user), "name": "[erased]"})
    assert await mentions(scene, WORDS, NAME) == {}
    await scene.time_is_up(1)
    await erased(scene, user)
    assert not scene.banned(user)
    assert await scene.state(1) == "expired"
    assert await mentions(scene, user) == {}


async def test_what_lifts_an_erased_ban_is_erased_with_it(scene: Scene) -> None:
    user = joins(scene)
    await scene.types(f"ban <@{user}> {WORDS}-{scene.id}")
    await erases(scene, user)

    async def waits() -> None:
        assert (await asks(scene, user)).json()["waits_for"] == [1]

    await eventually(waits, 30)

    await scene.types(f"unban <@{user}> {WORDS}-{scene.id}")

    await erased(scene, user)
    assert not scene.banned(user)
    assert await scene.state(1) == "lifted"
    assert await mentions(scene, WORDS, NAME, user) == {}


async def test_what_comes_after_an_erasure_is_a_new_record(scene: Scene) -> None:
    user = joins(scene)
    await scene.types(f"warn <@{user}> {WORDS}-{scene.id}")
    await erases(scene, user)
    await erased(scene, user)

    await scene.types(f"warn <@{user}> again")

    assert (await scene.infraction(2))["user"]["id"] == str(user)
    assert (await scene.infraction(1))["user"]["name"] == "[erased]"


async def test_a_moderator_loses_the_name_only(scene: Scene) -> None:
    moderator = scene.joins(f"{NAME}-{scene.id}", "moderators")
    await scene.types(f"warn <@{scene.raider}> spam", moderator)

    await erases(scene, moderator)
    await erased(scene, moderator)

    warning = await scene.infraction(1)
    assert warning["moderator"] == {"id": str(moderator), "name": "[erased]"}
    assert warning["user"]["name"] == "raider"
    assert warning["reason"] == "spam"
    assert await mentions(scene, NAME) == {}


async def test_others_and_other_servers_keep_their_records(scene: Scene) -> None:
    user = joins(scene)
    other = scene.another()
    other.town.members[user] = scene.town.members[user]
    await scene.types(f"warn <@{user}> {WORDS}-{scene.id}")
    await scene.types(f"warn <@{scene.raider}> spam")
    await other.types(f"warn <@{user}> {WORDS}-{scene.id}")

    await erases(scene, user)
    await erased(scene, user)

    assert (await scene.infraction(2))["user"]["name"] == "raider"
    assert (await other.infraction(1))["reason"] == f"{WORDS}-{scene.id}"


async def test_many_infractions_are_erased_batch_by_batch(scene: Scene, elsewhere: Deps) -> None:
    user = joins(scene)
    many = 450
    await scene.types(f"warn <@{user}> {WORDS}-{scene.id}")
    await scene.rig.db.execute(
        """
        INSERT INTO infractions (guild_id, number, kind, state, user_id, user_name, moderator_id,
                                 moderator_name, reason, source, source_key)
        SELECT guild_id, at, kind, state, user_id, user_name, moderator_id, moderator_name, reason,
               source, source_key || at
          FROM infractions, generate_series(2, $2::integer) AS at WHERE guild_id = $1
        """,
        scene.id,
        many,
    )

    await erases(scene, user)
    await erased(scene, user)

    assert await mentions(scene, WORDS, user) == {}
    stand_in = stand_in_for(elsewhere, scene.id, user)
    sql = "SELECT count(*) FROM infractions WHERE guild_id = $1 AND user_id = $2"
    assert await scene.rig.db.fetchval(sql, scene.id, stand_in) == many


async def test_only_admins_and_keys_with_the_scope_erase(scene: Scene) -> None:
    text, kept = key("infractions:read", "infractions:write", "keys:write")
    allowed, also = key("people:erase")
    await scene.keys(kept, also)

    assert (await erases(scene, scene.raider, text)).status_code == 403
    assert (await erases(scene, scene.raider, token(scene, "editor"))).status_code == 403
    assert (await erases(scene, scene.raider, allowed)).status_code == 202
    assert (await erases(scene, UserId(12345))).status_code == 400


async def test_an_operator_erases_everywhere_after_a_confirmation(scene: Scene) -> None:
    user = joins(scene)
    other = scene.another()
    other.town.members[user] = scene.town.members[user]
    await scene.types(f"warn <@{user}> {WORDS}-{scene.id}")
    await other.types(f"warn <@{user}> {WORDS}-{scene.id}")

    refused = await scene.types(f"infractions erase {user}", scene.owner)
    question = await scene.types_for(f"infractions erase {user}", OPERATOR)
    assert (await scene.infraction(1))["reason"] == f"{WORDS}-{scene.id}"
    answer = await scene.presses(buttons(question)["Erase"], OPERATOR)

    assert "it needs level 1000" in refused
    assert answer.content == "The person is being erased from the records of 2 servers."
    await erased(scene, user)
    await erased(other, user)
    assert await mentions(scene, WORDS, NAME, user) == {}


async def test_a_person_stands_as_another_in_each_server(scene: Scene, elsewhere: Deps) -> None:
    first = stand_in_for(elsewhere, scene.id, scene.raider)

    assert first == stand_in_for(elsewhere, scene.id, scene.raider)
    assert first != stand_in_for(elsewhere, scene.another().id, scene.raider)
    assert first != stand_in_for(elsewhere, scene.id, scene.moderator)
