"""Lively traffic: members who chat, answer, react, come and go, and meet in voice."""

import asyncio
import contextlib
import random
from collections.abc import Iterator, Sequence
from importlib import resources
from typing import Any

import msgspec
from msgspec import Struct, field

from sandbox.models import Channel, ChannelType, Guild, Json, User
from sandbox.permissions import Permission, can_send
from sandbox.seed import seeded_names
from sandbox.world import Event, World, members, reactions, voice
from sandbox.world.composing import WRITTEN
from sandbox.world.visibility import bits_in

# How much is going on at each hour of the day, by UTC; evenings are full, nights are quiet.
BY_HOUR = (
    0.35, 0.2, 0.12, 0.1, 0.1, 0.15, 0.3, 0.45, 0.55, 0.6, 0.65, 0.75,
    0.85, 0.8, 0.75, 0.8, 0.9, 1.0, 1.15, 1.3, 1.4, 1.25, 0.9, 0.6,
)  # fmt: skip
EMOJI = ("👍", "😂", "❤️", "⚓", "🌊", "🎉", "👀", "⛵")
KEPT_BURSTS = 50
BREATH = 20  # messages after which everybody else gets a turn
MOST_AWAY = 3
REPLIES = 0.25  # the share of messages that answer the one before


class Chatter(Struct):
    """What people say: conversations, and lines for those who come."""

    conversations: list[list[str]]
    greetings: list[str]


class Burst(Struct):
    """A number of messages being posted."""

    name: str
    task: asyncio.Task[None]
    ids: list[int] = field(default_factory=list[int])


class Talk(Struct):
    """Some people who talk in a channel, and what they have not said yet."""

    channel: Channel
    speakers: list[User]
    lines: list[str]
    last_id: int = 0


