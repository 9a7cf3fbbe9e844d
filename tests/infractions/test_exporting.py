"""Exports: complete, readable by what they are for, and over when nobody reads them."""

import csv
import gzip
import io
import json
from contextlib import aclosing
from urllib.parse import parse_qsl

import pytest

from services.infractions import actions
from services.infractions.actions import Format
from services.infractions.deps import Deps
from services.infractions.model import Filter
from shared.contracts.ids import GuildId
from shared.errors import UserError
from tests.infractions.rig import Rig
from tests.infractions.scene import Scene, shown
from tests.infractions.test_api import READ, key, problem, token
from tests.infractions.test_searching import record
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")

NASTY = 'a "quoted", text\nof two lines\twith \x02 and \\n, ärger'


async def whole(scene: Scene, query: str) -> str:
    """Return an export as text."""
    response = await scene.get("/export", query=dict(parse_qsl(query)))
    assert response.status_code == 200, response.text
    return response.text


async def many(deps: Deps, guild_id: GuildId, count: int, *, longest: int) -> None:
    """Write so many infractions at once."""
    await deps.db.execute(
        """
        INSERT INTO infractions (
            guild_id, number, kind, state, user_id, user_name, reason, source, source_key)
        SELECT $1, number, 'warning', 'done', 1, 'raider', repeat('x', $3), 'slash', number::text
          FROM generate_series(1, $2::integer) AS number
        """,
        guild_id,
        count,
        longest,
    )


async def columns(rig: Rig) -> set[str]:
    """Return everything that is kept of an infraction."""
    rows = await rig.db.fetch(
        """
        SELECT column_name FROM information_schema.columns
         WHERE table_schema = 'infractions' AND table_name = 'infractions'
        """
    )
    return {row["column_name"] for row in rows}


async def test_csv_has_every_field_of_every_infraction(scene: Scene, elsewhere: Deps) -> None:
    await record(elsewhere, scene.id, 1, NASTY)
    await record(elsewhere, scene.id, 2, moderator_id=None)
    await record(elsewhere, scene.another().id, 1, "another server's")

    rows = list(csv.DictReader(io.StringIO(await whole(scene, "format=csv"), newline="")))

    assert [row["number"] for row in rows] == ["1", "2"]
    assert rows[0]["reason"] == NASTY
    assert rows[0]["user_id"] == "1"
    assert rows[1]["moderator_id"] == ""
    assert set(rows[0]) >= await columns(scene.rig)


