"""Holding what the record says against what is so on Discord; what can't be seen stays unknown."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from msgspec.structs import replace

from services.infractions.actions.asking import NO_SUCH_BAN
from services.infractions.actions.deeds import Deed
from services.infractions.actions.muting import SAME, first_timeout, is_timed_out
from services.infractions.deps import Deps
from services.infractions.model import FAMILIES, Family, Infraction, Kind
from shared.contracts.actions import GetBan
from shared.contracts.codec import decode
from shared.contracts.discord import BanDetails, Member
from shared.contracts.events import MemberUpdated
from shared.contracts.ids import GuildId, RoleId, UserId
from shared.contracts.topology import INTERACTIVE
from shared.errors import ForbiddenError


async def is_so(deps: Deps, deed: Deed) -> bool | None:
    """Ask Discord whether things are now as a deed left them; None where it can't be seen.

    Raises UnavailableError.
    """
    if FAMILIES[deed.kind] is Family.BAN:
        ban = await ban_of(deps, deed.guild_id, deed.user_id)
        return None if ban is None else (ban is not False) == deed.puts_on
    try:
        member = await deps.gateway.member(deed.guild_id, deed.user_id)
    except ForbiddenError:
        return None
    return None if member is None else _is_so_of(member, deed)


def _is_so_of(member: Member, deed: Deed) -> bool:
    if deed.role_id is not None:
        return (deed.role_id in member.roles) == deed.puts_on
    until = member.communication_disabled_until
    if not deed.puts_on or until is None or deed.until is None:
        return is_timed_out(member) == deed.puts_on
    return abs(until - deed.until) <= SAME


async def ban_of(deps: Deps, guild_id: GuildId, user_id: UserId) -> BanDetails | bool | None:
    """Return somebody's ban, False when Discord says there is none, None where it can't be seen.

    Raises UnavailableError.
    """
    question = GetBan(guild_id=guild_id, user_id=user_id)
    try:
        result = await deps.gateway.do(question, key=None, queue=INTERACTIVE)
    except ForbiddenError:
        return None
    if result.status == "gone":
        return False if result.code == NO_SUCH_BAN else None
    return decode(result.data, BanDetails) if bytes(result.data) != b"null" else BanDetails()


def differences(
    member: Member | MemberUpdated,
    standing: Sequence[Infraction],
    mute_role: RoleId | None,
    plain: Deed,
) -> list[Deed]:
    """Return in what a member differs from the measures that stand, as deeds that would explain it.

    `standing` are their mutes and temporary roles in force, newest first; `plain` is a deed that
    says who and when.
    """
    mute = next((each for each in standing if each.kind is Kind.MUTE), None)
    taken = (
        _made(plain, Kind.TEMPROLE, each.role_id, taken=True)
        for each in standing
        if each.kind is Kind.TEMPROLE and each.role_id not in member.roles
    )
    return [
        *_of_timeout(member, mute, plain),
        *_of_mute_roles(member, mute, mute_role, plain),
        *taken,
    ]


def runs_out(infraction: Infraction) -> bool:
    """Say whether it is over by itself, as its timer, or its renewal, is about to find."""
    until = infraction.applied_until or infraction.expires_at
    return until is not None and until <= datetime.now(UTC) + 2 * SAME


def is_same_timeout(mute: Infraction, until: datetime) -> bool:
    """Say whether a mute times out until a moment."""
    applied = mute.applied_until or first_timeout(mute)
    return mute.role_id is None and abs(applied - until) <= SAME


def _of_timeout(
    member: Member | MemberUpdated, mute: Infraction | None, plain: Deed
) -> Iterator[Deed]:
    until = member.communication_disabled_until
    if until is not None and until > datetime.now(UTC) + SAME:
        if mute is None or not is_same_timeout(mute, until):
            yield replace(_made(plain, Kind.MUTE), until=until)
    elif mute is not None and mute.role_id is None and not runs_out(mute):
        yield _made(plain, Kind.UNMUTE)


def _of_mute_roles(
    member: Member | MemberUpdated,
    mute: Infraction | None,
    mute_role: RoleId | None,
    plain: Deed,
) -> Iterator[Deed]:
    recorded = None if mute is None else mute.role_id
    if recorded is not None and recorded not in member.roles:
        yield _made(plain, Kind.UNMUTE, recorded)
    elif recorded is None and mute_role in member.roles:
        yield _made(plain, Kind.MUTE, mute_role)


def _made(plain: Deed, kind: Kind, role_id: RoleId | None = None, *, taken: bool = False) -> Deed:
    key = f"{plain.source_key}:{kind.value}:{role_id or ''}"
    return replace(plain, kind=kind, role_id=role_id, taken=taken, source_key=key)
