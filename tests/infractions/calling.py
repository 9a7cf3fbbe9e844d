"""Scripts that call the HTTP API of infractions with a key of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import httpx

from shared.contracts.ids import UserId
from shared.http import new_key
from shared.http.access import SCOPES
from tests.infractions.rig import Json
from tests.infractions.scene import Scene


@dataclass(frozen=True)
class Script:
    """A program with a key of a guild."""

    scene: Scene
    key: str

    async def send(
        self, method: str, path: str, body: Json = None, **headers: str
    ) -> httpx.Response:
        """Send a request below the guild; `if_match` becomes the header If-Match."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.scene.rig.http.request(
            method,
            f"/guilds/{self.scene.id}{path}",
            json=body,
            headers={"Authorization": f"Bearer {self.key}", **named},
        )

    async def orders(self, kind: str, fields: Mapping[str, Json] | None = None) -> httpx.Response:
        """Order a measure against the raider."""
        body = {"kind": kind, "user_id": str(self.scene.raider), **(fields or {})}
        return await self.send("POST", "/infractions", body)


async def script_of(scene: Scene, maker: UserId | None = None, *scopes: str) -> Script:
    """Give a script a key: with all scopes, made by the owner, if unsaid."""
    text, kept = new_key("script", scopes or tuple(SCOPES), created_by=maker or scene.owner)
    await scene.keys(kept)
    return Script(scene, text)
