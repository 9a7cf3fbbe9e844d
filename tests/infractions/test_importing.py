"""Imports: once, in order of time, with everything that was said, and each mistake named."""

import gzip
import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from services.infractions.deps import Deps
from shared.contracts.ids import UserId
from tests.infractions.rig import Json, operator_token
from tests.infractions.scene import Scene
from tests.infractions.test_api import key, problem
from tests.infractions.test_searching import record

pytestmark = pytest.mark.asyncio(loop_scope="session")

SOON = datetime.now(UTC) + timedelta(days=3)


async def send(scene: Scene, data: bytes, token: str = "", **query: str | bool) -> httpx.Response:
    """Send a file."""
    return await scene.rig.http.post(
        f"/guilds/{scene.id}/infractions/import",
        content=data,
        params={name: str(value) for name, value in query.items()},
        headers={"Authorization": f"Bearer {token or operator_token()}"},
    )


async def imports(scene: Scene, file: object, form: str, **query: str | bool) -> Json:
    """Import a file and return what is said of it."""
    data = file.encode() if isinstance(file, str) else json.dumps(file).encode()
    response = await send(scene, data, "", format=form, **query)
    assert response.status_code == 200, response.text
    return response.json()


def rowboat(scene: Scene, number: int, kind: object, **changed: object) -> dict[str, object]:
    """Return a row of rowboat's table."""
    return {
        "id": number,
        "guild_id": str(scene.id),
        "user_id": str(scene.raider),
        "actor_id": str(scene.moderator),
        "type": kind,
        "reason": f"reason {number}",
        "metadata": {},
        "expires_at": None,
        "created_at": f"2018-05-{number:02} 12:00:00.5",
        "active": False,
        **changed,
    }


def case(number: int, kind: int, **changed: object) -> dict[str, object]:
    """Return a case of Zeppelin's export."""
    note = {"mod_id": "9", "mod_name": "mod#1", "body": "why", "created_at": "2020-01-01 10:00:00"}
    return {
        "case_number": number,
        "user_id": "5",
        "user_name": "user#1",
        "mod_id": "9",
        "mod_name": "mod#1",
        "type": kind,
        "created_at": f"2020-01-{number:02} 10:00:00",
        "is_hidden": False,
        "pp_id": None,
        "pp_name": None,
        "notes": [note],
        **changed,
    }


async def test_an_own_export_comes_back_as_it_was(scene: Scene) -> None:
    other = scene.another()
    await scene.types(f"warn <@{scene.raider}> first\nline")
    await scene.types(f"tempban <@{scene.raider}> 1h =second")
    await scene.types(f"unban <@{scene.raider}> third")
    exported = (await scene.get("/export", query={"format": "json"})).json()

    done = await imports(other, exported, "flotilla")
    again = (await other.get("/export", query={"format": "json"})).json()

    assert (done["imported"], done["wrong"], done["known"]) == (3, 0, 0)
    for before, after in zip(exported, again, strict=True):
        changing = ("guild_id", "source_key", "history", "version", "updated_at")
        assert {name: after[name] for name in after if name not in changing} == {
            name: before[name] for name in before if name not in changing
        }
        assert after["history"][:-1] == before["history"]
        assert after["history"][-1]["change"] == "imported"
        assert after["version"] == len(after["history"])


async def test_importing_twice_changes_nothing(scene: Scene) -> None:
    await scene.types(f"warn <@{scene.raider}> first")
    exported = (await scene.get("/export", query={"format": "jsonl"})).text
    file = [rowboat(scene, 1, "WARNING"), rowboat(scene, 2, 1)]

    assert (await imports(scene, file, "rowboat"))["imported"] == 2
    assert (await imports(scene, file, "rowboat"))["known"] == 2
    assert (await imports(scene, exported, "flotilla"))["known"] == 1
    assert len(await scene.infractions()) == 3
    await scene.types(f"warn <@{scene.raider}> next")
    assert [one["number"] for one in await scene.infractions()] == [4, 3, 2, 1]


