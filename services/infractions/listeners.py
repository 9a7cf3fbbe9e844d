"""The events that infractions listens to: configuration, API keys, who comes, and gaps."""

from services.infractions import actions
from services.infractions.deps import Deps
from shared.config import keep_configs
from shared.contracts.domain import EventsMissed, GuildKeysChanged
from shared.contracts.events import MemberJoined
from shared.listeners import Listeners

listeners = Listeners("infractions")

keep_configs(listeners)


@listeners.on(GuildKeysChanged)
async def keep_keys(deps: Deps, event: GuildKeysChanged) -> None:
    """Keep the API keys of a guild as admin announces them."""
    await deps.keys.apply(event)


@listeners.on(EventsMissed)
async def recheck(deps: Deps, event: EventsMissed) -> None:
    """Look again at what holds in a guild, as somebody may have lifted it unseen."""
    await actions.recheck_later(deps, event.guild_id)


@listeners.on(MemberJoined)
async def put_back(deps: Deps, event: MemberJoined) -> None:
    """Put back what somebody was under who left to be rid of it."""
    await actions.put_back_later(deps, event)
