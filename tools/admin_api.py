"""Asking the admin service of a stack, in the name of the guild's owner."""

from __future__ import annotations

import asyncio
import http.client
import time
from collections.abc import Mapping

import msgspec

from shared.http.tokens import Actor, sign
from tools.errors import StackError
from tools.services import Fleet

PATIENCE = 30.0
NOT_YET = {http.client.NOT_FOUND, http.client.SERVICE_UNAVAILABLE}


class Owner(msgspec.Struct, frozen=True):
    """In whose name, and about which guild, the service is asked."""

    user_id: str
    guild_id: str


async def ask(
    fleet: Fleet,
    owner: Owner,
    method: str,
    path: str,
    body: object,
    headers: Mapping[str, str] | None = None,
) -> tuple[int, bytes]:
    """Return status and body of what is answered about the guild.

    Asks until the gateway has heard of the guild, which takes a moment after it connected. Raises
    StackError where it does not.
    """
    limit = time.monotonic() + PATIENCE
    while True:
        status, said = await asyncio.to_thread(
            _ask, fleet, owner, method, path, body, headers or {}
        )
        if status not in NOT_YET:
            return status, said
        if time.monotonic() >= limit:
            raise refused(status, said)
        await asyncio.sleep(0.2)


def refused(status: int, said: bytes) -> StackError:
    """Say that the admin service did not do what it was asked for."""
    return StackError(f"The admin service refused ({status}): {said.decode(errors='replace')}")


def _ask(  # what HTTP needs
    fleet: Fleet,
    owner: Owner,
    method: str,
    path: str,
    body: object,
    headers: Mapping[str, str],
) -> tuple[int, bytes]:
    actor = Actor(
        user_id=int(owner.user_id), guild_id=int(owner.guild_id), role="admin", name="make demo"
    )
    token = sign(fleet.keys.get("token_secret"), actor, "admin")
    connection = http.client.HTTPConnection("127.0.0.1", fleet.ports["admin"], timeout=30)
    try:
        connection.request(
            method,
            f"/guilds/{owner.guild_id}{path}",
            msgspec.json.encode(body),
            {
                "authorization": f"Bearer {token}",
                "content-type": "application/json",
                **headers,
            },
        )
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()
