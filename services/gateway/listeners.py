"""Domain events that the gateway listens for: announced commands, guilds' configurations."""

from services.gateway import queries
from services.gateway.deps import Deps
from shared.config import keep_configs
from shared.contracts.domain import GuildKeysChanged
from shared.contracts.invocations import CommandsAnnounced
from shared.listeners import Listeners

listeners = Listeners("gateway")
keep_configs(listeners)


@listeners.on(GuildKeysChanged)
async def keep_keys(deps: Deps, event: GuildKeysChanged) -> None:
    """Keep the keys by which a guild's scripts may use the API."""
    await deps.keys.apply(event)


@listeners.on(CommandsAnnounced)
async def learn_commands(deps: Deps, event: CommandsAnnounced) -> None:
    """Keep a service's commands; every gateway process hears of it when they have changed."""
    await queries.save_announced(deps.db, event.service, event.commands)
