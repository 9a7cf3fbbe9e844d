"""The HTTP API does what its OpenAPI description says, whatever schemathesis sends."""

import asyncio
import sys
from pathlib import Path
from typing import Final

import msgspec
import pytest

from shared.contracts.discord import Member, User
from shared.contracts.ids import UserId
from shared.http import encode_cursor, new_key
from shared.http.access import SCOPES
from tests.infractions.rig import Json
from tests.infractions.scene import Scene

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(500)]

EXAMPLE: Final = UserId(81384788765712384)
"""The id that the examples of the description have."""

CONFIG: Final = """
[auth.openapi."key or token"]
bearer = "{key}"

[checks.positive_data_acceptance]
# 412: whether an ETag is still right no description can say.
expected-statuses = ["2xx", "3xx", 401, 403, 404, 409, 412, 429, "5xx"]

[phases.coverage]
unexpected-methods = ["PATCH", "OPTIONS"]

[[operations]]
# That bytes are a file of some bot's, that an address is public, that a link leads to a message, or
# that `1w1w` is no length of time, no description can say.
include-path-regex = ".*/(import|webhooks|evidence|trial).*"
[operations.checks.positive_data_acceptance]
expected-statuses = ["2xx", "3xx", 400, 401, 403, 404, 409, 412, 422, 429, "5xx"]
"""


def described(document: Json, scene: Scene) -> Json:
    """Return the description as it is for one guild: with ids and cursors that there are."""
    there = {
        "guild_id": [str(scene.id)],
        "cursor": [encode_cursor([5])],
    }
    people = [str(EXAMPLE), str(scene.raider)]
    for path, calls in document["paths"].items():
        for call in calls.values():
            parameters = call.get("parameters", ())
            # That each of its values may be used once no description can say.
            call["parameters"] = [one for one in parameters if one["name"] != "Idempotency-Key"]
            for parameter in call["parameters"]:
                if parameter["name"] in there and "/jobs" not in path:
                    parameter["schema"] = {"type": "string", "enum": there[parameter["name"]]}
                if parameter["name"] == "user_id" and "/people/" in path:
                    parameter["schema"] = {"type": "string", "enum": people}
    for schema in document["components"]["schemas"].values():
        if schema.get("additionalProperties") is False and "user_id" in schema["properties"]:
            schema["properties"]["user_id"] = {"type": "string", "enum": people}
    return document


async def test_schemathesis_finds_nothing(scene: Scene, tmp_path: Path) -> None:
    scene.gateway.users[EXAMPLE] = User(id=EXAMPLE, username="example")
    scene.town.members[EXAMPLE] = Member(user=scene.gateway.users[EXAMPLE])
    key, kept = new_key("script", tuple(SCOPES), created_by=scene.owner)
    await scene.keys(kept)
    document = (await scene.rig.http.get("/openapi.json")).json()
    (tmp_path / "openapi.json").write_bytes(msgspec.json.encode(described(document, scene)))
    (tmp_path / "schemathesis.toml").write_text(CONFIG.replace("{key}", key))

    running = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("schemathesis")),
        f"--config-file={tmp_path / 'schemathesis.toml'}",
        "run",
        str(tmp_path / "openapi.json"),
        f"--url={scene.rig.http.base_url}",
        "--checks=all",
        "--max-examples=3",
        "--generation-deterministic",
        "--continue-on-failure",
        "--no-shrink",
        "--suppress-health-check=all",
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    told, _ = await running.communicate()

    assert running.returncode == 0, told.decode()
