"""The demo's world: the guild Harbour with its people, ready to be served."""

from datetime import UTC, datetime

import msgspec

from sandbox.clock import Clock
from sandbox.harbour import Builder, Seed, SteadyClock, plan
from sandbox.world import World
from sandbox.world.state import Records

FOUNDED = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DOCUMENT = "seed"


def demo(clock: Clock | None = None) -> World:
    """Return a new world with the demo's guilds in it."""
    steady = SteadyClock(FOUNDED)
    world = World(steady)
    seed = Builder(world, steady, plan()).build()
    world.documents[DOCUMENT] = msgspec.to_builtins(seed)
    records: Records = msgspec.json.decode(msgspec.json.encode(world.records()), type=Records)
    return World(clock or Clock(), records)


def seed_of(world: World) -> Seed | None:
    """Return what the seed made in a world, if it was seeded."""
    document = world.documents.get(DOCUMENT)
    return msgspec.convert(document, Seed) if document else None


def seeded_names(world: World) -> dict[str, int]:
    """Return the named users of the seed."""
    seed = seed_of(world)
    return seed.users if seed else {}
