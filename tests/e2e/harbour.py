"""The demo guild of a whole running stack, as tests of all services together use it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import aiohttp

from tests.support.sandbox import Answer, Guild, Message, Person, SandboxClient
from tests.support.waiting import eventually
from tools.stack import Stack

NUMBER = re.compile(r"[Ii]nfraction #(\d+)")
TIMESTAMP = re.compile(r"<t:(\d+)(?::[a-zA-Z])?>")


class Harbour:
    """A stack, its people, and what its APIs say."""

    def __init__(self, stack: Stack, client: SandboxClient, http: aiohttp.ClientSession) -> None:
        self.stack = stack
        self.client = client
        self._http = http
        self._newcomers = 0
        self._channels = 0

    async def arrive(self) -> None:
        """Look up the guild and its people."""
        self.guild: Guild = await self.client.guild(self.stack.manifest.guild_id)
        self.channel = int(self.stack.manifest.channel_id)
        self.owner = await self.client.person("owner")
        self.moderator = await self.client.person("moderator")
        self.member = await self.client.person("member")

    async def newcomer(self) -> Person:
        """Let somebody join whom no other test knows."""
        self._newcomers += 1
        return await self.client.join(self.guild, f"raider{self._newcomers}")

    async def types(self, who: Person, text: str, *, within: float = 30.0) -> Message:
        """Post a text command and return the bot's answer to it."""
        asked = await who.says(self.channel, text)

        async def answer() -> Message | None:
            for message in await who.sees(self.channel):
                if _replies_to(message) == str(asked.id):
                    return message
            return None

        found = await eventually(answer, within)
        assert found is not None
        return found

    async def get(self, service: str, path: str, **query: object) -> Any:  # noqa: ANN401 - JSON
        """Ask a service's HTTP API about the guild with the demo's key."""
        url = f"{self.stack.url(service)}/guilds/{self.guild.id}{path}"
        headers = {"Authorization": f"Bearer {self.stack.manifest.api_key}"}
        params = {name: str(value) for name, value in query.items()}
        async with self._http.get(url, headers=headers, params=params) as response:
            body = await response.json()
            assert response.status == 200, body
            return body

    async def infraction(self, number: int) -> Any:  # noqa: ANN401 - JSON
        """Return an infraction with its history."""
        return await self.get("infractions", f"/infractions/{number}")

    async def channel_of_its_own(self) -> int:
        """Make a channel in which nobody else writes, so that its messages can be counted."""
        self._channels += 1
        body = {"name": f"count-{self._channels}", "type": 0}
        made = await self.owner.rest("POST", f"/guilds/{self.guild.id}/channels", body)
        return int(made["id"])

    async def messages_counted(self, channel: int) -> int:
        """Return how many messages of people stats has counted in a channel."""
        body = await self.get("stats", "/messages/hourly", channel=channel)
        return int(body["total"])

    async def until_counted(self, channel: int, expected: int, within: float = 60.0) -> None:
        """Wait until stats has counted so many messages in a channel, and not one more."""

        async def counted() -> None:
            assert await self.messages_counted(channel) >= expected

        await eventually(counted, within)
        assert await self.messages_counted(channel) == expected

    async def until_state(self, number: int, state: str, within: float = 30.0) -> Any:  # noqa: ANN401 - JSON
        """Wait until an infraction is in a state, and return it."""

        async def arrived() -> Any:  # noqa: ANN401 - JSON
            infraction = await self.infraction(number)
            assert infraction["state"] == state, infraction
            return infraction

        return await eventually(arrived, within)

    async def until_banned(self, who: Person, *, banned: bool = True, within: float = 30.0) -> None:
        """Wait until Discord has somebody banned, or not any more."""

        async def so() -> None:
            assert await self.client.banned(self.guild, who) is banned

        await eventually(so, within)

    def logs(self) -> dict[str, str]:
        """Return what each part has logged."""
        folder: Path = self.stack.folder / "logs"
        return {path.stem: path.read_text("utf-8") for path in sorted(folder.glob("*.log"))}


def _replies_to(message: Message) -> str | None:
    reference: dict[str, str] | None = message.raw.get("message_reference")
    return reference.get("message_id") if reference else None


def number_in(answer: Answer | Message) -> int:
    """Return the number of the infraction that an answer names."""
    found = NUMBER.search(answer.text)
    assert found, answer.text
    return int(found[1])


def timestamp_in(answer: Answer | Message) -> int:
    """Return the first Discord timestamp in an answer, in seconds."""
    found = TIMESTAMP.search(answer.text)
    assert found, answer.text
    return int(found[1])
