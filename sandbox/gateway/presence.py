"""How accounts show up to others: set with op 3 or when identifying, offline without a session."""

from typing import Any

from msgspec import Struct

from sandbox.models import Presence
from sandbox.world import render
from sandbox.world.state import State


class PresenceUpdate(Struct):
    """The data of op 3."""

    status: str = "online"
    activities: list[dict[str, Any]] | None = None  # Discord's JSON, shown as it came
    since: float | None = None
    afk: bool = False
    game: dict[str, Any] | None = None  # what older clients send instead of activities


def set_presence(state: State, account_id: int, update: PresenceUpdate) -> None:
    """Show an account as it asks, and tell its guilds."""
    activities = update.activities or ([update.game] if update.game else [])
    since = None if update.since is None else int(update.since)
    shown = Presence(update.status or "online", list(activities), since, update.afk)
    if state.presences.get(account_id) != shown:
        state.presences[account_id] = shown
        _announce(state, account_id, shown)


def set_offline(state: State, account_id: int) -> None:
    """Show an account as gone."""
    if state.presences.pop(account_id, None) is not None:
        _announce(state, account_id, Presence("offline"))


def _announce(state: State, account_id: int, shown: Presence) -> None:
    for guild in state.guilds_of(account_id):
        data = render.presence(account_id, shown, guild.id)
        state.dispatch("PRESENCE_UPDATE", data, guild_id=guild.id)
