"""The work that infractions leave for later, as it lies in the jobs table."""

from datetime import datetime

from msgspec import Struct

from services.infractions.model import Family, Person, Subject
from services.infractions.origins import Origin
from shared.contracts.actions import Message
from shared.contracts.ids import GuildId, RoleId, UserId
from shared.contracts.invocations import ReplyTarget


class LiftInfraction(Struct, kw_only=True, frozen=True, tag="lift_infraction"):
    """End a measure when its time is up, or sooner, when somebody (`by`) had ordered it."""

    guild_id: GuildId
    number: int
    by: Person | None = None


class FinishPending(Struct, kw_only=True, frozen=True, tag="finish_pending"):
    """Carry out a measure that was recorded and not settled."""

    guild_id: GuildId
    number: int


class EndSoftban(Struct, kw_only=True, frozen=True, tag="end_softban"):
    """Unban somebody whom a softban left banned, as Discord refused that."""

    guild_id: GuildId
    number: int
    user_id: UserId


class RenewMute(Struct, kw_only=True, frozen=True, tag="renew_mute"):
    """Time a member out again, before the longest time that Discord allows is over."""

    guild_id: GuildId
    number: int


class Reassert(Struct, kw_only=True, frozen=True, tag="reassert"):
    """Make Discord agree with the record on what a member is under."""

    guild_id: GuildId
    user_id: UserId
    family: Family
    role_id: RoleId | None = None

    @property
    def subject(self) -> Subject:
        """What it is about."""
        return Subject(
            guild_id=self.guild_id,
            user_id=self.user_id,
            family=self.family,
            role_id=self.role_id,
        )


class PutBack(Struct, kw_only=True, frozen=True, tag="put_back"):
    """Put back what somebody was under who left and came again."""

    guild_id: GuildId
    user_id: UserId
    joined_at: datetime


class RecheckBans(Struct, kw_only=True, frozen=True, tag="recheck_bans"):
    """Ask Discord whether a guild's bans are still there, after events were missed."""

    guild_id: GuildId


class RecheckMembers(Struct, kw_only=True, frozen=True, tag="recheck_members"):
    """Ask Discord whether mutes and temporary roles are still there, after events were missed."""

    guild_id: GuildId


class RetireUndo(Struct, kw_only=True, frozen=True, tag="retire_undo"):
    """Take the button off an answer, as what it did can't be undone any more."""

    to: ReplyTarget
    message: Message


class DeleteAnswer(Struct, kw_only=True, frozen=True, tag="delete_answer"):
    """Delete the answer to a command."""

    to: ReplyTarget


class RunMass(Struct, kw_only=True, frozen=True, tag="run_mass"):
    """Carry out a mass order that was confirmed."""

    guild_id: GuildId
    order_id: int


class WriteLog(Struct, kw_only=True, frozen=True, tag="write_log"):
    """Bring a guild's mod log up to date, as an infraction has changed."""

    guild_id: GuildId
    number: int


class Deliver(Struct, kw_only=True, frozen=True, tag="deliver"):
    """Deliver to a webhook what waits for it."""

    guild_id: GuildId
    webhook_id: int


class LookAtBan(Struct, kw_only=True, frozen=True, tag="look_at_ban"):
    """Record a ban or unban that was heard of, if no entry of the audit log has told who it was.

    `seen` names it among all, so that it is recorded once.
    """

    guild_id: GuildId
    user: Person
    banned: bool
    seen: str
    seen_at: datetime


class LookAtMember(Struct, kw_only=True, frozen=True, tag="look_at_member"):
    """Record a mute, or its end, that a member's event showed, if no entry of the audit log did."""

    guild_id: GuildId
    user: Person
    seen: str
    seen_at: datetime


class Escalate(Struct, kw_only=True, frozen=True, tag="escalate"):
    """Do what the guild's rules want after a warning."""

    guild_id: GuildId
    number: int


class TakeEvidence(Struct, kw_only=True, frozen=True, tag="take_evidence"):
    """Keep the last messages of the member of an infraction in the channel where it was ordered."""

    guild_id: GuildId
    number: int


class FetchEvidence(Struct, kw_only=True, frozen=True, tag="fetch_evidence"):
    """Fetch a file that is to be kept with an infraction."""

    guild_id: GuildId
    number: int
    id: int


class ExpireEvidence(Struct, kw_only=True, frozen=True, tag="expire_evidence"):
    """Throw a piece of evidence away whose retention time is over."""

    guild_id: GuildId
    number: int
    id: int


class ImportFile(Struct, kw_only=True, frozen=True, tag="import_file"):
    """Take a record over from a file on Discord, and say in the answer `to` a command what came."""

    guild_id: GuildId
    url: str
    origin: Origin
    by: Person
    to: ReplyTarget
    activate: bool = False
    dry_run: bool = False


class ErasePerson(Struct, kw_only=True, frozen=True, tag="erase_person"):
    """Take out of a guild's record what names a person."""

    guild_id: GuildId
    user_id: UserId