async def test_a_number_that_is_taken_is_replaced_by_the_next(scene: Scene) -> None:
    other = scene.another()
    for text in ("a", "b", "c"):
        await scene.types(f"warn <@{scene.raider}> {text}")
    await other.types(f"warn <@{other.raider}> here already")
    exported = (await scene.get("/export", query={"format": "json"})).json()

    await imports(other, exported, "flotilla")

    reasons = {one["number"]: one["reason"] for one in await other.infractions()}
    assert reasons == {1: "here already", 2: "b", 3: "c", 4: "a"}


async def test_rowboats_table_is_taken_over_in_order_of_time(scene: Scene) -> None:
    scene.town.banned.add(scene.raider)
    file = [
        rowboat(scene, 9, 8),
        rowboat(scene, 3, 0, metadata={"role": 77}),
        rowboat(scene, 4, 4, active=True),
        rowboat(scene, 5, 2, expires_at="2018-06-01 00:00:00", active=True),
        rowboat(scene, 6, {"id": 1, "name": "kick"}, actor_id=None),
        rowboat(scene, 7, "TEMPROLE", metadata='{"role": "78"}', expires_at=SOON.isoformat()),
    ]

    await imports(scene, file, "rowboat")

    found = list(reversed(await scene.infractions()))
    assert [(one["kind"], one["state"]) for one in found] == [
        ("mute", "lifted"),
        ("ban", "active"),
        ("ban", "expired"),
        ("kick", "done"),
        ("temprole", "lifted"),
        ("warning", "done"),
    ]
    assert found[0]["created_at"] == "2018-05-03T12:00:00.500000Z"
    assert found[0]["moderator"]["id"] == str(scene.moderator)
    assert found[3]["moderator"] is None
    assert {one["source"] for one in found} == {"import"}


async def test_rowboats_table_may_be_csv(scene: Scene) -> None:
    scene.town.banned.add(UserId(5))
    file = (
        "id,guild_id,user_id,actor_id,type,reason,metadata,expires_at,created_at,active\n"
        f'1,{scene.id},5,,WARNING,"a ""quoted"", reason",{{}},,2018-05-01 12:00:00,f\n'
        f"2,{scene.id},5,6,BAN,,,,2018-05-02 12:00:00,t\n"
        f"3,{scene.id},x,6,BAN,,,,2018-05-02 12:00:00,t\n"
    )

    done = await imports(scene, file, "rowboat")

    newest, oldest = await scene.infractions()
    assert oldest["reason"] == 'a "quoted", reason'
    assert newest["state"] == "active"
    assert [one["line"] for one in done["mistakes"]] == [4]


async def test_zeppelins_cases_are_taken_over_with_their_notes(scene: Scene) -> None:
    scene.town.banned.add(UserId(5))
    more = {"mod_id": "8", "mod_name": "b", "body": "more", "created_at": "2020-02-01 00:00:00"}
    first = case(1, 4)
    first["notes"] = [*first["notes"], more]  # pyright: ignore[reportGeneralTypeIssues] - a list
    cases = [first, case(2, 1), case(3, 2), case(4, 1), case(5, 8), case(6, 3, is_hidden=True)]

    done = await imports(scene, {"cases": cases}, "zeppelin")

    assert done["kinds"] == {"warning": 1, "ban": 2, "unban": 1, "note": 1}
    assert done["mistakes"] == [{"line": 5, "reason": "this case was deleted in Zeppelin"}]
    assert await scene.changes(1) == ["created", "noted", "imported"]
    assert await scene.state(2) == "lifted"
    assert await scene.state(4) == "active"
    assert [one["number"] for one in await scene.infractions()] == [4, 3, 2, 1]


async def test_each_mistake_is_named_and_the_rest_is_imported(scene: Scene) -> None:
    file = [
        rowboat(scene, 1, "WARNING"),
        rowboat(scene, 2, "MURDER"),
        rowboat(scene, 3, 99),
        rowboat(scene, 4, 1, guild_id="123"),
        rowboat(scene, 5, 1, created_at="yesterday"),
        rowboat(scene, 6, 1, created_at=None),
        rowboat(scene, 7, 1, user_id=2**63),
        rowboat(scene, 7, 1, user_id=None),
        rowboat(scene, 1, 1),
        "no object",
    ]

    done = await imports(scene, file, "rowboat")

    assert (done["read"], done["imported"], done["wrong"]) == (10, 1, 9)
    said = {one["line"]: one["reason"] for one in done["mistakes"]}
    assert list(said) == [2, 3, 4, 5, 6, 7, 8, 9, 10]
    assert "no type 'MURDER'" in said[2]
    assert "another server" in said[4]
    assert "'yesterday' is no time" in said[5]
    assert "`created_at` is missing" in said[6]
    assert "the same as 1" in said[9]


