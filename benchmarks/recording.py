"""Recorded frames: what Discord sends in a lively guild, as bytes to be sent at full speed."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta

from sandbox.world import World
from sandbox.world.state import Event

Frame = tuple[str, bytes]
MESSAGES = 60
SENTENCE = "The tide turns at six, so have the lines in by then and the lamps trimmed. "


def record(world: World) -> tuple[str, list[Frame]]:
    """Let a guild live for a moment; return its bot's token and what its gateway would send."""
    owner = world.create_user("owner")
    guild = world.create_guild("Bench", owner, channels=("general", "fishing"))
    application = world.create_application("Flotilla", owner=owner)
    application.privileged_intents = True
    application.flags = 1 << 13 | 1 << 15 | 1 << 19
    world.add_member(guild, world.users[application.id], permissions=8)
    frames: list[Frame] = []

    def keep(event: Event) -> None:
        if event.users is None:
            frames.append((event.name, json.dumps(event.data).encode()))

    stop = world.subscribe(keep)
    people = [world.create_user(f"sailor{number}") for number in range(10)]
    for person in people:
        member = world.add_member(guild, person)
        member.nick = person.username.upper()
    _chat(world, guild.id, frames)
    stop()
    return world.users[application.id].token, frames


def _chat(world: World, guild_id: int, frames: list[Frame]) -> None:
    """Post messages of all lengths, some with embeds."""
    guild = world.guilds[guild_id]
    channels = [world.channels[channel_id] for channel_id in guild.channel_ids]
    channel = next(one for one in channels if one.name == "general")
    people = [world.users[user_id] for user_id in guild.members if not world.users[user_id].bot]
    for number in range(MESSAGES):
        embeds = [{"title": "The weather", "description": SENTENCE * 5}] if number % 6 == 0 else []
        author = people[number % len(people)]
        world.post_message(channel, author, SENTENCE * (1 + number % 12), embeds=embeds)
    typed = [frame for frame in frames if frame[0] == "MESSAGE_CREATE"]
    later = (datetime.now(UTC) + timedelta(seconds=1)).timestamp()
    for _, data in typed[::4]:
        message = json.loads(data)
        typing = {
            "channel_id": message["channel_id"],
            "guild_id": str(guild_id),
            "user_id": message["author"]["id"],
            "timestamp": int(later),
        }
        frames.append(("TYPING_START", json.dumps(typing).encode()))


def describe(frames: list[Frame]) -> str:
    """Say what the recording consists of."""
    kinds = Counter(name for name, _ in frames)
    size = sum(len(data) for _, data in frames) // len(frames)
    return f"{size} bytes an event on average; " + ", ".join(
        f"{count} {name}" for name, count in kinds.most_common()
    )
