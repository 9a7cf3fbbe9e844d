"""A guild on the sandbox with people in it, and the real gateway between it and infractions."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx

from services.gateway import app as gateway_app
from services.gateway.settings import Settings as GatewaySettings
from shared.bus import Bus
from tests.infractions.rig import Json, operator_token, until_ready
from tests.support.sandbox import Guild, Person, Sandbox

MODERATES = str(1 << 2 | 1 << 10 | 1 << 11)
"""Ban, see channels, write."""


class Harbour:
    """A guild with people in it."""

    def __init__(self, sandbox: Sandbox, bus: Bus, http: httpx.AsyncClient) -> None:
        self.sandbox = sandbox
        self.bus = bus
        self._http = http
        self.guild = Guild(0, "", {}, {})
        self._names = 0

    async def arrive(self) -> None:
        """Found the guild, with an owner and two moderators."""
        self.owner = await self.sandbox.create_user("owner")
        self.guild = await self.sandbox.found("Harbour", self.owner)
        body = {"name": "moderators", "permissions": MODERATES}
        role = await self.owner.rest("POST", f"/guilds/{self.guild.id}/roles", body)
        self.moderator, self.colleague = [
            await self.sandbox.join(self.guild, name, [role["id"]])
            for name in ("moderator", "colleague")
        ]

    async def newcomer(self) -> Person:
        """Let somebody join whom no other test knows."""
        self._names += 1
        return await self.sandbox.join(self.guild, f"raider{self._names}")

    async def of(self, person: Person) -> list[Json]:
        """Return somebody's infractions with their histories, newest first."""
        headers = {"Authorization": f"Bearer {operator_token()}"}
        path = f"/guilds/{self.guild.id}/infractions"
        found = await self._http.get(path, headers=headers, params={"user_id": str(person.id)})
        items: list[Json] = found.json()["items"]
        return [
            (await self._http.get(f"{path}/{one['number']}", headers=headers)).json()
            for one in items
        ]

    async def reasons(self, action_type: int, person: Person) -> list[str]:
        """Return the reasons in the audit log for an action on somebody."""
        log = await self.owner.rest("GET", f"/guilds/{self.guild.id}/audit-logs?limit=100")
        return [
            one["reason"]
            for one in log["audit_log_entries"]
            if one["target_id"] == str(person.id) and one["action_type"] == action_type
        ]


@asynccontextmanager
async def gateway(settings: GatewaySettings) -> AsyncGenerator[None]:
    """Run the real gateway until the block ends."""
    stop = asyncio.Event()
    task = asyncio.create_task(gateway_app.serve(settings, stop))
    try:
        await until_ready(f"http://127.0.0.1:{settings.http_port}", task)
        yield
    finally:
        stop.set()
        await asyncio.wait((task,), timeout=60)


async def commands_are_there(harbour: Harbour) -> bool:
    """Say whether Discord offers the commands."""
    names = {one["name"] for one in await harbour.moderator.commands(harbour.guild.id)}
    return {"ban", "tempban", "unban", "warn", "infractions"} <= names