async def test_a_dry_run_says_what_would_happen_and_does_nothing(scene: Scene) -> None:
    file = [rowboat(scene, 1, "WARNING"), rowboat(scene, 2, "MURDER")]

    done = await imports(scene, file, "rowboat", dry_run=True)

    assert (done["dry_run"], done["imported"], done["wrong"]) == (True, 1, 1)
    assert await scene.infractions() == []


async def test_temporary_measures_are_lifted_in_time_only_if_asked(scene: Scene) -> None:
    other = scene.another()
    for where, activate in ((scene, False), (other, True)):
        where.town.banned.add(where.raider)
        file = [rowboat(where, 1, "TEMPBAN", active=True, expires_at=SOON.isoformat())]
        done = await imports(where, file, "rowboat", activate=activate)
        assert done["timers"] == int(activate)

    assert await scene.timers("lift_infraction") == []
    [timer] = await other.timers("lift_infraction")
    assert timer["due"] == SOON
    assert await scene.state(1) == await other.state(1) == "active"


async def test_what_is_in_force_here_stands_before_what_was_elsewhere(
    scene: Scene, elsewhere: Deps
) -> None:
    await record(elsewhere, scene.id, 1, kind="ban", state="active", user_id=scene.raider)
    await elsewhere.db.execute("INSERT INTO counters VALUES ($1, 1)", scene.id)

    await imports(scene, [rowboat(scene, 1, "BAN", active=True)], "rowboat")

    assert (await scene.state(1), await scene.state(2)) == ("active", "lifted")


async def test_a_ban_that_is_gone_on_discord_is_found_lifted(scene: Scene) -> None:
    await imports(scene, [rowboat(scene, 1, "BAN", active=True)], "rowboat")

    await scene.until(1, "lifted", within=20)


async def test_a_packed_file_is_unpacked(scene: Scene) -> None:
    data = gzip.compress(json.dumps([rowboat(scene, 1, "WARNING")]).encode())

    assert (await send(scene, data, format="rowboat")).json()["imported"] == 1
    cut = problem(await send(scene, data[:-20], format="rowboat"))
    assert "cut off" in cut["detail"]
    bomb = gzip.compress(bytes(65 * 2**20))
    assert problem(await send(scene, bomb, format="rowboat"))["code"] == "too_large"


@pytest.mark.parametrize("form", ["flotilla", "rowboat", "zeppelin"])
@pytest.mark.parametrize("data", [b"", b"\xff\xfe", b"[1", b"{", b"[]", b"[[]]", b"null", b"\0"])
async def test_a_file_that_is_none_breaks_nothing(scene: Scene, form: str, data: bytes) -> None:
    response = await send(scene, data, format=form)

    assert response.status_code in (200, 400), response.text
    assert await scene.infractions() == []


async def test_many_are_imported_in_several_transactions(scene: Scene) -> None:
    file = [
        rowboat(scene, number, "WARNING", created_at=f"2018-01-01 00:00:{number % 60:02}")
        for number in range(1, 4501)
    ]

    assert (await imports(scene, file, "rowboat"))["imported"] == 4500
    rows = await scene.rig.db.fetchrow(
        """
        SELECT count(*), max(number), bool_and(ordered) AS ordered FROM (
            SELECT number, created_at >= lag(created_at, 1, created_at) OVER (ORDER BY number)
                   AS ordered
              FROM infractions WHERE guild_id = $1) AS rows
        """,
        scene.id,
    )
    assert rows is not None
    assert tuple(rows) == (4500, 4500, True)


async def test_only_who_may_write_imports(scene: Scene) -> None:
    secret, kept = key("infractions:read")
    await scene.keys(kept)

    assert problem(await send(scene, b"[]", secret, format="rowboat"))["status"] == 403
