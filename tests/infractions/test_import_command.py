"""`infractions import`: a file that is attached, and an answer that says what came of it."""

import gzip
import json
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from shared.contracts.actions import Message
from shared.contracts.discord import Attachment
from shared.contracts.ids import UserId
from shared.contracts.invocations import OptionValue
from tests.infractions.file_server import FileServer
from tests.infractions.interacting import edited
from tests.infractions.rig import new_id
from tests.infractions.scene import Scene
from tests.infractions.test_escalation import noted
from tests.infractions.test_importing import imports, rowboat

pytestmark = pytest.mark.asyncio(loop_scope="session")
COMMAND = "infractions import"


async def run(scene: Scene, file: Attachment, containing: str, **options: OptionValue) -> Message:
    """Run the command with a file, and wait for the answer that says what came of it."""
    slash = scene.slash(COMMAND, scene.owner, file=str(file.id), **options)
    by = replace(slash, resolved=replace(slash.resolved, attachments={file.id: file}))
    first = await scene.gateway.run(by)
    assert first.ephemeral
    assert "is being read" in first.content, first.content
    return await edited(scene, by, containing)


def put(files: FileServer, rows: object) -> Attachment:
    """Attach rows as JSON, packed."""
    return files.puts(new_id(), "export.json.gz", gzip.compress(json.dumps(rows).encode()))


async def test_a_file_is_imported_and_its_mistakes_are_named(
    scene: Scene, files: FileServer
) -> None:
    wrong = [rowboat(scene, 20 + at, "NONSENSE") for at in range(7)]
    file = put(files, [rowboat(scene, 1, "WARNING"), rowboat(scene, 2, "KICK"), *wrong])

    tried = await run(scene, file, "Would import", format="rowboat", dry_run=True)
    assert await scene.infractions() == []
    done = await run(scene, file, "Imported", format="rowboat")

    assert tried.content.startswith("Would import 2 of 9 rows: 1 kick, 1 warning.")
    assert done.content.startswith("Imported 2 of 9 rows: 1 kick, 1 warning.")
    assert "7 are left out" in done.content
    assert done.content.count("- Line") == 5
    assert done.files[0].data.count(b"\n") == 7
    assert len(await scene.infractions()) == 2
    again = await run(scene, file, "Imported 0", format="rowboat")
    assert "2 were imported before" in again.content


async def test_what_can_not_be_imported_is_said_in_the_answer(
    scene: Scene, files: FileServer
) -> None:
    damaged = files.puts(new_id(), "x.gz", b"\x1f\x8bno")
    gone = replace(damaged, id=new_id(), url=f"{files.origin}/nothing")

    assert "damaged" in (await run(scene, damaged, "gzip")).content
    assert "404" in (await run(scene, gone, "file server")).content


async def test_only_files_of_discord_that_are_not_too_large_are_fetched(
    scene: Scene, files: FileServer
) -> None:
    async def refused(file: Attachment, by: UserId) -> str:
        slash = scene.slash(COMMAND, by, file=str(file.id))
        made = replace(slash, resolved=replace(slash.resolved, attachments={file.id: file}))
        return (await scene.gateway.run(made)).content

    huge = files.puts(new_id(), "x", b"", size=2**30)
    elsewhere = Attachment(id=new_id(), url="http://127.0.0.1:1/x", size=1)

    assert "at most 64 MiB" in await refused(huge, scene.owner)
    assert "Only files of Discord" in await refused(elsewhere, scene.owner)
    assert "level 100" in await refused(elsewhere, scene.moderator)


@pytest.mark.parametrize("days", [60, None])
async def test_an_imported_timeout_beyond_discords_longest_is_renewed(
    scene: Scene, days: int | None
) -> None:
    ends = None if days is None else str(datetime.now(UTC) + timedelta(days=days))
    until = datetime.now(UTC) + timedelta(days=20)
    held = scene.town.members[scene.raider]
    scene.town.members[scene.raider] = replace(held, communication_disabled_until=until)
    mute = rowboat(scene, 1, "TEMPMUTE" if days else "MUTE", active=True, expires_at=ends)

    await imports(scene, [mute], "rowboat", activate=True)
    assert await scene.state(1) == "active"
    await scene.hurry("renew_mute", 1)

    await noted(scene, 1, "renewed")
    assert scene.timed_out_for() > timedelta(days=27)
