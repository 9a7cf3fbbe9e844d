"""How accounts show up to others: set with op 3 or when identifying, offline without a session."""

from msgspec import Struct

from sandbox.models import Json, Presence
from sandbox.world import World

_OFFLINE = Presence("offline")


class PresenceUpdate(Struct):
    """The data of op 3."""

    status: str | None = None
    activities: list[Json] | None = None
    since: float | None = None
    afk: bool | None = None
    game: Json | None = None  # what older clients send instead of activities


def set_presence(world: World, account_id: int, update: PresenceUpdate) -> None:
    """Show an account as it asks, and tell its guilds."""
    activities = update.activities or ([update.game] if update.game else [])
    since = None if update.since is None else int(update.since)
    shown = Presence(update.status or "online", list(activities), since, bool(update.afk))
    if world.presences.get(account_id) != shown:
        world.set_presence(account_id, shown)


def set_offline(world: World, account_id: int) -> None:
    """Show an account as gone."""
    if world.presences.get(account_id, _OFFLINE) != _OFFLINE:
        world.set_presence(account_id, Presence("offline"))
