"""The work that infractions leave for later, as it lies in the jobs table."""

from msgspec import Struct

from shared.contracts.ids import GuildId, UserId


class LiftInfraction(Struct, kw_only=True, frozen=True, tag="lift_infraction"):
    """End a temporary measure when its time is up."""

    guild_id: GuildId
    number: int


class FinishPending(Struct, kw_only=True, frozen=True, tag="finish_pending"):
    """Carry out a measure that was recorded and not settled."""

    guild_id: GuildId
    number: int


class ReassertBan(Struct, kw_only=True, frozen=True, tag="reassert_ban"):
    """Make Discord agree with the record on whether somebody is banned."""

    guild_id: GuildId
    user_id: UserId


class RecheckBans(Struct, kw_only=True, frozen=True, tag="recheck_bans"):
    """Ask Discord whether a guild's bans are still there, after events were missed."""

    guild_id: GuildId
