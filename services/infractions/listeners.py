"""The events that infractions listens to: configuration, API keys, and gaps in what is seen."""

from services.infractions import actions
from services.infractions.deps import Deps
from shared.config import keep_configs
from shared.contracts.domain import EventsMissed, GuildKeysChanged
from shared.listeners import Listeners

listeners = Listeners("infractions")

keep_configs(listeners)


@listeners.on(GuildKeysChanged)
async def keep_keys(deps: Deps, event: GuildKeysChanged) -> None:
    """Keep the API keys of a guild as admin announces them."""
    await deps.keys.apply(event)


@listeners.on(EventsMissed)
async def recheck_bans(deps: Deps, event: EventsMissed) -> None:
    """Look at the bans of a guild again, as somebody may have lifted one unseen."""
    await actions.recheck_later(deps, event.guild_id)