@pytest.mark.parametrize("formula", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
async def test_csv_holds_no_formulas(scene: Scene, elsewhere: Deps, formula: str) -> None:
    await record(elsewhere, scene.id, 1, formula, user_name=formula, moderator_name=formula)

    [row] = csv.DictReader(io.StringIO(await whole(scene, "format=csv"), newline=""))

    for name in ("reason", "user_name", "moderator_name"):
        assert row[name] == f"'{formula}"


async def test_json_is_a_list_with_histories(scene: Scene) -> None:
    await scene.types(f"warn <@{scene.raider}> first")
    await scene.types(f"tempban <@{scene.raider}> 1h second")

    rows = json.loads(await whole(scene, "format=json"))

    assert [row["number"] for row in rows] == [1, 2]
    assert rows[0]["user_id"] == str(scene.raider)
    assert [step["change"] for step in rows[1]["history"]] == ["created", "active"]
    assert set(rows[0]) >= await columns(scene.rig)
    bare = [
        json.loads(line)
        for line in (await whole(scene, "format=jsonl&history=false")).split("\n")
        if line
    ]
    assert "history" not in bare[0]
    assert [row["reason"] for row in bare] == ["first", "second"]


async def test_json_keeps_texts_as_they_are(scene: Scene, elsewhere: Deps) -> None:
    await record(elsewhere, scene.id, 1, NASTY + "=\r\n")

    [row] = json.loads(await whole(scene, "format=json"))

    assert row["reason"] == NASTY + "=\r\n"


async def test_nothing_to_export_is_still_a_file(scene: Scene) -> None:
    assert json.loads(await whole(scene, "format=json")) == []
    assert await whole(scene, "format=jsonl") == ""
    assert (await whole(scene, "format=csv")).startswith("guild_id,number,")


async def test_text_has_a_line_for_each(scene: Scene, elsewhere: Deps) -> None:
    await record(elsewhere, scene.id, 1, "two\nlines")
    await record(elsewhere, scene.id, 2, moderator_id=None, moderator_name="")

    lines = (await whole(scene, "format=txt")).splitlines()

    assert len(lines) == 2
    assert lines[0].startswith("#1  ")
    assert "warning (done)  raider (1)  by captain (2): two lines" in lines[0]
    assert lines[1].endswith("by Flotilla: no reason given")


async def test_an_export_can_be_narrowed(scene: Scene, elsewhere: Deps) -> None:
    await record(elsewhere, scene.id, 1, "spam")
    await record(elsewhere, scene.id, 2, "spam", kind="ban")
    await record(elsewhere, scene.id, 3, "spam", kind="ban", hidden_at=None, source="rule")

    rows = json.loads(await whole(scene, "format=json&kind=ban&text=pam&source=rule"))

    assert [row["number"] for row in rows] == [3]


async def test_exports_longer_than_a_piece_are_whole(scene: Scene, elsewhere: Deps) -> None:
    await many(elsewhere, scene.id, 3000, longest=200)

    rows = json.loads(await whole(scene, "format=json"))

    assert [row["number"] for row in rows] == list(range(1, 3001))


async def test_an_export_that_nobody_reads_to_its_end_is_over(
    scene: Scene, elsewhere: Deps
) -> None:
    await many(elsewhere, scene.id, 20000, longest=900)

    async def over() -> bool:
        running = await scene.rig.db.fetchval(
            """
            SELECT count(*) FROM pg_stat_activity
             WHERE datname = current_database() AND query LIKE 'COPY%'
               AND state = 'active' AND pid <> pg_backend_pid()
            """
        )
        return running == 0

    async def begun() -> bool:
        return not await over()

    headers = {"Authorization": f"Bearer {token(scene, 'admin')}"}
    url = f"/guilds/{scene.id}/infractions/export?format=json"
    async with scene.rig.http.stream("GET", url, headers=headers) as response:
        assert response.status_code == 200
        pieces = response.aiter_raw()
        await anext(pieces)
        await eventually(begun, within=20)
    await eventually(over, within=20)
    async with aclosing(actions.export(elsewhere, scene.id, Filter(), Format.CSV)) as export:
        await anext(export)
    await eventually(over, within=20)


async def test_only_who_may_read_exports(scene: Scene) -> None:
    secret, kept = key("stats:read")
    await scene.keys(kept)

    assert problem(await scene.get("/export", token=secret))["status"] == 403
    secret, kept = key(*READ)
    await scene.keys(kept)
    assert (await scene.get("/export", token=secret)).status_code == 200
    assert problem(await scene.get("/export", query={"format": "doc"}))["code"] == "invalid"


async def test_an_administrator_gets_the_file_in_discord(scene: Scene) -> None:
    await scene.types(f"warn <@{scene.raider}> first")

    answer = await scene.runs("infractions export", by=scene.owner, form="json")

    [file] = answer.files
    assert file.name == f"infractions-{scene.id}.json.gz"
    assert [row["reason"] for row in json.loads(gzip.decompress(file.data))] == ["first"]
    assert answer.ephemeral
    assert "needs level 100" in shown(await scene.runs("infractions export"))


async def test_a_file_too_large_for_discord_is_said(scene: Scene, elsewhere: Deps) -> None:
    await record(elsewhere, scene.id, 1)

    with pytest.raises(UserError, match="more than Discord takes"):
        await actions.packed(elsewhere, GuildId(scene.id), Filter(), Format.CSV, largest=50)
