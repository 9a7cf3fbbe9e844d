"""An API key of the demo guild, made by the admin service and kept for the next start."""

from __future__ import annotations

import hashlib
import http.client

import msgspec

from tools.admin_api import Owner, ask, refused
from tools.services import Fleet

SCOPES = ("infractions:read", "infractions:write", "stats:read", "config:read", "config:write")


class NewKey(msgspec.Struct, frozen=True):
    """What the admin service answers."""

    key: str


async def demo_key(fleet: Fleet, owner: Owner) -> str:
    """Return the key of the guild, made once per database."""
    database = hashlib.sha256(fleet.addresses.database_url.encode()).hexdigest()[:8]
    name = f"api_key.{owner.guild_id}.{database}"
    known = fleet.keys.find(name)
    if known:
        return known
    body = {"name": "demo", "scopes": SCOPES}
    status, said = await ask(fleet, owner, "POST", "/keys", body)
    if status not in {http.client.OK, http.client.CREATED}:
        raise refused(status, said)
    key = msgspec.json.decode(said, type=NewKey).key
    fleet.keys.put(name, key)
    return key
