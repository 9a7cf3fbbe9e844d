"""Recording measures of which only their effect was heard, where no audit log tells who it was.

Each such event waits a while for its entry of the audit log. If none came, what Discord says then
is recorded, without a moderator; an entry that comes later still adds them.
"""

from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import uuid4

from msgspec.structs import replace

from services.infractions import queries
from services.infractions.actions.comparing import ban_of, differences
from services.infractions.actions.deeds import Deed
from services.infractions.actions.seeing import CLOCKS, Picture, is_same, record
from services.infractions.deps import Deps
from services.infractions.model import Family, Kind, Person, State, Subject
from services.infractions.timers import LookAtBan, LookAtMember
from shared import jobs
from shared.contracts.discord import BanDetails, Member, User
from shared.contracts.events import MemberUpdated
from shared.contracts.ids import GuildId, RoleId, UserId
from shared.errors import ForbiddenError, UnavailableError

ENTRY_EXPECTED: Final = timedelta(seconds=15)
"""How long the audit log's entry may take: it follows within a second, or never."""


# --- bans ---------------------------------------------------------------------------------------


async def look_at_ban_later(deps: Deps, guild_id: GuildId, user: User, *, banned: bool) -> None:
    """Have a job look whether a ban or unban that was heard of was recorded by then."""
    person = deps.people.keep(user)
    subject = Subject(guild_id=guild_id, user_id=user.id, family=Family.BAN)
    if banned and await queries.newest(deps.db, subject):
        return
    job = LookAtBan(
        guild_id=guild_id,
        user=person,
        banned=banned,
        seen=f"discord:{uuid4().hex}",
        seen_at=datetime.now(UTC),
    )
    key = f"{subject.key}:{'on' if banned else 'off'}"
    await jobs.schedule(deps.db, job, after=ENTRY_EXPECTED, key=key)


async def look_at_ban(deps: Deps, job: LookAtBan) -> None:
    """Record a ban or unban of which no entry of the audit log has told.

    Raises UnavailableError while a measure about it is under way, or Discord can't be reached.
    """
    ban = await ban_of(deps, job.guild_id, job.user.id)
    if ban is not None and (ban is not False) != job.banned:
        return
    kind = Kind.BAN if job.banned else Kind.UNBAN
    reason = (ban.reason or "") if isinstance(ban, BanDetails) else ""
    deed = replace(_plain(job, kind), reason=reason)
    await record(deps, deed, _judge_unheard)


# --- mutes and roles ----------------------------------------------------------------------------


async def look_at_member_later(deps: Deps, event: MemberUpdated) -> None:
    """Have a job look at a member who differs from what the record says of them."""
    guild_id, user_id = event.guild_id, event.user.id
    job = LookAtMember(
        guild_id=guild_id,
        user=Person(user_id, event.user.name),
        seen=f"discord:{uuid4().hex}",
        seen_at=datetime.now(UTC),
    )
    if await _differences(deps, event, job):
        key = f"{guild_id}:{user_id}"
        await jobs.schedule(deps.db, job, after=ENTRY_EXPECTED, key=key)


async def look_at_member(deps: Deps, job: LookAtMember) -> None:
    """Record the mutes of a member, and their ends, of which no entry of the audit log has told.

    Raises UnavailableError while a measure about it is under way, or Discord can't be reached.
    """
    try:
        member = await deps.gateway.member(job.guild_id, job.user.id)
    except ForbiddenError:
        return
    if member is None:
        return
    for deed in await _differences(deps, member, job):
        if deed.puts_on or not await _came_back(deps, member, deed):
            await record(deps, deed, _judge_unheard)


async def _differences(deps: Deps, member: Member | MemberUpdated, job: LookAtMember) -> list[Deed]:
    standing = await queries.standing_on(deps.db, job.guild_id, job.user.id)
    configured = deps.config.get(job.guild_id).plugins.infractions.mute_role
    mute_role = None if configured is None else RoleId(configured)
    return differences(member, standing, mute_role, _plain(job, Kind.MUTE))


async def _came_back(deps: Deps, member: Member, deed: Deed) -> bool:
    """Say whether somebody lost it by leaving: then it is put back, and was not lifted."""
    assert deed.subject is not None
    newest = await queries.newest(deps.db, deed.subject)
    if newest is None or member.joined_at is None:
        return False
    return member.joined_at > await queries.last_put_on(deps.db, newest)


def _plain(job: LookAtBan | LookAtMember, kind: Kind) -> Deed:
    return Deed(
        guild_id=job.guild_id,
        kind=kind,
        user_id=UserId(job.user.id),
        moderator_id=None,
        at=job.seen_at,
        source="discord",
        source_key=job.seen,
    )


async def _judge_unheard(_deps: Deps, deed: Deed, picture: Picture) -> bool | None:
    """Decide whether the record lacks something that is so on Discord.

    Raises UnavailableError while a measure about it is under way.
    """
    newest = picture.newest
    if newest is not None and newest.state is State.PENDING:
        raise UnavailableError("A measure about the same is under way.")
    if deed.puts_on:
        return None if newest is not None and is_same(deed, newest) else True
    known = [at for at in (picture.touched.by_entry, picture.touched.otherwise) if at is not None]
    heard_of = newest is None and known and max(known) >= deed.at - CLOCKS
    return None if heard_of else True
