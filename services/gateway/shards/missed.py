"""Tells the other services of which guilds events were missed, once each guild is back."""

from datetime import UTC, datetime

from services.gateway.shards.dispatch import Dispatch
from services.gateway.shards.feed import Recognise, Work
from services.gateway.snapshots import Snapshots
from shared.bus import Bus
from shared.contracts.domain import EventsMissed
from shared.contracts.ids import GuildId
from shared.contracts.topology import FLOTILLA_EVENTS


class Missed:
    """Announces what a lost session has cost; a kill amid it makes it be announced again."""

    def __init__(self, bus: Bus, snapshots: Snapshots) -> None:
        self._bus = bus
        self._snapshots = snapshots

    def before(self, recognise: Recognise) -> Recognise:
        """Look at an event before something else does."""

        def look(event: Dispatch) -> Work | None:
            return self.recognise(event) or recognise(event)

        return look

    def recognise(self, event: Dispatch) -> Work | None:
        """Return the work that a guild makes which comes back after a new session began."""
        if event.type != "GUILD_CREATE":
            return None
        guild = self._snapshots.get(event.guild_id)
        if guild is None or guild.missed_since is None or guild.unavailable:
            return None
        return self._announce(event, guild.missed_since)

    async def _announce(self, event: Dispatch, since: datetime) -> None:
        missed = EventsMissed(
            guild_id=GuildId(event.guild_id),
            shard_id=event.shard_id,
            since=since,
            until=datetime.now(UTC),
        )
        await self._bus.publish(
            FLOTILLA_EVENTS,
            missed.KEY,
            missed,
            message_id=f"{event.message_id}:missed",
            guild_id=event.guild_id,
            type=missed.KEY,
        )
        self._snapshots.caught_up(event.shard_id, event.guild_id)
