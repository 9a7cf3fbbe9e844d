"""Messages of several guilds at a steady rate, and a ledger of which of them arrived, and how."""

import asyncio
import time
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise

from sandbox.models import Application, Channel, User
from sandbox.world import World

SENTENCE = "The tide turns at six, so have the lines in by then and the lamps trimmed. "
TURN = 0.02
"""Seconds between two handfuls of messages."""


@dataclass
class Ledger:
    """What was posted and what arrived, by the ids of messages; one's guild is of both."""

    posted: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    arrived: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    names: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Under which ids of the bus a message arrived: under one, however often it did."""
    total: int = 0

    def arrive(self, guild_id: int, message_id: int, name: str) -> None:
        """Note a message that arrived, with its id on the bus."""
        self.total += 1
        if message_id not in self.names:
            self.arrived[guild_id].append(message_id)
        self.names[message_id].add(name)

    @property
    def sent(self) -> int:
        """How many were posted."""
        return sum(map(len, self.posted.values()))

    @property
    def missing(self) -> int:
        """How many were posted and never arrived."""
        return sum(one not in self.names for ids in self.posted.values() for one in ids)

    @property
    def duplicates(self) -> int:
        """How many came again."""
        return self.total - len(self.names)

    @property
    def renamed(self) -> int:
        """How many came again under another id of the bus: nobody could know them again."""
        return sum(len(names) > 1 for names in self.names.values())

    @property
    def out_of_order(self) -> int:
        """How many came first after one of their guild that was posted later."""
        pairs = (pair for ids in self.arrived.values() for pair in pairwise(ids))
        return sum(later < earlier for earlier, later in pairs)


@dataclass
class Crowd:
    """Somebody who talks in several guilds in turn, beside the bot."""

    world: World
    author: User
    channels: list[Channel]

    @classmethod
    def gather(cls, world: World, guilds: int, application: Application) -> "Crowd":
        """Found guilds, and let the bot into them."""
        author = world.create_user("bosun")
        bot = world.users[application.id]
        founded = [world.create_guild(f"Port {number}", author) for number in range(guilds)]
        for guild in founded:
            world.add_member(guild, bot, permissions=8)
        return cls(world, author, [_lobby(world, guild.channel_ids) for guild in founded])

    async def talk(self, ledger: Ledger, rate: float) -> None:
        """Post so many messages a second until cancelled."""
        began, before = time.monotonic(), ledger.sent
        while True:
            due = before + int((time.monotonic() - began) * rate)
            for number in range(ledger.sent, due):
                self._post(ledger, number)
            await asyncio.sleep(TURN)

    def _post(self, ledger: Ledger, number: int) -> None:
        channel = self.channels[number % len(self.channels)]
        message = self.world.post_message(channel, self.author, SENTENCE * (1 + number % 5))
        assert channel.guild_id is not None
        ledger.posted[channel.guild_id].append(message.id)


def _lobby(world: World, channel_ids: list[int]) -> Channel:
    return next(world.channels[one] for one in channel_ids if world.channels[one].name == "general")
