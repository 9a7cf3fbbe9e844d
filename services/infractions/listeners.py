"""The events that infractions listens to: what people do by hand, who comes, settings, and gaps."""

from services.infractions import actions
from services.infractions.deps import Deps
from shared.config import keep_configs
from shared.contracts.domain import EventsMissed, GuildKeysChanged
from shared.contracts.events import (
    AuditLogEntryCreated,
    MemberBanned,
    MemberJoined,
    MemberUnbanned,
    MemberUpdated,
)
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


@listeners.on(AuditLogEntryCreated)
async def record_what_was_done(deps: Deps, event: AuditLogEntryCreated) -> None:
    """Record what people and other bots do to members, with who it was."""
    await actions.see(deps, event)


@listeners.on(MemberBanned)
async def look_at_ban(deps: Deps, event: MemberBanned) -> None:
    """See to it that a ban is recorded, also where the audit log may not be read."""
    await actions.look_at_ban_later(deps, event.guild_id, event.user, banned=True)


@listeners.on(MemberUnbanned)
async def look_at_unban(deps: Deps, event: MemberUnbanned) -> None:
    """See to it that an unban is recorded, also where the audit log may not be read."""
    await actions.look_at_ban_later(deps, event.guild_id, event.user, banned=False)


@listeners.on(MemberUpdated)
async def look_at_mutes(deps: Deps, event: MemberUpdated) -> None:
    """See to it that mutes, and their ends, are recorded without the audit log too."""
    await actions.look_at_member_later(deps, event)
