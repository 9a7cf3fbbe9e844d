"""The events that admin listens to: what services announce, and what they ask for."""

from uuid import uuid4

from services.admin import actions, queries
from services.admin.deps import Deps
from shared.config import keep_configs
from shared.contracts.domain import ConfigWanted, GuildKeysChanged
from shared.contracts.invocations import CommandsAnnounced
from shared.contracts.topology import FLOTILLA_EVENTS
from shared.listeners import Listeners

listeners = Listeners("admin")
keep_configs(listeners)


@listeners.on(GuildKeysChanged)
async def keep_keys(deps: Deps, event: GuildKeysChanged) -> None:
    """Keep the keys that open admin's own API."""
    await deps.keys.apply(event)


@listeners.on(CommandsAnnounced)
async def keep_commands(deps: Deps, event: CommandsAnnounced) -> None:
    """Keep what a service announced, for help and for checking configurations."""
    await queries.save_announced(deps.db, event)


@listeners.on(ConfigWanted)
async def send_everything(deps: Deps, _event: ConfigWanted) -> None:
    """Send all configurations and keys again, as a service has none."""
    async for event in actions.everything(deps):
        await deps.bus.publish(
            FLOTILLA_EVENTS,
            event.KEY,
            event,
            message_id=uuid4().hex,
            guild_id=event.guild_id,
            type=event.KEY,
        )
