"""The events that infractions listens to: the configuration and the API keys of guilds."""

from services.infractions.deps import Deps
from shared.config import keep_configs
from shared.contracts.domain import GuildKeysChanged
from shared.listeners import Listeners

listeners = Listeners("infractions")

keep_configs(listeners)


@listeners.on(GuildKeysChanged)
async def keep_keys(deps: Deps, event: GuildKeysChanged) -> None:
    """Keep the API keys of a guild as admin announces them."""
    await deps.keys.apply(event)
