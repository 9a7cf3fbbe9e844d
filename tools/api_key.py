"""An API key of the demo guild, made by the admin service and kept for the next start."""

from __future__ import annotations

import asyncio
import hashlib
import http.client

import msgspec

from shared.http.tokens import Actor, sign
from tools.errors import StackError
from tools.services import Fleet

SCOPES = ("infractions:read", "infractions:write", "stats:read", "config:read", "config:write")


class NewKey(msgspec.Struct, frozen=True):
    """What the admin service answers."""

    key: str


async def demo_key(fleet: Fleet, guild_id: str) -> str:
    """Return the key of the guild, made once per database."""
    database = hashlib.sha256(fleet.addresses.database_url.encode()).hexdigest()[:8]
    name = f"api_key.{guild_id}.{database}"
    known = fleet.keys.find(name)
    if known:
        return known
    key = await asyncio.to_thread(_make, fleet, guild_id)
    fleet.keys.put(name, key)
    return key


def _make(fleet: Fleet, guild_id: str) -> str:
    actor = Actor(user_id=0, guild_id=0, role="operator", name="make demo")
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
        body = answer.read()
    finally:
        connection.close()
    if answer.status not in {http.client.OK, http.client.CREATED}:
        said = body.decode(errors="replace")
        raise StackError(f"The admin service made no API key ({answer.status}): {said}")
    return msgspec.json.decode(body, type=NewKey).key
