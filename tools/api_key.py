"""An API key of the demo guild, made by the admin service and kept for the next start."""

from __future__ import annotations

import asyncio
import hashlib
import http.client
import time

import msgspec

from shared.http.tokens import Actor, sign
from tools.errors import StackError
from tools.services import Fleet

SCOPES = ("infractions:read", "infractions:write", "stats:read", "config:read", "config:write")

PATIENCE = 30.0
NOT_YET = {http.client.NOT_FOUND, http.client.SERVICE_UNAVAILABLE}


class NewKey(msgspec.Struct, frozen=True):
    """What the admin service answers."""

    key: str


async def demo_key(fleet: Fleet, guild_id: str, owner_id: str) -> str:
    """Return the key of the guild, made once per database."""
    database = hashlib.sha256(fleet.addresses.database_url.encode()).hexdigest()[:8]
    name = f"api_key.{guild_id}.{database}"
    known = fleet.keys.find(name)
    if known:
        return known
    key = await _ask(fleet, guild_id, owner_id)
    fleet.keys.put(name, key)
    return key


async def _ask(fleet: Fleet, guild_id: str, owner_id: str) -> str:
    """Ask until the gateway has heard of the guild, which takes a moment after it connected."""
    limit = time.monotonic() + PATIENCE
    while True:
        status, body = await asyncio.to_thread(_post, fleet, guild_id, owner_id)
        if status in {http.client.OK, http.client.CREATED}:
            return msgspec.json.decode(body, type=NewKey).key
        if status not in NOT_YET or time.monotonic() >= limit:
            said = body.decode(errors="replace")
            raise StackError(f"The admin service made no API key ({status}): {said}")
        await asyncio.sleep(0.2)


def _post(fleet: Fleet, guild_id: str, owner_id: str) -> tuple[int, bytes]:
    actor = Actor(user_id=int(owner_id), guild_id=int(guild_id), role="admin", name="make demo")
    token = sign(fleet.keys.get("token_secret"), actor, "admin")
    connection = http.client.HTTPConnection("127.0.0.1", fleet.ports["admin"], timeout=30)
    try:
        connection.request(
            "POST",
            f"/guilds/{guild_id}/keys",
            msgspec.json.encode({"name": "demo", "scopes": SCOPES}),
            {"authorization": f"Bearer {token}", "content-type": "application/json"},
        )
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()