class Traffic:
    """The life of the guilds of a world."""

    def __init__(self, world: World, chance: random.Random | None = None) -> None:
        self.world = world
        self.bursts: dict[str, Burst] = {}
        self._chance = chance or random.Random()  # noqa: S311 - not for secrets
        self._chatter = _chatter()
        self._count = 0
        self._life: asyncio.Task[None] | None = None
        self._forgiven: list[tuple[int, int]] = []
        world.subscribe(self._notice)

    @property
    def lively(self) -> bool:
        """Whether members live by themselves."""
        return self._life is not None and not self._life.done()

    # A number of messages

    def burst(
        self,
        guild: Guild,
        messages: int,
        rate: float,
        channel: Channel | None = None,
        users: Sequence[User] = (),
    ) -> Burst:
        """Begin to post messages, `rate` per second or as fast as possible with 0."""
        self._count += 1
        where = channel or self._first_channel(guild)
        authors = list(users) or [user for user, _ in self._writers(guild, [where])]
        ids: list[int] = []
        task = asyncio.create_task(self._post(where, authors, messages, rate, ids))
        made = Burst(f"{self._count}", task, ids)
        self.bursts[made.name] = made
        while len(self.bursts) > KEPT_BURSTS:
            self.bursts.pop(next(iter(self.bursts))).task.cancel()
        return made

    async def _post(
        self, channel: Channel, authors: list[User], messages: int, rate: float, ids: list[int]
    ) -> None:
        loop = asyncio.get_running_loop()
        start = loop.time()
        lines = self._lines()
        for number in range(messages if authors else 0):
            author = authors[number % len(authors)]
            ids.append(self.world.post_message(channel, author, next(lines)).id)
            if rate:
                await asyncio.sleep(max(0.0, start + (number + 1) / rate - loop.time()))
            elif number % BREATH == BREATH - 1:
                await asyncio.sleep(0)

    def _lines(self) -> Iterator[str]:
        while True:
            yield from self._chance.choice(self._chatter.conversations)

    # Life

    async def live(self, guild_id: int, rate: float) -> None:
        """Let a guild's members live, with about `rate` things a second happening by day."""
        await self.rest()
        self._life = asyncio.create_task(self._live(guild_id, rate))
        self._life.add_done_callback(_complain)

    def _notice(self, event: Event) -> None:
        if self.lively and event.name == "GUILD_BAN_REMOVE" and event.guild_id:
            user: Any = event.data["user"]  # Discord's JSON
            self._forgiven.append((event.guild_id, int(user["id"])))

    async def rest(self) -> None:
        """Let it be quiet again."""
        if self._life is not None:
            self._life.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._life
        self._life = None

    async def close(self) -> None:
        """End everything that is still going on."""
        await self.rest()
        for burst in self.bursts.values():
            burst.task.cancel()
        await asyncio.gather(
            *(burst.task for burst in self.bursts.values()), return_exceptions=True
        )

    async def _live(self, guild_id: int, rate: float) -> None:
        talk: Talk | None = None
        while (guild := self.world.guilds.get(guild_id)) and self._text_channels(guild):
            weight = BY_HOUR[self.world.clock.now().hour]
            await asyncio.sleep(self._chance.expovariate(max(rate * weight, 0.001)))
            if talk is None or not talk.lines:
                talk = self._begin(guild)
            self._return(guild)
            self._happen(guild, talk)

    def _begin(self, guild: Guild) -> Talk:
        """Let some people who may write in a channel begin to talk there."""
        channel = self._chance.choice(self._open_channels(guild))
        writers = [user for user, _ in self._writers(guild, [channel])]
        speakers = self._chance.sample(writers, min(len(writers), self._chance.randint(2, 4)))
        return Talk(channel, speakers, list(self._chance.choice(self._chatter.conversations)))

    def _happen(self, guild: Guild, talk: Talk) -> None:
        what = self._chance.random()
        if what < 0.78:  # noqa: PLR2004 - shares of a day
            self._speak(guild, talk)
        elif what < 0.92:  # noqa: PLR2004 - same
            self._react(guild)
        elif what < 0.97:  # noqa: PLR2004 - same
            self._meet(guild)
        else:
            self._come_or_go(guild)

    def _speak(self, guild: Guild, talk: Talk) -> None:
        line, channel = talk.lines.pop(0), talk.channel
        if channel.id not in self.world.channels:
            return
        able = {user.id for user, _ in self._writers(guild, [channel])}
        speakers = [one for one in talk.speakers if one.id in able]
        others = [one for one in speakers if one.id != talk.last_id] or speakers
        if not others:
            return
        author = self._chance.choice(others)
        talk.last_id = author.id
        earlier = self.world.history(channel.id).by_id.get(channel.last_message_id or 0)
        answered: Json | None = None
        if earlier and earlier.type in WRITTEN and self._chance.random() < REPLIES:
            answered = {"message_id": str(earlier.id)}
        self.world.post_message(channel, author, line, message_reference=answered)

    def _react(self, guild: Guild) -> None:
        channel = self._chance.choice(self._open_channels(guild))
        recent = list(self.world.history(channel.id).by_id.values())[-10:]
        readers = [
            one
            for one in self._people(guild)
            if bits_in(self.world, channel, one.id) & Permission.ADD_REACTIONS
        ]
        if recent and readers:
            message, reader = self._chance.choice(recent), self._chance.choice(readers)
            emoji = reactions.parse_emoji(self._chance.choice(EMOJI))
            reactions.add(self.world, message, emoji, reader.id)

    def _meet(self, guild: Guild) -> None:
        rooms = [one for one in self._channels(guild) if one.type == ChannelType.VOICE]
        if guild.voice_states and (not rooms or self._chance.random() < 0.5):  # noqa: PLR2004 - as many leave as come
            members.disconnect(self.world, guild, self._chance.choice(list(guild.voice_states)))
        elif rooms and (people := self._people(guild)):
            voice.connect(
                self.world, guild, self._chance.choice(people).id, self._chance.choice(rooms)
            )

    def _return(self, guild: Guild) -> None:
        """Let those come back whose ban was lifted."""
        forgiven, self._forgiven = self._forgiven, []
        for guild_id, user_id in forgiven:
            known = user_id in guild.members or user_id in guild.bans
            if guild_id == guild.id and not known:
                self._come(guild, self.world.users[user_id])

    def _come_or_go(self, guild: Guild) -> None:
        away = [user for user in self.world.users.values() if self._may_come(guild, user)]
        leaving = self._may_leave(guild)
        if away and (len(away) >= MOST_AWAY or self._chance.random() < 0.5):  # noqa: PLR2004 - as often as not
            self._come(guild, self._chance.choice(away))
        elif leaving:
            self.world.remove_member(guild, self._chance.choice(leaving))

    def _come(self, guild: Guild, newcomer: User) -> None:
        self.world.add_member(guild, newcomer)
        if guild.system_channel_id:
            channel = self.world.channels[guild.system_channel_id]
            self.world.post_message(channel, newcomer, self._chance.choice(self._chatter.greetings))

    def _may_leave(self, guild: Guild) -> list[User]:
        """Return those without a role; whom people log in as stay."""
        staying = {guild.owner_id, *seeded_names(self.world).values()}
        return [
            one
            for one in self._people(guild)
            if not guild.members[one.id].roles and one.id not in staying
        ]

    def _may_come(self, guild: Guild, user: User) -> bool:
        known = user.id in guild.members or user.id in guild.bans
        return not (user.bot or known or self.world.guilds_of(user.id))

    # Who and where

    def _people(self, guild: Guild) -> list[User]:
        users = (self.world.users[one] for one in guild.members)
        return [user for user in users if not user.bot]

    def _channels(self, guild: Guild) -> list[Channel]:
        return [self.world.channels[one] for one in guild.channel_ids]

    def _text_channels(self, guild: Guild) -> list[Channel]:
        return [one for one in self._channels(guild) if one.type == ChannelType.TEXT]

    def _open_channels(self, guild: Guild) -> list[Channel]:
        """Return the text channels in which everybody may write, or all where there are none."""
        channels = self._text_channels(guild)
        hidden = int(Permission.VIEW_CHANNEL | Permission.SEND_MESSAGES)
        return [
            one
            for one in channels
            if guild.id not in one.overwrites or not one.overwrites[guild.id].deny & hidden
        ] or channels

    def _first_channel(self, guild: Guild) -> Channel:
        preferred = self.world.channels.get(guild.system_channel_id or 0)
        return preferred or self._text_channels(guild)[0]

    def _writers(self, guild: Guild, channels: Sequence[Channel]) -> Iterator[tuple[User, Channel]]:
        for channel in channels:
            for user in self._people(guild):
                bits = bits_in(self.world, channel, user.id)
                if can_send(bits, in_thread=channel.thread is not None):
                    yield user, channel


def _complain(life: asyncio.Task[None]) -> None:
    """Show why life ended, when nobody asked it to."""
    if not life.cancelled() and (error := life.exception()):
        life.get_loop().call_exception_handler({"message": "Life ended.", "exception": error})


def _chatter() -> Chatter:
    text = resources.files("sandbox").joinpath("chatter.toml").read_text()
    return msgspec.toml.decode(text, type=Chatter)
